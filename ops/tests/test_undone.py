"""Undone work is found, and the named command does it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from eventsourcing.application import Application
from typer.testing import CliRunner

from libs.runtime.store.store import Store
from ops import stores
from ops.__main__ import app
from ops.tests.operated import SERVICES
from ops.tests.test_repairs import commands_in
from ops.verify.finding import Finding
from ops.verify.undone import Patience, check_undone, has_process

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
CHECKOUT: Path = SERVICES / "checkout" / "migrations"


@pytest.fixture
def checkout(database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The checkout's database with its tables."""
    store: Store[Any] = Store("checkout", database, Application, migrations=CHECKOUT, pool_size=1)
    store.open()
    store.close()
    monkeypatch.setenv("CHECKOUT_DATABASE_URL", database)
    return database


def rows(database: str, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(database, autocommit=True) as conn:
        done = conn.execute(statement, parameters)
        return done.fetchall() if done.description else []


def look(database: str, at: datetime = NOW, patience: Patience | None = None) -> list[Finding]:
    with stores.reading(database) as conn:
        return check_undone(conn, "checkout", at, patience)


def backstage(*arguments: str) -> str:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    return done.output


def put(database: str, key: str, due_at: datetime, attempts: int, error: str | None) -> None:
    rows(
        database,
        "INSERT INTO schedule (kind, key, due_at, payload, attempts, last_error)"
        " VALUES ('close_order', %s, %s, '{}', %s, %s)",
        *(key, due_at, attempts, error),
    )


def test_work_that_fails_again_and_again_is_found_although_it_is_never_overdue(
    checkout: str,
) -> None:
    """Each failure postpones the time at which it is due."""
    soon = NOW + timedelta(minutes=4)
    put(checkout, "young", soon, 7, "no luck")
    put(checkout, "stuck", soon, 8, "no luck")

    (found,) = look(checkout)
    backstage(*commands_in(found.repair)[0])

    assert found.sentence == "close_order stuck failed 8 times: no luck"
    assert look(checkout) == []
    assert rows(checkout, "SELECT attempts, last_error FROM schedule WHERE key = 'stuck'") == [
        (0, None)
    ]


def test_overdue_work_is_found(checkout: str) -> None:
    put(checkout, "late", NOW - timedelta(minutes=9), 0, None)
    put(checkout, "forgotten", NOW - timedelta(minutes=11), 0, None)

    (found,) = look(checkout)

    assert found.sentence.startswith("close_order forgotten has been due since 2026-06-01 11:49")
    assert len(look(checkout, patience=Patience(late=timedelta(minutes=8)))) == 2


def test_pending_work_is_listed_and_unknown_work_cannot_be_retried(
    checkout: str,
) -> None:
    put(checkout, "fine", NOW, 0, None)
    put(checkout, "failing", NOW, 3, "no luck")

    told = backstage("schedule", "ls", "--service", "checkout")
    failing = backstage("schedule", "ls", "--service", "checkout", "--failing")
    refused = CliRunner().invoke(app, ["schedule", "retry", "checkout", "close_order", "nobody"])

    assert "failing   failed 3 times: no luck" in told.splitlines()[0]
    assert len(told.splitlines()) == 2
    assert len(failing.splitlines()) == 1
    assert refused.exit_code == 2
    assert "has no close_order nobody" in refused.output


def test_repeated_findings_are_counted(checkout: str) -> None:
    for number in range(8):
        put(checkout, str(number), NOW, 9, "no luck")

    found = look(checkout)

    assert len(found) == 5
    assert found[0].sentence.endswith("(and 3 more like it)")


def test_a_webhook_that_is_not_handled_is_found(checkout: str) -> None:
    for name, minutes in (("evt_new", 4), ("evt_old", 6)):
        rows(
            checkout,
            "INSERT INTO webhook_inbox (event_id, type, payment_intent_id, body, error,"
            " received_at) VALUES (%s, 'refund.updated', 'pi_1', '{}', 'no luck', %s)",
            *(name, NOW - timedelta(minutes=minutes)),
        )

    (found,) = look(checkout)
    backstage(*commands_in(found.repair)[0])

    assert (
        "evt_old arrived at 2026-06-01 11:54:00 UTC and is not handled: no luck" in found.sentence
    )
    assert rows(checkout, "SELECT kind, key FROM schedule") == [("follow_hint", "evt_old")]


def test_a_dead_letter_is_found_until_an_operator_has_decided(checkout: str) -> None:
    rows(
        checkout,
        "INSERT INTO dead_letters (durable, message_key, entity_key, subject, headers, body, error)"
        " VALUES ('checkout-catalog', 'k', 'e', 'bp.x', '{}', '', 'no luck')",
    )

    (found,) = look(checkout)
    show, retry = commands_in(found.repair)
    backstage(*show)
    backstage(*retry)
    asked = look(checkout)
    backstage("dead-letters", "skip", "checkout", retry[-1], "--reason", "known to be harmless")

    assert found.sentence == "message 1 of checkout-catalog (bp.x) is a dead letter: no luck"
    assert asked == [found]
    assert look(checkout) == []


def test_a_service_without_a_process_is_told_from_one_that_has_one(checkout: str) -> None:
    with stores.reading(checkout) as conn:
        alone = has_process(conn, "checkout")
        with psycopg.connect(checkout, application_name="checkout leads"):
            accompanied = has_process(conn, "checkout")

    assert (alone, accompanied) == (False, True)
