"""Stripe's objects, read."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from services.checkout.payments.provider.protocol import (
    MovementKind,
    ProviderMovement,
    ProviderRefund,
)

_GOES_BACK: Final = ("succeeded", "pending", "requires_action")
"""The states of a refund that counts; the others failed or were cancelled."""

_EVENT_ID: Final = re.compile(r"evt_[A-Za-z0-9_]{1,250}")
_EVENT_TYPE: Final = re.compile(r"[a-z0-9_.]{1,255}")
_INTENT_ID: Final = re.compile(r"pi_[A-Za-z0-9_]{1,250}")
"""Ids become parts of URLs at Stripe (docs.stripe.com/api: a prefix, letters and digits)."""
_ATTEMPT: Final = re.compile(r"[1-9][0-9]{0,5}")


def refund_of(refund: Mapping[str, Any]) -> ProviderRefund:
    """A refund, with its failure if it failed."""
    metadata = refund["metadata"] or {}
    failure = None
    if refund["status"] not in _GOES_BACK:
        failure = refund.get("failure_reason") or refund["status"] or "unknown"
    request_id = uuid_of(metadata.get("request_id"))
    return ProviderRefund(refund["id"], refund["amount"], request_id, failure)


def attempt_of(text: str | None) -> int:
    """The attempt in the metadata; anybody may have edited it on Stripe's dashboard."""
    return int(text) if text and _ATTEMPT.fullmatch(text) else 1


ReadMovement = Callable[[dict[str, Any]], ProviderMovement | None]


def movement_of_intent(intent: dict[str, Any]) -> ProviderMovement | None:
    """A captured or cancelled payment; None while undecided."""
    intent_id = intent["id"]
    if intent["status"] == "succeeded":
        at, amount_minor = (intent["latest_charge"] or intent)["created"], intent["amount_received"]
        return _movement(intent, MovementKind.CAPTURED, intent, intent_id, amount_minor, at)
    if intent["status"] == "canceled":
        at, amount_minor = intent["canceled_at"], intent["amount"]
        return _movement(intent, MovementKind.CANCELLED, intent, intent_id, amount_minor, at)
    return None


def movement_of_charge(charge: dict[str, Any]) -> ProviderMovement | None:
    """A charge that was captured; None for any other."""
    # `paid` is also true of a debit that the bank has not made yet.
    succeeded = charge["status"] == "succeeded"
    if not (succeeded and charge["captured"] and charge["payment_intent"]):
        return None
    # Stripe copies a payment's metadata into its charges.
    intent = {"id": charge["payment_intent"], "metadata": charge["metadata"]}
    amount_minor = charge["amount_captured"]
    return _movement(
        charge, MovementKind.CAPTURED, intent, intent["id"], amount_minor, charge["created"]
    )


def movement_of_refund(refund: dict[str, Any]) -> ProviderMovement | None:
    """A refund or its failure; None if its charge has no payment."""
    intent = refund["payment_intent"]
    if intent is None:
        return None
    kind = MovementKind.RETURNED if refund["status"] in _GOES_BACK else MovementKind.REFUND_FAILED
    return _movement(refund, kind, intent, refund["id"], refund["amount"], refund["created"])


def _movement(
    found: dict[str, Any],
    kind: MovementKind,
    intent: Any,
    movement_id: str,
    amount_minor: int,
    at: int,
) -> ProviderMovement | None:
    order_id = uuid_of(intent["metadata"].get("order_id"))
    if order_id is None:
        return None
    return ProviderMovement(
        object_id=found["id"],
        kind=kind,
        payment_intent_id=intent["id"],
        movement_id=movement_id,
        order_id=order_id,
        amount_minor=amount_minor,
        currency=found["currency"].upper(),
        at=datetime.fromtimestamp(at, UTC),
        marked=(intent["metadata"].get("attempt") or "").isdecimal(),
    )


def uuid_of(text: str | None) -> UUID | None:
    """The UUID, or None if the text isn't one."""
    try:
        return None if text is None else UUID(text)
    except ValueError:
        return None


def intent_of(about: dict[str, Any]) -> str | None:
    """The payment that an event's object is or belongs to; None if its id is malformed."""
    named = about["id"] if about["object"] == "payment_intent" else about.get("payment_intent")
    return named if _is(_INTENT_ID, named) else None


def is_event_id(name: object) -> bool:
    """Whether it has the form of an event's id."""
    return _is(_EVENT_ID, name)


def is_event_type(name: object) -> bool:
    """Whether it has the form of an event's type."""
    return _is(_EVENT_TYPE, name)


def _is(form: re.Pattern[str], name: object) -> bool:
    return isinstance(name, str) and form.fullmatch(name) is not None
