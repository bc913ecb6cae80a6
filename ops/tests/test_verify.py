"""Single checks of the checker, each with the damage that it is there to find."""

import json
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.application import Application
from psycopg.rows import dict_row

from libs.events.checkout import PaymentReturned, RefundCause
from libs.runtime.cause import Cause
from libs.runtime.store import Store
from ops import stores
from ops.log_reader import Announced
from ops.tests.operated import AT, Operated, an_offer
from ops.verify.answers import check_answers
from ops.verify.cursor import Cursor
from ops.verify.finding import Finding
from ops.verify.membership import (
    CHANNELS,
    CHAT,
    VIDEO,
    as_findings,
    chat_tokens,
    differences,
    may_enter,
    video_tokens,
)
from ops.verify.payments import SETTLED_WITHIN, Captured, check_balances, check_payments
from ops.verify.stock import check_counters, check_prefixes
from services.checkout.domain import DailyBalance, Order, Payment, PaymentStatus, Seat, SeatReason
from services.checkout.projections import BalanceList
from tests.servers import PostgresServer

SPACE, LOUNGE, MEMBER, HOST, EVE, OLD = (uuid4() for _ in range(6))
NOW = AT + SETTLED_WITHIN + timedelta(minutes=1)


def save(database: str, *aggregates: Order | Seat | DailyBalance) -> None:
    store: Store[Application[UUID]] = Store(
        "checkout", database, Application, views=[BalanceList()], pool_size=1
    )
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


@pytest.mark.parametrize(("again", "findings"), [(False, 1), (True, 0)])
def test_a_day_that_differed_when_it_was_compared_last_is_found_with_what_repairs_it(
    database: str, again: bool, findings: int
) -> None:
    balance = DailyBalance(day="2026-06-01")
    sums = dict.fromkeys(("captured_ours_minor", "returned_theirs_minor"), 0)
    sums |= {"captured_theirs_minor": 1990, "returned_ours_minor": 0}
    balance.compare({"EUR": sums}, ["pi_1"], AT)
    if again:
        balance.compare({"EUR": sums | {"captured_ours_minor": 1990}}, [], AT)
    save(database, balance)

    with stores.reading(database) as conn:
        found = check_balances(conn)

    assert len(found) == findings
    for each in found:
        assert "EUR captured 1990 there and 0 here" in each.sentence
        assert "pi_1" in each.sentence
        assert each.repair == "backstage reconcile --day 2026-06-01"


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

    assert found == {
        (here, "ada", "missing"),
        (here, "eve", "extra"),
        (there, "ada", "missing"),
    }
    assert [each.check for each in as_findings(found, CHANNELS)] == ["membership"] * 3


@pytest.fixture
def doors(postgres: PostgresServer) -> Operated:
    """One person may enter as a member and one as team; a third is banned, a fourth had access."""
    system = Operated.create(postgres, "nats://127.0.0.1:1")
    for person, banned, revoked in ((MEMBER, False, False), (EVE, True, False), (OLD, False, True)):
        grant = (uuid4(), uuid4(), person, LOUNGE, SPACE)
        system.rows(
            "access",
            "INSERT INTO grant_list VALUES (%s, %s, %s, %s, %s, 'purchase', now(), NULL,"
            " CASE WHEN %s THEN now() END, NULL)",
            *grant,
            revoked,
        )
        system.rows(
            "streaming",
            "INSERT INTO door_list VALUES (%s, %s, %s, now(), NULL, %s)",
            *(grant[0], person, LOUNGE, revoked),
        )
        if banned:
            ban = "INSERT INTO ban_list (space_id, person_id, {}) VALUES (%s, %s, {})"
            ours = ban.format("reason_code, banned_at", "'spam', now()")
            theirs = ban.format("banned, version", "true, 1")
            system.rows("access", ours, SPACE, person)
            system.rows("streaming", theirs, SPACE, person)
    for service, more in (("access", "name, version"), ("streaming", "kind")):
        values = "'Lounge', 1" if service == "access" else "'live'"
        system.rows(
            service,
            f"INSERT INTO experience_list (experience_id, space_id, {more})"  # noqa: S608 - ours
            f" VALUES (%s, %s, {values})",
            *(LOUNGE, SPACE),
        )
        system.rows(service, "INSERT INTO team_list VALUES (%s, %s, 'host', 1)", SPACE, HOST)
    for person in (MEMBER, HOST):
        system.rows(
            "chat",
            "INSERT INTO seat_list VALUES (%s, %s, %s, 1, 'member', 'member')",
            *(uuid4(), person, LOUNGE),
        )
    return system


def given_wrongly(system: Operated) -> list[str]:
    with ExitStack() as stack:
        access, streaming, chat = (
            stack.enter_context(stores.reading(system.urls[name]))
            for name in ("access", "streaming", "chat")
        )
        allowed = may_enter(access)
        found = as_findings(differences(allowed, video_tokens(streaming)), VIDEO)
        found += as_findings(differences(allowed, chat_tokens(chat)), CHAT)
    return [each.sentence for each in found]


def test_tokens_follow_what_access_decides(doors: Operated) -> None:
    assert given_wrongly(doors) == []


@pytest.mark.parametrize(
    ("service", "damage", "finding"),
    [
        ("streaming", "UPDATE door_list SET closed = true", "no token for its video"),
        ("streaming", "UPDATE door_list SET closed = false", "a token for the video of"),
        ("streaming", "DELETE FROM ban_list", "a token for the video of"),
        ("streaming", "DELETE FROM team_list", "no token for its video"),
        ("chat", "DELETE FROM seat_list WHERE person_id = '{MEMBER}'", "no token for its chat"),
        ("access", "UPDATE grant_list SET revoked_at = now()", "a token for the chat of"),
    ],
)
def test_a_token_that_access_would_not_give_or_would_is_found(
    doors: Operated, service: str, damage: str, finding: str
) -> None:
    doors.rows(service, damage.format(MEMBER=MEMBER))

    assert any(finding in sentence for sentence in given_wrongly(doors))


def test_an_order_that_was_promised_and_one_that_nobody_was_told_of_are_found(
    database: str,
) -> None:
    told, untold = an_order(), an_order()
    store: Store[Application[UUID]] = Store("checkout", database, Application, pool_size=1)
    store.open()

    def promised(order: Order, cause: Cause) -> None:
        store.execute(cause, lambda: (store.application.save(order), str(order.id))[1])

    promised(told, Cause(uuid4()))
    with stores.reading(database) as conn:
        well = check_answers(conn)
    store.work(Cause(uuid4()), lambda: store.application.save(untold))
    lost = uuid4()
    store.execute(Cause(uuid4()), lambda: str(lost))
    store.close()

    with stores.reading(database) as conn:
        found = [each.sentence for each in check_answers(conn)]

    assert well == []
    assert [str(lost) in sentence for sentence in found] == [True, False]
    assert [str(untold.id) in sentence for sentence in found] == [False, True]


@pytest.mark.parametrize(
    ("change", "is_told"),
    [
        ({}, True),
        ({"noted": "by a newer version"}, True),
        ({"currency": "SEK"}, False),
        ({"amount_minor": "much"}, False),
    ],
)
def test_a_message_in_the_words_of_another_version_tells_the_same(
    change: dict[str, str], is_told: bool
) -> None:
    returned = PaymentReturned(
        order_id=uuid4(),
        person_id=uuid4(),
        space_id=uuid4(),
        pass_id=uuid4(),
        amount_minor=1990,
        currency="EUR",
        currency_exponent=2,
        cause=RefundCause.SOLD_OUT,
    )
    body = json.dumps(json.loads(returned.model_dump_json()) | change).encode()

    announced = Announced("1-1", "checkout.1.1-1", returned, AT)

    assert announced.is_told_by(body) is is_told


def test_a_note_that_can_not_be_read_means_from_the_beginning(tmp_path: Path) -> None:
    file = tmp_path / "verify.json"
    kept = Cursor(effects={"checkout": 7}, seats=3)
    kept.save(file)
    known = Cursor.load(file)
    file.write_text("{half")

    assert known == kept
    assert Cursor.load(file) == Cursor()
