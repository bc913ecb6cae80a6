"""Single checks of the checker, each with the damage that it is there to find."""

from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.application import Application
from psycopg.rows import dict_row

from libs.runtime.cause import Cause
from libs.runtime.store import Store
from ops import stores
from ops.tests.operated import AT, an_offer
from ops.verify.cursor import Cursor
from ops.verify.finding import Finding
from ops.verify.membership import as_findings, differences
from ops.verify.payments import SETTLED_WITHIN, Captured, check_payments
from ops.verify.stock import check_counters, check_prefixes
from services.checkout.domain import Order, Payment, PaymentStatus, Seat, SeatReason

NOW = AT + SETTLED_WITHIN + timedelta(minutes=1)


def save(database: str, *aggregates: Order | Seat) -> None:
    store: Store[Application[UUID]] = Store("checkout", database, Application, pool_size=1)
    store.open()
    for aggregate in aggregates:
        store.work(Cause(uuid4()), lambda one=aggregate: store.application.save(one))
    store.close()


def an_order() -> Order:
    offer = an_offer(price_minor=1990, pricing_type="one_time")
    order = Order(
        command_id=uuid4(),
        person_id=uuid4(),
        offer=offer.to_state(),
        total_minor=1990,
        opened_at=AT,
        held_until=AT + timedelta(minutes=10),
    )
    order.request_payment(AT)
    for status in (PaymentStatus.AWAITING, PaymentStatus.SUCCEEDED):
        payment = Payment(
            payment_intent_id="pi_1",
            status=status,
            amount_minor=1990,
            currency="EUR",
            order_id=order.id,
            attempt=1,
        )
        if status is PaymentStatus.AWAITING:
            order.attach_payment(payment, AT)
        else:
            order.learn(payment, AT)
    return order


def captured(order: Order, returned_minor: int = 0) -> Captured:
    return Captured("pi_1", order.id, 1990, returned_minor, AT)


def payments(database: str, *paid: Captured, now: datetime = NOW) -> list[Finding]:
    with stores.reading(database) as conn:
        return check_payments(conn, iter(paid), AT - timedelta(days=9999), now)


def test_a_captured_payment_that_became_a_pass_is_well(database: str) -> None:
    order = an_order()
    order.fulfil("pi_1", AT)
    save(database, order)

    assert payments(database, captured(order)) == []


def test_a_captured_payment_that_came_to_nothing_is_found_after_a_quarter_of_an_hour(
    database: str,
) -> None:
    order = an_order()
    save(database, order)

    early = payments(database, captured(order), now=AT + timedelta(minutes=14))
    (late,) = payments(database, captured(order))

    assert early == []
    assert late.sentence.endswith("was captured 16 min ago, nothing came")


def test_a_payment_called_returned_whose_money_is_still_here_is_found(database: str) -> None:
    order = an_order()
    order.expire("hold_expired", AT)
    order.request_return("pi_1", "order_not_open", AT)
    order.record_return("pi_1", "re_1", AT)
    save(database, order)

    well = payments(database, captured(order, returned_minor=1990))
    (kept,) = payments(database, captured(order, returned_minor=90))

    assert well == []
    assert "90 of 1990 went back" in kept.sentence


def test_a_pass_granted_for_a_payment_that_nobody_captured_is_found(database: str) -> None:
    order = an_order()
    order.fulfil("pi_1", AT)
    save(database, order)

    (finding,) = payments(database)

    assert finding.sentence.endswith("was granted for pi_1, never captured")


def seat(pass_id: UUID) -> Seat:
    return Seat(uuid4(), pass_id, SeatReason.ORDER.value, AT)


@pytest.mark.parametrize(("capacity", "findings"), [(2, 0), (1, 1), (None, 0)])
def test_more_places_taken_at_once_than_there_ever_were_is_found(
    database: str, capacity: int | None, findings: int
) -> None:
    pass_id = uuid4()
    first, second, third = (seat(pass_id) for _ in range(3))
    save(database, first, second)
    first.release(SeatReason.HOLD_EXPIRED, AT)
    save(database, first, third)
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(
            "CREATE TABLE stock (pass_id uuid, held integer, sold integer, capacity integer)"
        )

    with psycopg.connect(database, row_factory=dict_row) as conn:
        found = check_prefixes(conn, {str(pass_id): capacity}) + check_counters(conn)

    assert len(found) == findings
    assert all("had 2 places held and sold at once" in each.sentence for each in found)


def test_who_sits_where_they_may_not_and_who_does_not_where_they_may_are_found() -> None:
    here, there = uuid4(), uuid4()

    found = differences({here: {"ada", "bob"}, there: {"ada"}}, {here: {"bob", "eve"}})

    assert found == {(here, "ada", "missing"), (here, "eve", "extra")}
    assert [each.check for each in as_findings(found)] == ["membership"] * 2


def test_a_note_that_can_not_be_read_means_from_the_beginning(tmp_path: Path) -> None:
    file = tmp_path / "verify.json"
    kept = Cursor(effects={"checkout": 7}, seats=3)
    kept.save(file)
    known = Cursor.load(file)
    file.write_text("{half")

    assert known == kept
    assert Cursor.load(file) == Cursor()
