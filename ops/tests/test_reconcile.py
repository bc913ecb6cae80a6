"""Payments of lost orders are refunded on an operator's command, and no others."""

from uuid import uuid4

import pytest
from typer.testing import CliRunner

from libs.runtime.store.cause import Cause
from ops.__main__ import app
from ops.tests.operated import AT, Operated, sell
from services.checkout.reconciliation.orphaned_payment import OrphanedPayment
from tests.servers import PostgresServer


@pytest.fixture
def system(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Operated:
    """Its bus is unreachable: nothing here needs one."""
    system = Operated.create(postgres, "nats://127.0.0.1:1")
    for name, value in system.environment.items():
        monkeypatch.setenv(name, value)
    return system


def backstage(*arguments: str, code: int = 0) -> str:
    """Return its output on one line."""
    done = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
    assert done.exit_code == code, f"{done.output} {done.exception!r}"
    return " ".join(done.output.replace("│", " ").split())


def test_an_operator_has_a_payment_returned_whose_order_was_lost_and_no_other(
    system: Operated,
) -> None:
    store = system.store("checkout")
    store.open()
    ours = sell(store)
    lost, found_again, back = (
        OrphanedPayment(intent, order_id, 1990, "EUR", AT)
        for intent, order_id in (("pi_lost", uuid4()), ("pi_again", ours), ("pi_back", uuid4()))
    )
    back.record_return("re_1", AT)
    store.work(Cause(uuid4()), lambda: store.application.save(lost, found_again, back))
    store.close()

    told = backstage("reconcile", "--return", "pi_lost", "--as", "ada")
    refused = {
        intent: backstage("reconcile", "--return", intent, "--as", "ada", code=2)
        for intent in ("pi_again", "pi_back", "pi_other")
    }
    both = backstage("reconcile", "--return", "pi_lost", "--day", "2026-06-01", code=2)

    assert "checkout sends pi_lost back within a second: 1990 EUR" in told
    assert "our log holds" in refused["pi_again"]
    assert "was refunded at" in refused["pi_back"]
    assert "no round has found" in refused["pi_other"]
    assert "two commands" in both
    entries = "SELECT kind, payload FROM schedule"
    assert system.rows("checkout", entries) == [
        ("refund_orphaned_payment", {"payment_intent_id": "pi_lost"})
    ]
    made = system.rows(
        "checkout",
        "SELECT convert_from(state, 'UTF8')::jsonb FROM events"
        " WHERE topic = 'runtime.intervention.made'",
    )
    ((event,),) = made
    assert (event["what"], event["target"], event["operator"]) == (
        "checkout.refund_orphaned_payment",
        "pi_lost",
        "ada",
    )
    assert event["details"]["order_id"] == str(lost.order_id)
