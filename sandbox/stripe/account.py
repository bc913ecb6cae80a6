"""One Stripe account as the sandbox keeps it, and one request to it."""

import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.state import Collection, Document, State
from sandbox.stripe import problems
from sandbox.stripe.published import VERSION

_LETTERS = string.ascii_letters + string.digits
_KINDS = {
    "cus_": "customers",
    "pi_": "payment_intents",
    "ch_": "charges",
    "re_": "refunds",
    "pm_": "payment_methods",
    "evt_": "events",
}
Caller = Literal["secret", "publishable"]


def random_letters(count: int) -> str:
    """Return unguessable letters and digits, as in Stripe's ids and secrets."""
    return "".join(secrets.choice(_LETTERS) for _ in range(count))


def shown(document: Document) -> Document:
    """Return a document without its internal keys, which begin with _."""
    return {key: value for key, value in document.items() if not key.startswith("_")}


class Account:
    """The objects of an account, by kind, and its clock (seconds since 1970)."""

    def __init__(self, state: State, clock: Callable[[], float]) -> None:
        self.state = state
        self.clock = clock
        self.customers = state.collection("stripe.customers")
        self.payment_intents = state.collection("stripe.payment_intents")
        self.charges = state.collection("stripe.charges")
        self.refunds = state.collection("stripe.refunds")
        self.failing_refunds = state.collection("stripe.failing_refunds")
        self.payment_methods = state.collection("stripe.payment_methods")
        self.events = state.collection("stripe.events")

    def now(self) -> int:
        """Return the time in whole seconds."""
        return int(self.clock())

    def collection_of(self, object_id: str) -> Collection | None:
        """Return the collection of an id's prefix, or None for an unknown prefix."""
        for prefix, kind in _KINDS.items():
            if object_id.startswith(prefix):
                collection: Collection = getattr(self, kind)
                return collection
        return None


@dataclass
class Call:
    """One request to an operation: its caller, its parameters, and the events that it causes."""

    account: Account
    caller: Caller
    base_url: str
    request_id: str
    idempotency_key: str | None
    ids: dict[str, str]
    params: dict[str, Any]
    version: str = VERSION
    events: list[Document] = field(default_factory=list)

    @property
    def now(self) -> int:
        """Return the time in whole seconds."""
        return self.account.now()

    def new_id(self, prefix: str) -> str:
        """Return a new id such as `pi_3…`."""
        return f"{prefix}_3{random_letters(23)}"

    def record(self, event_type: str, document: Document, **previous: Any) -> None:
        """Record an event about an object; `previous` holds changed attributes."""
        data: dict[str, Any] = {"object": shown(document)}
        if previous:
            data["previous_attributes"] = previous
        event = {
            "id": self.new_id("evt"),
            "object": "event",
            "api_version": VERSION,
            "created": self.now,
            "data": data,
            "livemode": False,
            "pending_webhooks": 0,
            "request": {"id": self.request_id, "idempotency_key": self.idempotency_key},
            "type": event_type,
        }
        self.events.append(event)

    def find(
        self, collection: Collection, object_id: str, noun: str, param: str = "id"
    ) -> Document:
        """Return one object. Refuses an unknown id."""
        document = collection.get(object_id)
        if document is None:
            raise problems.missing(noun, object_id, param)
        return document


def merged_metadata(old: dict[str, str] | None, given: dict[str, str] | None) -> dict[str, str]:
    """Return the metadata after an update: empty values and an empty whole remove keys."""
    if given is None:
        return {}
    merged = (old or {}) | given
    kept = {key: value for key, value in merged.items() if value != ""}
    if len(kept) > 50:
        message = "You may only have up to 50 metadata keys on an object."
        raise problems.invalid(message, param="metadata")
    for key, value in kept.items():
        if len(key) > 40:
            message = f"Metadata keys can have up to 40 characters, but '{key}' is longer."
            raise problems.invalid(message, param="metadata")
        if len(value) > 500:
            message = f"Metadata values can have up to 500 characters, but '{key}' is longer."
            raise problems.invalid(message, param=f"metadata[{key}]")
    return kept
