"""Single checks of the checker, each with the damage that it must find."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate

from libs.events.checkout import PaymentReturned, RefundCause
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from ops import stores
from ops.log_reader import Announced, Reached
from ops.tests.operated import AT, Operated, an_offer
from ops.verify.answers import check_answers
from ops.verify.captured_payments import Captured, StripePayments
from ops.verify.cursor import Cursor
from ops.verify.entitlements import (
    CHANNELS,
    CHAT,
    VIDEO,
    as_findings,
    chat_tokens,
    discrepancies,
    may_enter,
    video_tokens,
)
from ops.verify.finding import Finding
from ops.verify.log_cursor import LogCursor, settled_end
from ops.verify.outcomes import Awaited
from ops.verify.payments import (
    SETTLED_WITHIN,
    Asked,
    check_balances,
    check_payments,
    check_stuck,
)
from ops.verify.stock import Ledger, Taken
from ops.verify.views import Turn
from services.checkout.memberships.membership import Membership
from services.checkout.orders.order import Order
from services.checkout.orders.projections import OrderList
from services.checkout.payments.charge import Charge
from services.checkout.payments.payment import Payment
from services.checkout.payments.projections import PaymentList
from services.checkout.payments.provider.protocol import (
    PaymentStatus,
    ProviderPayment,
    ProviderRefund,
)
from services.checkout.payments.refund import (
    fail_refund,
    record_refund,
    request_refund,
    return_whole,
)
from services.checkout.reconciliation.daily_balance import DailyBalance
from services.checkout.reconciliation.projections import BalanceList, OrphanedPaymentList
from services.checkout.tests.stand_in import SECRET_KEY, running_stand_in
from tests.e2e.running import wait_until
from tests.servers import PostgresServer

SPACE, LOUNGE, MEMBER, HOST, EVE, OLD = (uuid4() for _ in range(6))
NOW = AT + SETTLED_WITHIN + timedelta(minutes=1)


@dataclass
class Bought:
    """An order, its captured payment, and the membership if the payment bought it."""

    order: Order
    payment: Payment
    membership: Membership | None = None

    @property
    def id(self) -> UUID:
        return self.order.id

    @property
    def aggregates(self) -> Sequence[Aggregate | None]:
        return self.order, self.payment, self.membership

    def fulfil(self, intent: str) -> None:
        self.order.fulfil(AT)
        self.membership = Membership(
            order_id=self.order.id,
            person_id=self.order.person_id,
            quote=self.order.quote_state,
            total_minor=1990,
            payment_intent_id=intent,
            access_from=AT,
            access_until=None,
        )

    def refund(self, refund_id: str, amount_minor: int) -> None:
        record_refund(self.payment, ProviderRefund(refund_id, amount_minor), AT)

    def fail_refund(self, refund_id: str, amount_minor: int) -> None:
        fail_refund(self.payment, ProviderRefund(refund_id, amount_minor, failure="unknown"), AT)


def save(database: str, *kept: Bought | DailyBalance) -> None:
    store: Store[Application[UUID]] = Store(
        "checkout",
        database,
        Application,
        views=[BalanceList(), OrderList(), OrphanedPaymentList(), PaymentList()],
        pool_size=1,
    )
    store.open()
    for each in kept:
        aggregates = (each,) if isinstance(each, DailyBalance) else each.aggregates
        store.work(Cause(uuid4()), lambda all_=aggregates: store.application.save(*all_))
    store.close()
    wait_until(lambda: is_settled(database), "the end of what other tests' transactions hold back")


def is_settled(database: str) -> bool:
    """Return whether the newest event is below every running transaction of the server."""
    with stores.reading(database) as conn:
        newest = conn.execute("SELECT max(notification_id) AS id FROM events").fetchone()
        return newest is not None and settled_end(conn).id == newest["id"]


def an_order(intent: str = "pi_1") -> Bought:
    offer = an_offer(price_minor=1990, pricing_type="one_time")
    order = Order(
        command_id=uuid4(),
        person_id=uuid4(),
        quote=offer.to_state(),
        total_minor=1990,
        opened_at=AT,
        held_until=AT + timedelta(minutes=10),
    )
    charge = Charge(order.id, order.person_id, offer.space_id, offer.pass_id, 1990, "EUR", 2)
    payment = Payment(charge=charge.to_state(), attempt=1, requested_at=AT)
    for status in (PaymentStatus.AWAITING, PaymentStatus.SUCCEEDED):
        told = ProviderPayment(
            payment_intent_id=intent,
            status=status,
            amount_minor=1990,
            currency="EUR",
            order_id=order.id,
            attempt=1,
        )
        payment.apply_provider_state(told, AT, tells_failures=True)
    return Bought(order, payment)


def captured(order: Bought, returned_minor: int = 0) -> Captured:
    return Captured("pi_1", order.id, 1990, returned_minor, AT)


@dataclass
class Provider:
    """The captured payments of a provider; its list shows those of `listed`, by id it knows all.

    As with the real one, the list goes by when a payment was created, not by its capture.
    """

    paid: tuple[Captured, ...] = ()
    listed: bool = True
    asked: list[str] = field(default_factory=list)

    def since(self, at: datetime) -> Iterator[Captured]:
        return iter(self.paid if self.listed else ())

    def get(self, payment_intent_id: str) -> Captured | None:
        self.asked.append(payment_intent_id)
        return next((p for p in self.paid if p.payment_intent_id == payment_intent_id), None)


EVER = Asked(AT - timedelta(days=9999))


def payments(database: str, *paid: Captured, now: datetime = NOW) -> list[Finding]:
    with stores.reading(database) as conn:
        return check_payments(conn, Provider(paid), EVER, now)[0]


def test_captured_payment_that_became_a_pass_has_no_finding(database: str) -> None:
    order = an_order()
    order.fulfil("pi_1")
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
    assert late.sentence.endswith("was captured 16 min ago without a pass or a refund")


def test_a_payment_called_returned_whose_money_is_still_here_is_found(database: str) -> None:
    order = an_order()
    order.order.expire("hold_expired", AT)
    return_whole(order.payment, "order_not_open", AT)
    record_refund(order.payment, ProviderRefund("re_1", 1990), AT)
    save(database, order)

    well = payments(database, captured(order, returned_minor=1990))
    (kept,) = payments(database, captured(order, returned_minor=90))

    assert well == []
    assert "90 of 1990 were refunded" in kept.sentence


def test_a_return_that_failed_is_found_until_it_was_made_again(database: str) -> None:
    order = an_order()
    order.order.expire("hold_expired", AT)
    return_whole(order.payment, "sold_out", AT)
    fail_refund(order.payment, ProviderRefund("re_0", 1990, failure="unknown"), AT)
    record_refund(order.payment, ProviderRefund("re_1", 1990), AT)
    fail_refund(order.payment, ProviderRefund("re_1", 1990, failure="unknown"), AT)
    save(database, order)

    (waits,) = payments(database, captured(order))
    record_refund(order.payment, ProviderRefund("re_2", 1990), AT)
    save(database, order)

    assert waits.sentence.endswith("without a pass or a refund")
    assert payments(database, captured(order, returned_minor=1990)) == []


def test_a_refund_that_the_bank_gave_back_unheard_is_found_after_a_quarter_of_an_hour(
    database: str,
) -> None:
    order = an_order()
    order.fulfil("pi_1")
    order.refund("re_1", 90)
    save(database, order)
    now = datetime.now(UTC)

    early = payments(database, captured(order), now=now + SETTLED_WITHIN / 2)
    (late,) = payments(database, captured(order), now=now + SETTLED_WITHIN * 2)
    order.fail_refund("re_1", 90)
    save(database, order)

    assert early == payments(database, captured(order), now=now + SETTLED_WITHIN * 2) == []
    assert late.sentence.endswith("0 of payment pi_1 were refunded, our log has 90")
    assert late.repair == "backstage reconcile"


def test_a_pass_granted_for_a_payment_that_nobody_captured_is_found(database: str) -> None:
    order = an_order()
    order.fulfil("pi_1")
    save(database, order)

    (finding,) = payments(database)

    assert finding.sentence.endswith("was granted for pi_1, never captured")


def test_an_order_that_was_fulfilled_long_after_its_payment_was_made_is_asked_for_by_id(
    database: str,
) -> None:
    order = an_order()
    order.fulfil("pi_1")
    save(database, order)
    provider = Provider((captured(order),), listed=False)

    with stores.reading(database) as conn:
        found, asked = check_payments(conn, provider, EVER, NOW)
        again, _ = check_payments(conn, provider, asked, NOW)

    assert found == again == []
    assert provider.asked == ["pi_1"]


def test_a_payment_that_was_not_solved_is_asked_for_until_it_is(database: str) -> None:
    order = an_order()
    save(database, order)
    days_later = NOW + timedelta(days=3)

    with stores.reading(database) as conn:
        found, asked = check_payments(conn, Provider((captured(order),)), EVER, NOW)
        # By now it is too old for the provider's list.
        provider = Provider((captured(order),), listed=False)
        still, asked = check_payments(conn, provider, asked, days_later)
        order.fulfil("pi_1")
        save(database, order)
        solved, asked = check_payments(conn, provider, asked, days_later)

    assert [len(each) for each in (found, still, solved)] == [1, 1, 0]
    assert still[0].repair == "backstage reconcile --day 2026-06-01"
    assert asked.unsolved == {}


def test_a_pass_without_a_payment_is_found_again_by_the_next_run(database: str) -> None:
    order = an_order()
    order.fulfil("pi_1")
    save(database, order)

    with stores.reading(database) as conn:
        _, asked = check_payments(conn, Provider(), EVER, NOW)
        (again,), _ = check_payments(conn, Provider(), asked, NOW)

    assert again.sentence.endswith("was granted for pi_1, never captured")


@pytest.mark.own_server
def test_stripe_is_asked_by_list_and_by_id(tmp_path: Path) -> None:
    order_id, now = uuid4(), datetime.now(UTC)
    with running_stand_in(tmp_path) as stand_in:
        made = [
            stand_in.client().v1.payment_intents.create(
                {
                    "amount": 1990,
                    "currency": "eur",
                    "payment_method_types": ["card"],
                    "metadata": {"order_id": str(order_id)},
                }
            )
            for _ in range(2)
        ]
        stand_in.pay(made[0].client_secret).raise_for_status()
        provider = StripePayments({"STRIPE_API_KEY": SECRET_KEY, "STRIPE_API_URL": stand_in.url})

        unreturned = provider.get(made[0].id)
        stand_in.client().v1.refunds.create({"payment_intent": made[0].id, "amount": 90})
        listed = list(provider.since(now - timedelta(hours=1)))
        later = list(provider.since(now + timedelta(hours=1)))
        paid, unpaid, unknown = map(provider.get, (made[0].id, made[1].id, "pi_nobody"))

    assert listed == [paid]
    assert later == []
    assert paid is not None
    assert (paid.order_id, paid.amount_minor, paid.returned_minor) == (order_id, 1990, 90)
    assert paid.returned_at is not None
    assert paid.returned_at >= paid.captured_at
    assert unreturned == replace(paid, returned_minor=0, returned_at=None)
    assert unpaid is unknown is None


STRAYS = """
    INSERT INTO orphaned_payment_list
    VALUES ('pi_1', gen_random_uuid(), 1990, 'EUR', now(), NULL, {});
"""


@pytest.mark.parametrize(
    ("returned_minor", "noted", "repairs"),
    [
        (0, None, ["backstage reconcile"]),
        (90, None, ["backstage reconcile"]),
        (1990, None, []),
        (0, "NULL", ["backstage reconcile --return pi_1"]),
        (0, "now()", []),
    ],
)
def test_a_payment_for_an_order_that_the_log_lacks_is_found_at_once_until_it_has_gone_back(
    database: str, returned_minor: int, noted: str | None, repairs: list[str]
) -> None:
    save(database, an_order())
    orphan = Captured("pi_1", uuid4(), 1990, returned_minor, AT)
    if noted:
        with psycopg.connect(database, autocommit=True) as conn:
            conn.execute(STRAYS.format(noted))

    found = payments(database, orphan, now=AT + timedelta(seconds=1))

    assert [each.repair for each in found] == repairs


def test_a_refund_that_the_log_has_lost_is_found_after_a_quarter_of_an_hour(database: str) -> None:
    order = an_order()
    order.fulfil("pi_1")
    order.refund("re_1", 90)
    save(database, order)
    back = replace(captured(order, returned_minor=1990), returned_at=AT)

    early = payments(database, back, now=AT + SETTLED_WITHIN)
    (late,) = payments(database, back)
    (next_day,) = payments(database, back, now=AT + timedelta(days=1))
    order.refund("re_2", 1900)
    order.fail_refund("re_2", 1900)
    save(database, order)
    (failed,) = payments(database, back)
    order.refund("re_3", 1900)
    save(database, order)

    assert early == payments(database, back) == []
    assert late.sentence.endswith("1990 of payment pi_1 were refunded, our log has 90")
    assert (late.repair, next_day.repair) == (
        "backstage reconcile",
        f"backstage reconcile --day {AT.date()}",
    )
    assert failed.sentence == late.sentence


def test_a_return_that_never_ends_and_an_order_that_stays_open_are_found(database: str) -> None:
    returning, held = an_order(), an_order("pi_2")
    returning.order.expire("hold_expired", AT)
    return_whole(returning.payment, "order_not_open", AT)
    save(database, returning, held)

    with stores.reading(database) as conn:
        now = datetime.now(UTC)
        young = [each.sentence for each in check_stuck(conn, AT)]
        found = [each.repair for each in check_stuck(conn, now + SETTLED_WITHIN)]

    assert young == []
    assert found == [
        "backstage schedule retry checkout return_payment pi_1",
        f"backstage schedule retry checkout close_order {held.id}",
    ]


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


def test_extra_and_missing_channel_members_are_found() -> None:
    here, there = uuid4(), uuid4()

    found = discrepancies({here: {"ada", "bob"}, there: {"ada"}}, {here: {"bob", "eve"}})

    assert found == {
        (here, "ada", "missing"),
        (here, "eve", "extra"),
        (there, "ada", "missing"),
    }
    assert [each.check for each in as_findings(found, CHANNELS)] == ["channel members"] * 3


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
            "INSERT INTO door_list VALUES (%s, %s, %s, now(), NULL, %s, 1)",
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
        system.rows(
            service, "INSERT INTO team_list VALUES (%s, %s, 'collaborator', 1)", SPACE, HOST
        )
    for person in (MEMBER, HOST):
        system.rows(
            "chat",
            "INSERT INTO channel_member_list VALUES (%s, %s, %s, 1, 'member', 'member')",
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
        found = as_findings(discrepancies(allowed, video_tokens(streaming)), VIDEO)
        found += as_findings(discrepancies(allowed, chat_tokens(chat)), CHAT)
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
        (
            "chat",
            "DELETE FROM channel_member_list WHERE person_id = '{MEMBER}'",
            "no token for its chat",
        ),
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

    def promised(bought: Bought, cause: Cause) -> None:
        store.execute(cause, lambda: (store.application.save(bought.order), str(bought.id))[1])

    def asked_back(bought: Bought) -> str:
        bought.fulfil("pi_1")
        request_id = uuid4()
        request_refund(bought.payment, request_id, None, "creator", AT)
        store.application.save(bought.order, bought.payment)
        return str(request_id)

    promised(told, Cause(uuid4()))
    store.execute(Cause(uuid4()), lambda: asked_back(told))
    with stores.reading(database) as conn:
        well = check_answers(conn)
    store.work(Cause(uuid4()), lambda: store.application.save(untold.order))
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
def test_message_of_another_contract_version_counts_as_equal(
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


def test_unreadable_cursor_means_from_the_beginning(tmp_path: Path) -> None:
    file = tmp_path / "verify.json"
    kept = Cursor(
        streams={"chat": Reached(1, "7-8", 9)},
        effects={"checkout": 7},
        stock=Ledger(LogCursor(7, 8, "seat", 2), [(9, 10)], {str(uuid4()): Taken(1, 2, None)}),
        outcomes=Awaited({"access": LogCursor(3, 4, "grant", 1)}, memberships=[uuid4()]),
        payments=Asked(AT, LogCursor(), {"pi_1": uuid4()}),
        views=Turn("chat channel_member_list", ["access grant_list"]),
    )
    kept.save(file)
    known = Cursor.load(file)
    file.write_text("{half")

    assert known == kept
    assert Cursor.load(file) == Cursor()
