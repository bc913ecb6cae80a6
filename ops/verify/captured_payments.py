"""The payments that Stripe has captured."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from uuid import UUID

import stripe

_TIMEOUT_S: Final = 10.0
_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Captured:
    """A captured payment, in the smallest unit of its currency."""

    payment_intent_id: str
    order_id: UUID | None
    amount_minor: int
    returned_minor: int
    captured_at: datetime
    returned_at: datetime | None = None
    """The time of the last refund."""


class CapturedPayments(Protocol):
    """The payments that a provider has captured."""

    def since(self, at: datetime) -> Iterator[Captured]:
        """Yield captured payments that were created at or after then."""
        ...

    def get(self, payment_intent_id: str) -> Captured | None:
        """Return one payment, whenever it was created; None if unknown or not captured."""
        ...


class StripePayments:
    """Asks Stripe through its official SDK.

    `variables` are those of the checkout: `STRIPE_API_KEY`, `STRIPE_API_URL`.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._intents = stripe.StripeClient(
            variables["STRIPE_API_KEY"],
            base_addresses={"api": variables.get("STRIPE_API_URL", "https://api.stripe.com")},
            max_network_retries=2,
            http_client=stripe.RequestsClient(timeout=_TIMEOUT_S),
        ).v1.payment_intents

    def since(self, at: datetime) -> Iterator[Captured]:
        pages = self._intents.list(
            {
                "limit": _PAGE,
                "created": {"gte": int(at.timestamp())},
                "expand": ["data.latest_charge.refunds"],
            }
        )
        for intent in pages.auto_paging_iter():
            found = intent.to_dict()
            if found["status"] == "succeeded":
                yield _captured(found)

    def get(self, payment_intent_id: str) -> Captured | None:
        try:
            intent = self._intents.retrieve(
                payment_intent_id, {"expand": ["latest_charge.refunds"]}
            )
        except stripe.InvalidRequestError as unknown:
            if unknown.code == "resource_missing":
                return None
            raise
        found = intent.to_dict()
        return _captured(found) if found["status"] == "succeeded" else None


def _captured(intent: dict[str, Any]) -> Captured:
    charge = intent["latest_charge"]
    try:
        order_id: UUID | None = UUID(intent["metadata"].get("order_id", ""))
    except ValueError:
        order_id = None
    refunds = charge["refunds"]["data"] if charge else []
    returned_at = max((refund["created"] for refund in refunds), default=None)
    return Captured(
        payment_intent_id=intent["id"],
        order_id=order_id,
        amount_minor=intent["amount_received"],
        returned_minor=charge["amount_refunded"] if charge else 0,
        captured_at=datetime.fromtimestamp((charge or intent)["created"], UTC),
        returned_at=returned_at and datetime.fromtimestamp(returned_at, UTC),
    )
