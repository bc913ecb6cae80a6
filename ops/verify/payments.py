"""Every captured payment ends as exactly one of: pass granted, or money returned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow

from ops.verify.captured_payments import Captured, CapturedPayments
from ops.verify.finding import Finding
from ops.verify.log_cursor import LogCursor, settled_end, still_there
from services.checkout.memberships import audit as memberships
from services.checkout.orders import audit as orders
from services.checkout.payments import audit as payments
from services.checkout.reconciliation import audit as reconciliation

SETTLED_WITHIN: Final = timedelta(minutes=15)
FIRST_BACK: Final = timedelta(days=2)
_OVERLAP: Final = timedelta(hours=1)
"""Recent payments of the last run that it could not judge yet."""


@dataclass
class Asked:
    """From when on to ask the provider, how far the log was compared, and unsolved payments by
    order.

    Unsolved payments are looked up whenever they were created.
    """

    since: datetime | None = None
    cursor: LogCursor = field(default_factory=LogCursor)
    unsolved: dict[str, UUID] = field(default_factory=dict)


def check_payments(
    checkout: Connection[DictRow], captured: CapturedPayments, asked: Asked, now: datetime
) -> tuple[list[Finding], Asked]:
    """Check payments and orders that earlier runs have not seen or not solved."""
    since = asked.since or now - FIRST_BACK
    cursor, end = still_there(checkout, asked.cursor), settled_end(checkout)
    look = _Look(checkout, captured, now)
    for payment in captured.since(since):
        look.at(payment)
    granted = {
        row["payment_intent_id"]: row["order_id"] for row in _started(checkout, since, cursor, end)
    }
    for intent, order_id in (asked.unsolved | granted).items():
        if intent is not None:
            look.by_id(intent, order_id)
    findings = [finding for finding, _ in look.found.values()]
    unsolved = {intent: order_id for intent, (_, order_id) in look.found.items()}
    return findings, Asked(now - _OVERLAP, end, unsolved)


def _started(
    checkout: Connection[DictRow], since: datetime, cursor: LogCursor, end: LogCursor
) -> Sequence[DictRow]:
    bounds = {"xact": cursor.xact, "id": cursor.id, "end_xact": end.xact, "end_id": end.id}
    return memberships.list_started(checkout, since=since + SETTLED_WITHIN, **bounds)


class _Look:
    """Checks each payment once; findings are stored with their order."""

    def __init__(
        self, checkout: Connection[DictRow], captured: CapturedPayments, now: datetime
    ) -> None:
        self.found: dict[str, tuple[Finding, UUID]] = {}
        self._checkout = checkout
        self._captured = captured
        self._now = now
        self._seen: set[str] = set()

    def at(self, payment: Captured) -> None:
        """Judge a captured payment."""
        self._seen.add(payment.payment_intent_id)
        # A payment without an order is not ours: the account sells elsewhere too.
        if payment.order_id is None:
            return
        finding = _check_one(self._checkout, payment, payment.order_id, self._now)
        if finding is not None:
            self.found[payment.payment_intent_id] = (finding, payment.order_id)

    def by_id(self, intent: str, order_id: UUID) -> None:
        """Look up a payment that the list did not show: it may be much older."""
        if intent in self._seen:
            return
        payment = self._captured.get(intent)
        if payment is not None:
            self.at(payment)
        elif memberships.count_started(self._checkout, order_id, intent):
            what = f"was granted for {intent}, never captured"
            finding = _of_order(order_id, what, f"backstage events ls --mentions {order_id}")
            self.found[intent] = (finding, order_id)


def check_stuck(checkout: Connection[DictRow], now: datetime) -> list[Finding]:
    """Find refunds in progress and open orders that take too long."""
    late = now - SETTLED_WITHIN
    return [
        _of_order(
            row["order_id"],
            f"{row['payment_intent_id']} has been in refund since {row['since']:%F %T %Z}",
            f"backstage schedule retry checkout return_payment {row['payment_intent_id']}",
        )
        for row in payments.list_returning(checkout, late)
    ] + [
        _of_order(
            row["order_id"],
            f"is still open although its hold ended at {row['held_until']:%F %T %Z}",
            f"backstage schedule retry checkout close_order {row['order_id']}",
        )
        for row in orders.list_never_ended(checkout, late)
    ]


def check_balances(checkout: Connection[DictRow]) -> list[Finding]:
    """Find days whose sums differed from the provider's at the last comparison."""
    return [
        Finding(
            "balances",
            "checkout",
            f"the money of {row['day']} differs from the provider's: {_sides(row['sums'])}"
            f" (see {', '.join(row['differing'])})",
            f"backstage reconcile --day {row['day']}",
        )
        for row in reconciliation.list_differing_days(checkout)
    ]


def _sides(sums: Mapping[str, Mapping[str, int]]) -> str:
    return "; ".join(
        f"{currency} captured {each['captured_theirs_minor']} there and"
        f" {each['captured_ours_minor']} here, refunded {each['returned_theirs_minor']} there"
        f" and {each['returned_ours_minor']} here"
        for currency, each in sorted(sums.items())
    )


def _check_one(
    checkout: Connection[DictRow], payment: Captured, order_id: UUID, now: datetime
) -> Finding | None:
    intent = payment.payment_intent_id
    ours = payments.get_money_back(checkout, order_id, intent, now - SETTLED_WITHIN)
    granted, returned = memberships.count_started(checkout, order_id, intent), ours["returned"]
    what = f"payment {intent}"
    history = f"backstage events ls --mentions {order_id}"
    if granted + returned > 1:
        return _of_order(order_id, f"{what}: granted {granted}, returned {returned} times", history)
    if returned and payment.returned_minor < payment.amount_minor:
        took = f"{payment.returned_minor} of {payment.amount_minor}"
        return _of_order(
            order_id,
            f"{what} is recorded as refunded, but {took} were refunded",
            "backstage reconcile; if that does not help, refund the rest at the provider",
        )
    if not orders.is_known(checkout, order_id):
        # The order is stored before its payment is requested, so waiting would not help.
        return _orphaned(checkout, payment, order_id, now)
    if granted:
        return _refunded_otherwise(payment, order_id, ours, now)
    age = now - payment.captured_at
    if returned or age <= SETTLED_WITHIN:
        return None
    minutes = int(age.total_seconds() // 60)
    return _of_order(
        order_id,
        f"{what} was captured {minutes} min ago without a pass or a refund",
        _reconcile(payment.captured_at, now),
    )


def _refunded_otherwise(
    payment: Captured, order_id: UUID, ours: DictRow, now: datetime
) -> Finding | None:
    """Find refunds that differ between the provider and our log.

    Our log may miss one, so that the purchase may be over. Or it has one too many, because a bank
    returned a refund.
    """
    theirs, at = payment.returned_minor, payment.returned_at
    went = f"{theirs} of payment {payment.payment_intent_id} were refunded, our log has"
    if theirs < ours["long_refunded_minor"]:
        return _of_order(order_id, f"{went} {ours['long_refunded_minor']}", "backstage reconcile")
    if at is not None and theirs > ours["refunded_minor"] and now - at > SETTLED_WITHIN:
        return _of_order(order_id, f"{went} {ours['refunded_minor']}", _reconcile(at, now))
    return None


def _reconcile(at: datetime, now: datetime) -> str:
    """Return the command that goes through the lists of that moment."""
    day = at.astimezone(UTC).date()
    of_day = f" --day {day}" if day < now.astimezone(UTC).date() else ""
    return f"backstage reconcile{of_day}"


def _orphaned(
    checkout: Connection[DictRow], payment: Captured, order_id: UUID, now: datetime
) -> Finding | None:
    """Report a payment for an order that the log lacks: an older copy was restored."""
    found = reconciliation.find_orphaned_payment(checkout, payment.payment_intent_id)
    if payment.returned_minor >= payment.amount_minor or (found and found["returned_at"]):
        return None
    by_hand = f"backstage reconcile --return {payment.payment_intent_id}"
    return _of_order(
        order_id,
        f"payment {payment.payment_intent_id} was captured for it, but the order does not exist",
        by_hand if found else _reconcile(payment.captured_at, now),
    )


def _of_order(order_id: UUID, what: str, repair: str) -> Finding:
    return Finding("payments", "checkout", f"order {order_id}: {what}", repair)
