"""What an operator sees and does: every damage is found, and the named command repairs it."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.service import Service
from libs.runtime.store.cause import Cause
from libs.runtime.tests.test_pipe import until
from ops import stores
from ops.__main__ import app
from ops.log_reader import Verdict
from ops.tests.operated import AT, Operated, an_offer, sell, set_capacity
from ops.tests.test_healing import WRITE_ERROR, answering
from ops.tests.test_repairs import commands_in
from ops.up.data_folder import DataFolder
from ops.verify.checker import Checker, stream_findings
from ops.verify.command import check
from ops.verify.views import Turn, Views
from services.identity.domain import Session
from tests.servers import NatsServer, PostgresServer

pytestmark = pytest.mark.slow(90, "starts a small system")


@pytest.fixture
def system(
    postgres: PostgresServer, own_nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> Operated:
    system = Operated.create(postgres, own_nats.url)
    for name, value in system.environment.items():
        monkeypatch.setenv(name, value)
    return system


@pytest.fixture
async def services(system: Operated) -> AsyncIterator[tuple[Service, Service]]:
    async with system.running() as services:
        yield services


@pytest.fixture
def verify(tmp_path: Path) -> Callable[..., Any]:
    async def run(*, full: bool = True, minutes_later: float = 0) -> Checker:
        checker = await check(
            DataFolder(tmp_path),
            tmp_path / "verify.json",
            full=full,
            providers=None,
            look_again_s=0,
            clock=FixedClock(datetime.now(UTC) + timedelta(minutes=minutes_later)),
        )
        # Nobody runs the other services here.
        checker.findings = [
            each
            for each in checker.findings
            if each.service in ("checkout", "access") or each.check == "sessions"
        ]
        return checker

    return run


def found(checker: Checker) -> list[tuple[str, str]]:
    return [(finding.check, finding.service) for finding in checker.findings]


def backstage(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == code, f"{done.output} {done.exception!r}"
    return done.output


async def sold(system: Operated, checkout: Service, times: int = 1) -> None:
    before = len(system.rows("access", "SELECT 1 FROM grant_list"))
    for _ in range(times):
        await asyncio.to_thread(sell, checkout.store)
    wanted = before + 2 * times
    await until(lambda: len(system.rows("access", "SELECT 1 FROM grant_list")) == wanted)
    await until(lambda: lag_of("access") == 0)


def lag_of(service: str) -> int:
    for line in backstage("lag", "--json").splitlines():
        told = json.loads(line)
        if told["service"] == service:
            return sum(each["pending"] + each["unacknowledged"] for each in told["consumers"])
    raise AssertionError(service)


async def test_healthy_system_has_no_findings_and_the_next_run_continues(
    system: Operated, services: tuple[Service, Service], verify: Callable[..., Any], tmp_path: Path
) -> None:
    await sold(system, services[0], 3)

    whole, first = await verify(), json.loads((tmp_path / "verify.json").read_text())
    await sold(system, services[0])
    more, second = await verify(full=False), json.loads((tmp_path / "verify.json").read_text())

    assert found(whole) == found(more) == []
    reached = [each["streams"]["checkout"]["sequence"] for each in (first, second)]
    assert reached == [6, 8]


async def test_an_event_without_effect_is_found_and_a_replay_handles_it_and_no_other(
    system: Operated, services: tuple[Service, Service], verify: Callable[..., Any]
) -> None:
    await sold(system, services[0], 2)
    # As if the commit had been lost: no inbox row, no events of ours, no rows in the view.
    for forget in ("DELETE FROM inbox", "DELETE FROM events", "DELETE FROM grant_list"):
        system.rows("access", forget)
    assert ("effects", "access") in found(await verify())

    args = ("events", "replay", "--from", "checkout", "--to", "access")
    dry = await asyncio.to_thread(backstage, *args, "--dry-run")
    nothing_yet = system.rows("access", "SELECT 1 FROM grant_list")
    told = await asyncio.to_thread(backstage, *args, "--as", "ada")
    again = await asyncio.to_thread(backstage, *args)

    assert "2 events of checkout: 2 would be handled" in dry
    assert nothing_yet == []
    assert "2 were handled" in told
    assert "0 were handled by access, 0 failed, 2 it had handled before" in again
    assert len(system.rows("access", "SELECT 1 FROM grant_list")) == 4
    assert ("effects", "access") not in found(await verify())


async def test_silent_service_is_found_and_a_replay_does_its_work(
    system: Operated, verify: Callable[..., Any]
) -> None:
    """It acknowledges nothing, so nothing can be wrong with what it acknowledged."""
    async with system.checkout().running() as checkout:
        await asyncio.to_thread(sell, checkout.store)
        young = found(await verify(full=False))
        late = await verify(full=False, minutes_later=2)
        (silence,) = [each for each in late.findings if each.check == "effects"]

        await asyncio.to_thread(backstage, *commands_in(silence.repair)[0])
        done = await verify(full=False, minutes_later=2)

    nobody = ("undone", "access")
    assert young == [nobody]
    assert found(late) == [("effects", "access"), nobody, ("outcomes", "access")]
    assert "has not handled 1 events of checkout, or more, that are older" in silence.sentence
    assert found(done) == [nobody]


async def test_a_service_that_runs_is_not_taken_for_dead(
    services: tuple[Service, Service], verify: Callable[..., Any]
) -> None:
    assert found(await verify(full=False, minutes_later=2)) == []


async def test_views_take_turns_and_a_wrong_one_stays_a_finding_until_it_is_mended(
    system: Operated, services: tuple[Service, Service], tmp_path: Path
) -> None:
    await sold(system, services[0])
    assert services[0].client is not None
    views, turn, compared = Views(services[0].client, DataFolder(tmp_path), 0), Turn(), []
    names = sorted(f"{s} {view.name}" for s in stores.SERVICES for view in stores.views_of(s))
    for _ in (*names, "the first again"):
        found, turn = await views.compare_next(turn)
        compared.append(turn.last)
        assert found == []

    system.rows("access", "UPDATE grant_list SET reason = 'comp'")
    (finding,), turn = await views.compare_next(Turn("access grant_lis"))
    (again,), turn = await views.compare_next(turn)
    await asyncio.to_thread(backstage, *commands_in(finding.repair)[0])
    mended, turn = await views.compare_next(turn)

    assert compared == [*names, names[0]]
    assert finding == again
    assert mended == turn.differing == []


async def test_views_of_a_long_log_are_left_to_the_run_from_the_beginning(
    system: Operated, services: tuple[Service, Service], tmp_path: Path
) -> None:
    await sold(system, services[0])
    assert services[0].client is not None
    views = Views(services[0].client, DataFolder(tmp_path), 0)

    too_long = views.too_long(small=1)
    _, turn = await views.compare_next(Turn("access a"), too_long)

    assert too_long == ["access", "checkout"]
    assert views.too_long() == []
    assert turn.last == "catalog ban_list"
    assert await views.compare_all() == []


def modules_of_a_replay() -> list[str]:
    program = """
import sys
from ops.replay import command, compositions
for name in compositions.COMPOSITIONS:
    compositions.compose(name, "postgresql://nowhere/none").close()
    compositions.refusals_of(name), compositions.reactions_of(name)
print(*sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


async def test_a_replay_works_no_schedule_off_and_holds_no_way_to_a_provider(
    system: Operated, services: tuple[Service, Service]
) -> None:
    await asyncio.to_thread(sell, services[0].store)
    system.rows(
        "chat",
        "INSERT INTO schedule (kind, key, due_at, payload)"
        " VALUES ('settle_member', 'due long ago', now() - interval '1 hour', '{}')",
    )

    told = await asyncio.to_thread(
        backstage, "events", "replay", "--from", "checkout", "--to", "chat"
    )
    (waiting,) = system.rows("chat", "SELECT attempts FROM schedule WHERE key = 'due long ago'")
    loaded = await asyncio.to_thread(modules_of_a_replay)

    assert "1 were handled by chat" in told
    assert waiting == (0,)
    assert "services.chat.application" in loaded
    vendors = {"stripe", "stream_chat", "livekit", "smtplib", "boto3"}
    rooms = ("_provider", ".jobs", ".timers", ".__main__")
    assert [n for n in loaded if n.split(".")[0] in vendors or n.endswith(rooms)] == []


async def test_a_view_that_is_wrong_is_found_and_its_rebuild_mends_it_and_names_who_did_it(
    system: Operated, services: tuple[Service, Service], verify: Callable[..., Any]
) -> None:
    await sold(system, services[0], 2)
    system.rows("access", "UPDATE grant_list SET reason = 'comp'")
    (finding,) = (await verify()).findings

    told = await asyncio.to_thread(backstage, *finding.repair.split()[1:], "--as", "ada")

    assert finding.repair == "backstage projections rebuild access grant_list"
    assert "4 rows only live, 4 only rebuilt" in told
    assert found(await verify()) == []
    done = system.rows(
        "access", "SELECT actor FROM events WHERE topic = 'runtime.intervention.made'"
    )
    assert done == [("operator:ada",)]


@pytest.mark.parametrize("lost", [1, 2])
async def test_a_gap_in_a_stream_is_found_by_every_run_also_where_all_was_well_before(
    system: Operated, services: tuple[Service, Service], verify: Callable[..., Any], lost: int
) -> None:
    await sold(system, services[0], 2)
    assert found(await verify()) == []
    assert services[0].client is not None
    await services[0].client.jetstream().delete_msg("BP_CHECKOUT", lost)

    for checker in (await verify(full=False), await verify(full=False)):
        assert ("streams", "checkout") in found(checker)
        assert checker.findings[0].sentence.startswith(f"message {lost + 1} is checkout.1.")
        assert checker.findings[0].repair == "backstage epoch new checkout"


async def test_a_stream_that_is_still_to_be_filled_again_asks_for_no_other_epoch(
    system: Operated, verify: Callable[..., Any]
) -> None:
    async with system.running() as services:
        await sold(system, services[0])
    await asyncio.to_thread(backstage, "epoch", "new", "checkout")

    told = [each for each in (await verify()).findings if each.check == "streams"]

    assert [(each.service, each.repair.partition(":")[0]) for each in told] == [
        ("checkout", "backstage epoch show checkout")
    ]
    assert "before epoch 2" in told[0].sentence


async def test_counters_that_are_not_the_sum_of_their_events_are_found_and_counted_again(
    system: Operated, services: tuple[Service, Service], verify: Callable[..., Any]
) -> None:
    offer = an_offer()
    system.rows(
        "checkout",
        "INSERT INTO stock (pass_id, version_number, wanted, capacity, sold)"
        " VALUES (%s, 1, 5, 5, 1)",
        offer.pass_id,
    )
    await asyncio.to_thread(set_capacity, services[0].store, offer.pass_id, 5)
    await asyncio.to_thread(sell, services[0].store, offer)
    sound = found(await verify())
    system.rows("checkout", "UPDATE stock SET held = 1, sold = 3")
    (finding,) = (await verify()).findings

    await asyncio.to_thread(backstage, *finding.repair.split()[1:])

    assert sound == []
    assert "has 1 held and 3 sold, its events give 0 and 1" in finding.sentence
    assert found(await verify()) == []
    assert system.rows("checkout", "SELECT held, sold FROM stock") == [(0, 1)]


async def test_ledger_of_a_pass_is_printed_with_the_sum_at_each_move(
    system: Operated, services: tuple[Service, Service]
) -> None:
    offer, store = an_offer(), services[0].store
    system.rows(
        "checkout",
        "INSERT INTO stock (pass_id, version_number, wanted, capacity, sold)"
        " VALUES (%s, 1, 1, 1, 1)",
        offer.pass_id,
    )
    await asyncio.to_thread(set_capacity, store, offer.pass_id, 1)
    first = await asyncio.to_thread(sell, store, offer)

    audit = ("stock", "audit", str(offer.pass_id))
    sound = await asyncio.to_thread(backstage, *audit, "--json")
    second = await asyncio.to_thread(sell, store, offer)
    oversold = await asyncio.to_thread(backstage, *audit, code=1)
    await asyncio.to_thread(backstage, "stock", "audit", str(uuid4()), code=2)

    moves = [json.loads(line) for line in sound.splitlines()[:-1]]
    assert [(m["kind"], m["reason"], m["order_id"], m["held"], m["sold"]) for m in moves] == [
        ("capacity", "version 1", None, 0, 0),
        ("held", "order", str(first), 1, 0),
        ("sold", "free", str(first), 0, 1),
    ]
    assert sound.splitlines()[-1] == "3 moves: never oversold, and the counter is their sum."
    assert f"order {second} took a seat that the pass did not have" in oversold
    assert "The counter has 0 held and 1 sold: backstage stock recount" in oversold


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE stock SET wanted = 500, capacity = 500", "500 seats"),
        ("UPDATE stock SET capacity = 500", "5 seats (now 500 seats)"),
        ("UPDATE stock SET wanted = NULL, capacity = NULL", "no limit"),
    ],
)
async def test_a_capacity_that_no_event_set_is_found_and_set_back(
    system: Operated,
    services: tuple[Service, Service],
    verify: Callable[..., Any],
    change: str,
    said: str,
) -> None:
    offer = an_offer()
    system.rows(
        "checkout",
        "INSERT INTO stock (pass_id, version_number, wanted, capacity, sold)"
        " VALUES (%s, 1, 5, 5, 1)",
        offer.pass_id,
    )
    await asyncio.to_thread(set_capacity, services[0].store, offer.pass_id, 5)
    await asyncio.to_thread(sell, services[0].store, offer)
    sound = found(await verify())
    system.rows("checkout", change)
    (finding,) = (await verify()).findings

    await asyncio.to_thread(backstage, *finding.repair.split()[1:])

    assert sound == []
    assert said in finding.sentence
    assert "its events give 5 seats (now 5 seats)" in finding.sentence
    assert found(await verify()) == []
    assert system.rows("checkout", "SELECT wanted, capacity FROM stock") == [(5, 5)]


@pytest.mark.usefixtures("services")
async def test_a_session_that_no_event_made_is_found(
    system: Operated, verify: Callable[..., Any]
) -> None:
    store = system.store("identity")
    store.open()
    person, intruder, forged = uuid4(), uuid4(), uuid4()
    sessions = [Session(request_id=uuid4(), person_id=person, started_at=AT) for _ in range(3)]
    sessions[2].end(AT)
    store.execute(Cause(uuid4()), lambda: store.application.save(*sessions) and None)
    store.close()

    def sign_in(session_id: UUID, person_id: UUID) -> None:
        system.rows(
            "identity",
            "INSERT INTO sessions VALUES (%s, %s, %s, '', now(), now())",
            session_id,
            person_id,
            session_id.bytes,
        )

    sign_in(sessions[0].id, person)
    sound = found(await verify())
    sign_in(forged, intruder)
    sign_in(sessions[1].id, intruder)
    sign_in(sessions[2].id, person)
    told = sorted(each.sentence for each in (await verify()).findings)

    assert sound == []
    assert told == sorted(
        [
            f"session {forged} is open for person {intruder}, but no event began it",
            f"session {sessions[1].id} is open for person {intruder}, but {person} began it",
            f"session {sessions[2].id} is open for person {person}, but an event has ended it",
        ]
    )


async def test_a_webhook_is_shown_retried_and_skipped(system: Operated) -> None:
    system.rows(
        "checkout",
        "INSERT INTO webhook_inbox (event_id, type, payment_intent_id, body, received_at)"
        " VALUES ('evt_1', 'payment_intent.succeeded', 'pi_1', '{}', now() - interval '1 minute')",
    )

    listed = await asyncio.to_thread(backstage, "inbox", "ls")
    await asyncio.to_thread(backstage, "inbox", "retry", "checkout", "evt_1")
    scheduled = system.rows("checkout", "SELECT kind, key, payload FROM schedule")
    await asyncio.to_thread(
        backstage, "inbox", "skip", "checkout", "evt_1", "--reason", "a test of Stripe's"
    )

    assert "payment_intent.succeeded" in listed
    payload = {"event_id": "evt_1", "payment_intent_id": "pi_1"}
    assert scheduled == [("follow_hint", "evt_1", payload)]
    assert system.rows("checkout", "SELECT 1 FROM schedule") == []
    assert await asyncio.to_thread(backstage, "inbox", "ls") == ""
    kept = system.rows("checkout", "SELECT convert_from(state, 'UTF8') FROM events")
    assert "a test of Stripe's" in kept[-1][0]


async def test_lag_tells_what_is_unpublished_pending_late_and_a_dead_letter(
    system: Operated, services: tuple[Service, Service]
) -> None:
    await sold(system, services[0])
    system.rows(
        "access",
        "INSERT INTO schedule (kind, key, due_at, payload, attempts, last_error) VALUES"
        " ('nobody does this', '1', now() - interval '1 hour', '{}', 0, NULL),"
        " ('this fails', '2', now() + interval '5 minutes', '{}', 9, 'no luck')",
    )
    system.rows(
        "access",
        "INSERT INTO dead_letters (durable, message_key, entity_key, subject, headers, body, error)"
        " VALUES ('access-checkout', %s, 'e', 'bp.x', '{}', '', 'no luck')",
        str(uuid4()),
    )

    lines = (await asyncio.to_thread(backstage, "lag", "--json")).splitlines()

    told = {each["service"]: each for each in map(json.loads, lines)}
    assert set(told) == set(stores.SERVICES)
    access = told["access"]
    assert (access["due"], access["failing"]) == (1, 1)
    assert access["last_error"] == "this fails 2 failed 9 times: no luck"
    assert access["late_oldest_s"] == pytest.approx(3600, abs=60)
    (heard,) = [each for each in access["consumers"] if each["producer"] == "checkout"]
    assert (heard["stream_last"], heard["pending"], heard["dead_letters"]) == (2, 0, 1)
    assert told["checkout"]["unpublished"] == 0


async def test_unpublished_events_show_in_lag(system: Operated) -> None:
    store = system.store("checkout")
    store.open()
    await asyncio.to_thread(sell, store)
    store.close()

    lines = (await asyncio.to_thread(backstage, "lag", "--json")).splitlines()

    told = {each["service"]: each for each in map(json.loads, lines)}
    assert told["checkout"]["unpublished"] == 2
    assert told["checkout"]["unpublished_oldest_s"] > 0


@pytest.fixture
def nats_stores_nothing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with answering(503, WRITE_ERROR) as monitor:
        monkeypatch.setenv("NATS_MONITOR_URL", f"http://127.0.0.1:{monitor}")
        yield


@pytest.mark.usefixtures("nats_stores_nothing")
async def test_a_nats_that_stores_nothing_is_named_by_lag_with_its_repair(
    system: Operated,
) -> None:
    store = system.store("checkout")
    store.open()
    await asyncio.to_thread(sell, store)
    store.close()

    lines = (await asyncio.to_thread(backstage, "lag", "--json")).splitlines()
    shown = await asyncio.to_thread(backstage, "lag")

    told = {each["service"]: each["held_up_by"] for each in map(json.loads, lines)}
    assert told.pop("checkout").startswith("NATS stores nothing although it answers")
    assert set(told.values()) == {None}
    assert shown.count("make room on the disk of NATS") == 1


@pytest.mark.usefixtures("nats_stores_nothing", "system")
async def test_a_nats_that_stores_nothing_is_a_finding_with_its_repair(tmp_path: Path) -> None:
    checker = await check(
        DataFolder(tmp_path),
        tmp_path / "verify.json",
        full=False,
        providers=None,
        look_again_s=0,
        clock=FixedClock(datetime.now(UTC)),
    )

    (finding,) = [each for each in checker.findings if each.check == "storage"]
    assert "no space left" in finding.sentence
    assert "restarts it by itself" in finding.repair


def test_pending_message_is_told_apart_from_a_lasting_difference() -> None:
    behind, differs = "2 events at the end are not in the stream", "message 3 is another one"
    verdict = Verdict("chat", 9, 7, (differs, behind), behind=behind)

    repairs = [finding.repair for finding in stream_findings(verdict)]

    assert repairs[0] == "backstage epoch new chat"
    assert repairs[1].startswith("backstage epoch show chat: ")


def test_an_operator_has_the_lists_gone_through_now_or_a_day_of_them_again(
    system: Operated,
) -> None:
    entries = "SELECT key, payload FROM schedule WHERE kind = 'reconcile_lists' ORDER BY key"

    backstage("reconcile", "--as", "ada")
    backstage("reconcile", "--day", "2026-06-01", "--as", "ada")
    refused = backstage("reconcile", "--day", "2999-01-01", code=2)

    assert system.rows("checkout", entries) == [
        ("2026-06-01", {"day": "2026-06-01"}),
        ("all", {"up_to_now": True}),
    ]
    assert "not over yet" in refused
    made = system.rows(
        "checkout",
        "SELECT convert_from(state, 'UTF8')::jsonb ->> 'target' FROM events"
        " WHERE topic = 'runtime.intervention.made' ORDER BY notification_id",
    )
    assert made == [("all",), ("2026-06-01",)]
