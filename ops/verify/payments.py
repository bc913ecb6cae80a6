"""Every captured payment ends as exactly one of: pass granted, or money returned."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import stripe
from psycopg import Connection
from psycopg.rows import DictRow

from ops.verify.finding import Finding

SETTLED_WITHIN: Final = timedelta(minutes=15)
_TIMEOUT_S: Final = 10.0
_PAGE: Final = 100

_OUTCOMES: Final = """
    SELECT topic, count(*) AS times FROM events
    WHERE originator_id = %s
      AND topic IN ('checkout.order.fulfilled', 'checkout.order.payment_returned')
      AND convert_from(state, 'UTF8')::jsonb ->> 'payment_intent_id' = %s
    GROUP BY topic
"""
_FULFILLED: Final = """
    SELECT convert_from(state, 'UTF8')::jsonb ->> 'payment_intent_id' AS payment_intent_id,
           originator_id AS order_id
    FROM events WHERE topic = 'checkout.order.fulfilled' AND recorded_at >= %s
"""
_DIFFERING: Final = """
    SELECT day::text, sums, differing FROM balance_list
    WHERE differing <> '[]'::jsonb ORDER BY day
"""


@dataclass(frozen=True, slots=True)
class Captured:
    """A payment that the provider has taken, in the smallest unit of its currency."""

    payment_intent_id: str
    order_id: UUID | None
    amount_minor: int
    returned_minor: int
    captured_at: datetime


def captured_at_stripe(variables: Mapping[str, str], since: datetime) -> Iterator[Captured]:
    """Payments made at or after then that were captured, through the official SDK.

    `variables` are those of the checkout: `STRIPE_API_KEY`, `STRIPE_API_URL`.
    """
    client = stripe.StripeClient(
        variables["STRIPE_API_KEY"],
        base_addresses={"api": variables.get("STRIPE_API_URL", "https://api.stripe.com")},
        max_network_retries=2,
        http_client=stripe.RequestsClient(timeout=_TIMEOUT_S),
    )
    pages = client.v1.payment_intents.list(
        {
            "limit": _PAGE,
            "created": {"gte": int(since.timestamp())},
            "expand": ["data.latest_charge"],
        }
    )
    for intent in pages.auto_paging_iter():
        found = intent.to_dict()
        if found["status"] == "succeeded":
            yield _captured(found)


def _captured(intent: dict[str, Any]) -> Captured:
    charge = intent["latest_charge"]
    try:
        order_id: UUID | None = UUID(intent["metadata"].get("order_id", ""))
    except ValueError:
        order_id = None
    return Captured(
        payment_intent_id=intent["id"],
        order_id=order_id,
        amount_minor=intent["amount_received"],
        returned_minor=charge["amount_refunded"] if charge else 0,
        captured_at=datetime.fromtimestamp((charge or intent)["created"], UTC),
    )


def check_payments(
    checkout: Connection[DictRow], captured: Iterator[Captured], since: datetime, now: datetime
) -> list[Finding]:
    """What is amiss with the payments since then."""
    found: list[Finding] = []
    seen: set[str] = set()
    for payment in captured:
        seen.add(payment.payment_intent_id)
        if payment.order_id is None:
            # Not made by us: the account sells elsewhere too.
            continue
        found += _check_one(checkout, payment, now)
    for row in checkout.execute(_FULFILLED, (since + SETTLED_WITHIN,)):
        intent = row["payment_intent_id"]
        if intent is not None and intent not in seen:
            found.append(_of_order(row["order_id"], f"was granted for {intent}, never captured"))
    return found


def check_balances(checkout: Connection[DictRow]) -> list[Finding]:
    """Days whose sums were not the same at the provider when they were compared last."""
    return [
        Finding(
            "balances",
            "checkout",
            f"the money of {row['day']} is not the same at the provider: {_sides(row['sums'])}"
            f" (see {', '.join(row['differing'])})",
            f"backstage reconcile --day {row['day']}",
        )
        for row in checkout.execute(_DIFFERING)
    ]


def _sides(sums: Mapping[str, Mapping[str, int]]) -> str:
    return "; ".join(
        f"{currency} captured {each['captured_theirs_minor']} there and"
        f" {each['captured_ours_minor']} here, went back {each['returned_theirs_minor']} there"
        f" and {each['returned_ours_minor']} here"
        for currency, each in sorted(sums.items())
    )


def _check_one(checkout: Connection[DictRow], payment: Captured, now: datetime) -> list[Finding]:
    if payment.order_id is None:
        return []
    rows = checkout.execute(_OUTCOMES, (payment.order_id, payment.payment_intent_id))
    times = {row["topic"].rsplit(".", 1)[1]: row["times"] for row in rows}
    granted, returned = times.get("fulfilled", 0), times.get("payment_returned", 0)
    what = f"payment {payment.payment_intent_id}"
    if granted + returned > 1:
        return [
            _of_order(payment.order_id, f"{what}: granted {granted}, returned {returned} times")
        ]
    if returned and payment.returned_minor < payment.amount_minor:
        took = f"{payment.returned_minor} of {payment.amount_minor}"
        return [_of_order(payment.order_id, f"{what} is called returned, {took} went back")]
    age = now - payment.captured_at
    if not granted + returned and age > SETTLED_WITHIN:
        minutes = int(age.total_seconds() // 60)
        return [_of_order(payment.order_id, f"{what} was captured {minutes} min ago, nothing came")]
    return []


def _of_order(order_id: UUID, what: str) -> Finding:
    return Finding(
        "payments",
        "checkout",
        f"order {order_id}: {what}",
        f"backstage inbox ls --service checkout --mentions {order_id}; then `inbox retry` the hint",
    )
