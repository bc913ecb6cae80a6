"""The views built again from the log equal the ones that were written live."""

from typing import Any
from uuid import uuid4

from libs.events.catalog import TeamMemberRemoved
from libs.permissions.views import TeamList
from libs.runtime.store import log
from libs.runtime.store.cause import Cause
from services.checkout.memberships.membership import Membership
from services.checkout.memberships.projections import MembershipList
from services.checkout.orders.projections import OrderList
from services.checkout.orders.sale.catalog import PassSale
from services.checkout.payments.projections import MoneyList, PaymentList
from services.checkout.payments.provider.protocol import ProviderRefund
from services.checkout.reconciliation.projections import BalanceList, OrphanedPaymentList
from services.checkout.stock.projections import SeatList
from services.checkout.tests.builders import a_pass, a_payment, a_space, about, an_end, free, terms
from services.checkout.tests.conftest import Shop

OWN = (
    OrderList(),
    MembershipList(),
    PaymentList(),
    SeatList(),
    MoneyList(),
    BalanceList(),
    OrphanedPaymentList(),
)


def everything_that_can_happen(shop: Shop) -> None:
    def do(decide: Any) -> None:
        shop.store.work(Cause(uuid4()), decide)

    checkout = shop.checkout
    shop.buy(shop.offer(free()).pass_id)
    pass_id = shop.offer(terms(stock=1)).pass_id
    late = shop.buy(pass_id)
    do(lambda: checkout.orders.attach_payment(late, a_payment(late, "awaiting")))
    declined = a_payment(late, "awaiting", failure="ch_0", failure_code="generic_decline")
    do(lambda: checkout.orders.apply_provider_state(late, declined))
    shop.pass_time(minutes=10)
    do(lambda: checkout.orders.extend_hold(late, a_payment(late, "challenged")))
    shop.pass_time(minutes=10)
    do(lambda: checkout.orders.apply_provider_state(late, a_payment(late, "cancelled")))
    do(lambda: checkout.orders.close_order(late))
    second = shop.buy(pass_id)
    do(
        lambda: checkout.orders.apply_provider_state(
            second, a_payment(second, payment_intent_id="pi_2")
        )
    )
    do(lambda: checkout.orders.apply_provider_state(late, a_payment(late)))
    do(lambda: checkout.payments.record_return(late, "pi_1", ProviderRefund("re_1", 1990)))
    failed = ProviderRefund("re_1", 1990, failure="unknown")
    do(
        lambda: checkout.orders.apply_provider_state(
            late, a_payment(late, failed_refunds=(failed,))
        )
    )
    do(lambda: checkout.payments.record_return(late, "pi_1", ProviderRefund("re_4", 1990)))
    do(lambda: checkout.refunds.request_refund(uuid4(), second, 90, "creator"))
    do(lambda: checkout.refunds.record_refund(second, ProviderRefund("re_2", 90)))
    do(lambda: checkout.refunds.record_refund(second, ProviderRefund("re_3", 1900)))
    do(
        lambda: checkout.refunds.record_refund(
            second, ProviderRefund("re_3", 1900, failure="unknown")
        )
    )
    do(lambda: checkout.refunds.record_refund(second, ProviderRefund("re_5", 1900)))
    third = shop.buy(pass_id)
    do(lambda: checkout.orders.give_up_payment(third, 1, "amount_too_small"))
    a_removal(shop, do)
    a_refusal_an_orphaned_payment_and_two_balances(shop, do)


def a_removal(shop: Shop, do: Any) -> None:
    taken_away = shop.offer(free())
    membership_id = Membership.create_id(shop.buy(taken_away.pass_id))
    for experience_id in taken_away.experience_ids:
        do(lambda e=experience_id: shop.checkout.memberships.remove_experience(membership_id, e))


def a_refusal_an_orphaned_payment_and_two_balances(shop: Shop, do: Any) -> None:
    checkout = shop.checkout
    refused = uuid4()
    fourth = shop.buy(shop.offer(terms(stock=1)).pass_id)
    do(
        lambda: checkout.orders.apply_provider_state(
            fourth, a_payment(fourth, payment_intent_id="pi_4")
        )
    )
    do(lambda: checkout.refunds.request_refund(refused, fourth, 90, "creator"))
    do(lambda: checkout.refunds.refuse_refund(fourth, refused, "insufficient_balance", 1))
    for refunds in ((), (ProviderRefund("re_9", 1990),)):
        orphan = a_payment(uuid4(), payment_intent_id="pi_5", refunds=refunds)
        do(
            lambda orphan=orphan: checkout.reconciliation.record_orphaned_payment(
                orphan.order_id, orphan
            )
        )
    sums = {"EUR": {"captured_theirs_minor": 1990, "captured_ours_minor": 0}}
    for differing in (["pi_1"], []):
        do(lambda some=differing: checkout.reconciliation.balance_day("2026-06-01", sums, some))


def dump(shop: Shop) -> dict[str, list[dict[str, Any]]]:
    return {
        table: shop.rows(f"SELECT * FROM {table} ORDER BY 1, 2")  # noqa: S608
        for view in OWN
        for table in view.tables
    }


def test_rebuilt_views_equal_the_live_ones(shop: Shop) -> None:
    everything_that_can_happen(shop)
    live = dump(shop)
    shop.rows(f"TRUNCATE {', '.join(live)}")

    def rebuild(curs: Any) -> None:
        for logged in log.read_after(curs, log.START, 500).events:
            event: Any = shop.checkout.mapper.to_domain_event(logged.stored)
            envelope = shop.store.envelope_of(logged, "any", 1)
            for view in OWN:
                view.apply(event, envelope, curs)

    shop.store.query(rebuild)

    assert dump(shop) == live
    assert all(live.values())
    assert {row["status"] for row in live["order_list"]} == {
        "fulfilled",
        "returned",
        "expired",
    }
    assert {row["state"] for row in live["membership_list"]} == {"active", "ended", "refunded"}


def test_newer_version_of_a_pass_wins_in_any_order(
    shop: Shop,
) -> None:
    new = a_pass(terms(price_minor=2), version_number=2)
    old = a_pass(terms(price_minor=1), pass_id=new.pass_id)

    def apply(curs: Any) -> None:
        view = PassSale()
        view.apply(new, about(new, new.pass_id, 5), curs)
        view.apply(an_end(new), about(an_end(new), new.pass_id, 7), curs)
        view.apply(old, about(old, new.pass_id, 3), curs)

    shop.store.query(apply)

    row = shop.row("SELECT terms, archived FROM pass_sale")
    assert row["terms"]["price_minor"] == 2
    assert row["archived"] is True


def test_old_event_restores_no_former_team_member(shop: Shop) -> None:
    space_id, owner_id = uuid4(), uuid4()
    created = a_space(owner_id, space_id)

    def apply(curs: Any) -> None:
        view = TeamList()
        gone = TeamMemberRemoved(space_id=space_id, person_id=owner_id)
        view.apply(gone, about(gone, space_id, 9), curs)
        view.apply(created, about(created, space_id, 1), curs)

    shop.store.query(apply)

    assert shop.row("SELECT role FROM team_list")["role"] is None
