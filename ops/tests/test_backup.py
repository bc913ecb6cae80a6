"""The drill: an older copy is restored, the relay refuses, a new epoch makes all equal again."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import Cursor
from psycopg.rows import DictRow

from libs.events.envelope import event_id_of
from libs.runtime.service import Service
from libs.runtime.store.interventions import Interventions, Operator, is_runtime_topic
from libs.runtime.store.store import Store
from libs.runtime.tests.ledger import balances
from libs.runtime.tests.test_pipe import Urls, credit, ledger, mirror, running, same_balances, until
from libs.runtime.tests.test_rebuild import heard
from libs.runtime.views import rebuild
from ops.backup import CannotBackUp, CannotRestore, back_up, in_order, put_back
from ops.epoch import begin_epoch, rebase_store
from tests.servers import NatsServer, PostgresServer


@pytest.fixture
def urls(postgres: PostgresServer) -> Urls:
    return postgres.create_database(), postgres.create_database()


@contextmanager
def operator(service: str, url: str) -> Iterator[Operator]:
    store = Store(service, url, Interventions, pool_size=1)
    yield Operator(store, "ada")
    store.close()


def alarm_of(service: Service) -> str | None:
    return service._relay.alarm if service._relay else None


async def begin_new_epoch(urls: Urls, one: Service) -> int:
    assert one.client is not None
    with operator("ledger", urls[0]) as owner, operator("mirror", urls[1]) as other:
        _, lost = await begin_epoch(one.client, "ledger", urls[0], owner, {"mirror": other})
    return len(lost)


@pytest.mark.slow(90, "stops and starts two services, and fills a stream anew")
async def test_an_older_copy_comes_back_and_all_is_equal_again(
    urls: Urls, own_nats: NatsServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    one, other = ledger(urls[0], own_nats.url), mirror(urls[1], own_nats.url)
    kept, copy = uuid4(), {"ledger": urls[0]}
    async with running(one, other):
        await asyncio.to_thread(credit, one, kept, 5)
        await until(same_balances(one, other))
        await asyncio.to_thread(back_up, copy, tmp_path / "backup")
        for account in (kept, kept, uuid4()):
            await asyncio.to_thread(credit, one, account, 7)
        await until(same_balances(one, other))

    await asyncio.to_thread(put_back, tmp_path / "backup", copy, force=True)
    with operator("ledger", urls[0]) as owner:
        await asyncio.to_thread(rebase_store, owner)
    one, other = ledger(urls[0], own_nats.url), mirror(urls[1], own_nats.url)
    async with running(one, other):
        await until(lambda: alarm_of(one) is not None)
        # The same version of the same account, but another event.
        await asyncio.to_thread(credit, one, kept, 100)
        assert "backstage epoch new ledger" in str(alarm_of(one))

        lost = await begin_new_epoch(urls, one)
        await until(lambda: alarm_of(one) is None, within_s=15)
        await until(lambda: bool(other.store.query(inbox_has_all_of(one))))
        outcome = await rebuilt_once_the_stream_is_filled(other)

        assert lost == 4
        assert not outcome.same
        assert one.store.query(balances) == other.store.query(balances) == {kept: 105}


@pytest.mark.parametrize("protected", [True, False], ids=["protected", "unprotected"])
async def test_what_was_lost_is_not_handled_again_before_the_stream_is_emptied(
    protected: bool, urls: Urls, own_nats: NatsServer, tmp_path: Path
) -> None:
    one, other = ledger(urls[0], own_nats.url), mirror(urls[1], own_nats.url)
    async with running(one, other):
        await asyncio.to_thread(back_up, {"ledger": urls[0]}, tmp_path / "backup")
        await asyncio.to_thread(credit, one, uuid4(), 5)
        await until(same_balances(one, other))
    await asyncio.to_thread(put_back, tmp_path / "backup", {"ledger": urls[0]}, force=True)

    # The ledger does not run, so its stream still holds what it lost.
    other = mirror(urls[1], own_nats.url)
    async with running(other):
        lost = await begin_new_epoch(urls, other)
    if not protected:
        with psycopg.connect(urls[1]) as conn:
            conn.execute("DELETE FROM producer_epochs")
    other = mirror(urls[1], own_nats.url)
    async with running(other):
        assert other.client is not None
        await other.client.request(
            "$JS.API.CONSUMER.RESET.BP_LEDGER.mirror-ledger", json.dumps({"seq": 1}).encode()
        )
        jetstream = other.client.jetstream()

        while True:
            info = await jetstream.consumer_info("BP_LEDGER", "mirror-ledger")
            if not info.num_pending and not info.num_ack_pending:
                break
            await asyncio.sleep(0.05)

    with psycopg.connect(urls[1]) as conn:
        handled = conn.execute("SELECT count(*) FROM inbox").fetchone()
    assert lost > 0
    assert handled == ((0,) if protected else (lost,))


async def rebuilt_once_the_stream_is_filled(service: Service) -> rebuild.Outcome:
    """The alarm ends before the relay has published everything again."""
    while True:
        try:
            return await asyncio.to_thread(rebuild.rebuild, heard(service), service.store.views)
        except rebuild.StreamsIncomplete:
            await asyncio.sleep(0.1)


def inbox_has_all_of(producer: Service) -> Callable[[Cursor[DictRow]], bool]:
    rows = producer.store.query(
        lambda c: c.execute(
            "SELECT originator_id, originator_version, topic FROM events"
        ).fetchall()
    )
    ids = [
        event_id_of(row["originator_id"], row["originator_version"])
        for row in rows
        if not is_runtime_topic(row["topic"])
    ]

    def look(curs: Cursor[DictRow]) -> bool:
        row = curs.execute(
            "SELECT count(*) AS n FROM inbox WHERE event_id = ANY(%s)", (ids,)
        ).fetchone()
        return row is not None and row["n"] == len(ids)

    return look


def test_a_database_that_holds_events_is_not_replaced_unless_forced(
    urls: Urls, tmp_path: Path
) -> None:
    one, empty = ledger(urls[0], "nats://127.0.0.1:1"), urls[1]
    one.store.open()
    credit(one, uuid4())
    one.store.close()
    back_up({"ledger": urls[0]}, tmp_path / "backup")

    with pytest.raises(CannotRestore, match="holds events: --force"):
        put_back(tmp_path / "backup", {"ledger": urls[0]}, force=False)
    put_back(tmp_path / "backup", {"ledger": empty}, force=False)

    assert rows_of(empty) == rows_of(urls[0]) != []


def rows_of(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as conn:
        return conn.execute("SELECT * FROM events ORDER BY notification_id").fetchall()


def test_a_database_in_use_and_an_unfinished_backup_are_refused(urls: Urls, tmp_path: Path) -> None:
    one = ledger(urls[0], "nats://127.0.0.1:1")
    one.store.open()
    back_up({"ledger": urls[0]}, tmp_path / "backup")
    (tmp_path / "half").mkdir()

    with pytest.raises(CannotRestore, match="runs on its database"):
        put_back(tmp_path / "backup", {"ledger": urls[0]}, force=True)
    with pytest.raises(CannotRestore, match="no finished backup"):
        put_back(tmp_path / "half", {"ledger": urls[1]}, force=True)
    one.store.close()


def test_consumers_are_copied_before_their_producers() -> None:
    order = in_order()

    assert order.index("notifications") < order.index("access") < order.index("checkout")
    assert order.index("checkout") < order.index("catalog")


@pytest.fixture
def dump_without_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full after the first database."""

    def run(program: str, *arguments: str) -> None:
        target = Path(next(a for a in arguments if a.startswith("--file=")).partition("=")[2])
        if target.name == "mirror.dump":
            raise CannotRestore(f"{program}: could not write: No space left on device")
        target.write_bytes(b"a dump")

    monkeypatch.setattr("ops.backup._run", run)


@pytest.mark.usefixtures("dump_without_room")
def test_a_backup_that_finds_no_room_leaves_no_half_of_one(tmp_path: Path) -> None:
    with pytest.raises(CannotBackUp, match=r"removed again: .*No space left on device"):
        back_up({"ledger": "", "mirror": ""}, tmp_path / "backup")

    assert not (tmp_path / "backup").exists()


@pytest.mark.parametrize("manifest", [None, "", '{"made_at": "2026-1'])
def test_half_written_backup_is_not_restored(tmp_path: Path, manifest: str | None) -> None:
    (tmp_path / "ledger.dump").write_bytes(b"half")
    if manifest is not None:
        (tmp_path / "backup.json").write_text(manifest)

    with pytest.raises(CannotRestore, match="holds no finished backup"):
        put_back(tmp_path, {"ledger": ""}, force=True)
