"""Commands on dead letters, webhooks, selected events and whole backups, as one types them."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner

from libs.runtime.messaging import dead_letters
from libs.runtime.messaging.dead_letters import Unhandled
from libs.runtime.messaging.streams import Message, read_stream
from libs.runtime.service import Service
from libs.runtime.tests.test_pipe import until
from ops import stores
from ops.__main__ import app
from ops.tests.operated import Operated, sell
from services.checkout.memberships.membership import Membership
from tests.servers import NatsServer, PostgresServer

pytestmark = pytest.mark.slow(90, "starts a small system")


@pytest.fixture
def system(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Operated:
    system = Operated.create(postgres, "nats://127.0.0.1:1")
    for name, value in system.environment.items():
        monkeypatch.setenv(name, value)
    return system


@pytest.fixture
def sold(system: Operated) -> list[UUID]:
    """Three memberships that access has not received."""
    store = system.store("checkout")
    memberships = [Membership.create_id(sell(store)) for _ in range(3)]
    store.close()
    return memberships


def backstage(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == code, f"{done.output} {done.exception!r}"
    return done.output


def grants(system: Operated) -> int:
    return len(system.rows("access", "SELECT 1 FROM grant_list"))


# Dead letters


async def dead_letters_of(system: Operated, checkout: Service, times: int) -> list[str]:
    """So many purchases, each a dead letter of access with an error, as if its reaction had
    failed."""
    for _ in range(times):
        await asyncio.to_thread(sell, checkout.store)
    found: list[Message] = []
    assert checkout.client is not None
    while len(found) < times:
        pages = read_stream(checkout.client, "checkout", 0)
        messages = [message async for page in pages for message in page]
        found = [m for m in messages if m.headers["ce-type"] == "checkout.pass_purchased.v1"]
    await asyncio.to_thread(set_aside, system, found)
    return [message.headers["ce-id"] for message in found]


def set_aside(system: Operated, messages: list[Message]) -> None:
    with stores.operating("access", None, "ada", system.urls["access"]) as operator:  # type: ignore[arg-type]

        def act() -> dict[str, str]:
            for m in messages:
                id_ = m.headers["ce-id"]
                kept = Unhandled("access-checkout", id_, m.subject, m.headers, m.body, "no luck")
                dead_letters.add(operator.cursor(), kept)
            return {}

        operator.intervene("test", "", "", act)


async def test_a_dead_letter_is_listed_shown_tried_again_or_skipped_for_a_reason(
    system: Operated, own_nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    system.nats_url = own_nats.url
    async with system.checkout().running() as checkout:
        first, second = await dead_letters_of(system, checkout, 2)
        async with system.access().running():
            listed = backstage("dead-letters", "ls", "--service", "access", "--json").splitlines()
            ids = {
                told["message_key"]: str(told["dead_letter_id"]) for told in map(json.loads, listed)
            }
            shown = json.loads(backstage("dead-letters", "show", "access", ids[first]))
            backstage("dead-letters", "retry", "access", ids[first], "--as", "ada")
            await until(lambda: grants(system) == 2)
            no_reason = backstage(
                "dead-letters", "skip", "access", ids[second], "--reason", " ", code=2
            )
            backstage("dead-letters", "skip", "access", ids[second], "--reason", "bought by a test")
            waiting = backstage("dead-letters", "ls")
            skipped = backstage("dead-letters", "ls", "--skipped")
            gone = backstage("dead-letters", "show", "access", ids[second], code=2)

    assert set(ids) == {first, second}
    assert shown["error"] == "no luck"
    assert shown["behind"] == []
    assert len(json.loads(shown["body"])["experience_ids"]) == 2
    assert "say why, with --reason" in no_reason
    assert waiting == ""
    assert "bought by a test" in skipped
    assert f"no message {ids[second]} that waits" in gone
    assert grants(system) == 2
    made = system.rows(
        "access",
        "SELECT actor, convert_from(state, 'UTF8')::jsonb ->> 'what' FROM events"
        " WHERE topic = 'runtime.intervention.made' ORDER BY notification_id",
    )
    assert made[1][0] == "operator:ada"
    assert [what for _, what in made] == ["test", "dead_letters.retry", "dead_letters.skip"]


# Webhooks


@pytest.mark.parametrize(
    ("service", "columns", "job"),
    [
        ("checkout", "type, payment_intent_id", "follow_hint"),
        ("streaming", "kind, body", "handle_webhook"),
    ],
)
def test_a_webhook_of_each_service_is_shown_and_handled_again(
    system: Operated, service: str, columns: str, job: str
) -> None:
    more = ", body" if service == "checkout" else ""
    values = "'refund.updated', 'pi_1', '{\"a\": 1}'" if more else "'room_finished', '{\"a\": 1}'"
    system.rows(
        service,
        f"INSERT INTO webhook_inbox (event_id, received_at, {columns}{more})"  # noqa: S608 - ours
        f" VALUES ('evt_1', now() - interval '1 minute', {values})",
    )

    listed = backstage("inbox", "ls", "--service", service)
    shown = json.loads(backstage("inbox", "show", service, "evt_1"))
    backstage("inbox", "retry", service, "evt_1")
    unknown = backstage("inbox", "show", service, "evt_2", code=2)
    elsewhere = backstage("inbox", "show", "access", "evt_1", code=2)

    assert "evt_1  waits" in listed
    assert shown["body"] == '{"a": 1}'
    assert system.rows(service, "SELECT kind, key FROM schedule") == [(job, "evt_1")]
    assert f"{service} was never told evt_2" in unknown
    assert "Webhooks come to checkout and streaming alone" in elsewhere


# Selected events


def replay(*options: str) -> str:
    return backstage("events", "replay", "--from", "checkout", "--to", "access", *options)


def test_a_dry_run_shows_what_would_be_handled_and_does_nothing(
    system: Operated, sold: list[UUID]
) -> None:
    told = replay("--dry-run")

    assert told.count("checkout.pass_purchased.v1") == 3
    assert "3 events of checkout: 3 would be handled by access" in told
    assert grants(system) == 0
    assert system.rows("access", "SELECT 1 FROM inbox") == []


def test_one_entity_is_replayed_and_no_other(system: Operated, sold: list[UUID]) -> None:
    told = replay("--entity", str(sold[1]))

    assert "1 events of checkout: 1 were handled by access" in told
    assert system.rows("access", "SELECT DISTINCT source_id FROM grant_list") == [(sold[1],)]


def test_events_are_replayed_by_type(system: Operated, sold: list[UUID]) -> None:
    none = replay("--type", "purchase_refunded")
    told = replay("--type", "pass_purchased")

    assert none.startswith("0 events of checkout")
    assert told.startswith("3 events of checkout: 3 were handled")
    assert grants(system) == 6


def test_events_are_replayed_by_the_time_at_which_they_were_recorded(
    system: Operated, sold: list[UUID]
) -> None:
    """From an instant on, and before another one."""
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    for hours, membership_id in enumerate(sold):
        system.rows(
            "checkout",
            "UPDATE events SET recorded_at = %s WHERE originator_id = %s",
            *(noon + timedelta(hours=hours), membership_id),
        )

    told = replay("--since", "2026-06-01T13:00:00", "--until", "2026-06-01T14:00:00")
    before = replay("--until", "2026-06-01T12:00:00")

    assert told.startswith("1 events of checkout: 1 were handled")
    assert before.startswith("0 events of checkout")
    assert system.rows("access", "SELECT DISTINCT source_id FROM grant_list") == [(sold[1],)]


# Backups


def test_a_backup_brings_all_services_back_to_where_they_were(
    system: Operated, sold: list[UUID], tmp_path: Path
) -> None:
    replay("--entity", str(sold[0]))
    folder = str(tmp_path / "backup")
    told = backstage("backup", folder)
    again = backstage("backup", folder, code=2)
    replay("--entity", str(sold[1]))
    system.rows("checkout", "DELETE FROM events")

    refused = backstage("restore", folder, code=1)
    still = grants(system)
    restored = backstage("restore", folder, "--force", "--as", "ada")

    assert "7 databases were copied" in told
    assert "exists" in again
    assert "holds events: --force replaces them" in refused
    assert still == 4
    assert "backstage epoch new SERVICE" in restored
    assert grants(system) == 2
    sales = "SELECT DISTINCT originator_id FROM events WHERE topic = 'checkout.membership.started'"
    assert {id_ for (id_,) in system.rows("checkout", sales)} == set(sold)
    assert "1 were handled" in replay("--entity", str(sold[1]))


@pytest.mark.usefixtures("system")
def test_folder_without_a_backup_is_refused(tmp_path: Path) -> None:
    assert "holds no finished backup" in backstage("restore", str(tmp_path), code=1)
