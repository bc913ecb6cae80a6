"""The published operations that are served here, and who may call them."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.state import Document
from sandbox.stripe import (
    charges,
    customers,
    events,
    payment_intents,
    payment_methods,
    problems,
    refunds,
)
from sandbox.stripe.account import Call
from sandbox.stripe.confirmation import attempt, capture
from sandbox.stripe.published import REQUESTS

Handler = Callable[[Call], Document]


def _confirm(call: Call) -> Document:
    return attempt(call, payment_intents.located(call))


def _capture(call: Call) -> Document:
    return capture(call, payment_intents.located(call))


_HANDLERS: dict[str, Handler] = {
    "POST /v1/customers": customers.create_customer,
    "GET /v1/customers": customers.list_customers,
    "GET /v1/customers/{customer}": customers.get_customer,
    "POST /v1/customers/{customer}": customers.update_customer,
    "POST /v1/payment_intents": payment_intents.create_payment_intent,
    "GET /v1/payment_intents": payment_intents.list_payment_intents,
    "GET /v1/payment_intents/search": payment_intents.search_payment_intents,
    "GET /v1/payment_intents/{intent}": payment_intents.get_payment_intent,
    "POST /v1/payment_intents/{intent}": payment_intents.update_payment_intent,
    "POST /v1/payment_intents/{intent}/confirm": _confirm,
    "POST /v1/payment_intents/{intent}/cancel": payment_intents.cancel_payment_intent,
    "POST /v1/payment_intents/{intent}/capture": _capture,
    "GET /v1/charges": charges.list_charges,
    "GET /v1/charges/{charge}": charges.get_charge,
    "POST /v1/refunds": refunds.create_refund,
    "GET /v1/refunds": refunds.list_refunds,
    "GET /v1/refunds/{refund}": refunds.get_refund,
    "POST /v1/refunds/{refund}": refunds.update_refund,
    "GET /v1/events": events.list_events,
    "GET /v1/events/{id}": events.get_event,
    "POST /v1/payment_methods": payment_methods.create_payment_method,
    "GET /v1/payment_methods": payment_methods.list_payment_methods,
    "GET /v1/payment_methods/{payment_method}": payment_methods.get_payment_method,
    "POST /v1/payment_methods/{payment_method}/attach": payment_methods.attach_payment_method,
    "POST /v1/payment_methods/{payment_method}/detach": payment_methods.detach_payment_method,
}
OPERATION_NAMES = frozenset(_HANDLERS)
_FOR_BROWSERS = frozenset(
    {
        "POST /v1/payment_methods",
        "GET /v1/payment_intents/{intent}",
        "POST /v1/payment_intents/{intent}/confirm",
    }
)


@dataclass(frozen=True)
class Operation:
    """One published operation: its accepted parameters and its handler."""

    name: str
    handler: Handler
    form: Document
    for_browsers: bool
    pattern: re.Pattern[str]


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", name))


_OPERATIONS = [
    Operation(name, handler, REQUESTS[name], name in _FOR_BROWSERS, _pattern(name))
    for name, handler in _HANDLERS.items()
]


def operation_at(method: str, path: str) -> tuple[Operation, dict[str, str]]:
    """Return the operation of an address with the ids in it. Refuses an unknown address."""
    for operation in _OPERATIONS:
        if match := operation.pattern.fullmatch(f"{method} {path}"):
            return operation, match.groupdict()
    raise problems.unknown_url(method, path)
