"""Payment intents, apart from their confirmation.

Source: https://docs.stripe.com/api/payment_intents and the life cycle at
https://docs.stripe.com/payments/paymentintents/lifecycle.
"""

import hmac
from typing import Any

from sandbox.state import Document
from sandbox.stripe import problems
from sandbox.stripe.account import Call, merged_metadata, random_letters, shown
from sandbox.stripe.confirmation import attempt
from sandbox.stripe.currencies import check_amount, check_currency
from sandbox.stripe.listing import list_page, search_page
from sandbox.stripe.payment_methods import payment_method_of
from sandbox.stripe.published import nulls
from sandbox.stripe.versions import ASYNC_CAPTURE, AUTOMATIC_PAYMENT_METHODS, SEARCH

_KEPT = (
    "description",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
    "application_fee_amount",
    "on_behalf_of",
    "payment_method_options",
)
_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
_CANCELABLE = (
    "requires_payment_method",
    "requires_capture",
    "requires_confirmation",
    "requires_action",
    "processing",
)
_NAMES_FOR_BROWSERS = """
id object amount amount_details automatic_payment_methods canceled_at cancellation_reason
capture_method client_secret confirmation_method created currency description
last_payment_error livemode next_action payment_method payment_method_configuration_details
payment_method_types processing receipt_email setup_future_usage shipping status
"""
_FOR_BROWSERS = frozenset(_NAMES_FOR_BROWSERS.split())


def for_caller(call: Call, intent: Document) -> Document:
    """Return what this caller may see: a browser gets no metadata, customer or charge."""
    if call.caller == "secret":
        return shown(intent)
    return {key: value for key, value in intent.items() if key in _FOR_BROWSERS}


def create_payment_intent(call: Call) -> Document:
    """Create a payment intent, and confirm it at once if asked to."""
    currency = check_currency(call.params["currency"])
    amount = check_amount(call.params["amount"], currency)
    intent_id = call.new_id("pi")
    intent = nulls("payment_intent") | {
        "id": intent_id,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "capture_method": call.params.get("capture_method") or _default_capture(call.version),
        "client_secret": f"{intent_id}_secret_{random_letters(25)}",
        "confirmation_method": call.params.get("confirmation_method") or "automatic",
        "created": call.now,
        "currency": currency,
        "livemode": False,
        "metadata": merged_metadata({}, call.params.get("metadata", {})),
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "status": "requires_payment_method",
    }
    intent |= _methods(call.params, call.version)
    _set_parts(call, intent)
    call.account.payment_intents.put(intent_id, intent)
    call.record("payment_intent.created", intent)
    return attempt(call, intent) if call.params.get("confirm") else intent


def _default_capture(version: str) -> str:
    return "automatic" if version < ASYNC_CAPTURE else "automatic_async"


def _methods(params: dict[str, Any], version: str) -> Document:
    listed = params.get("payment_method_types") or params.get("allowed_payment_method_types")
    given = params.get("automatic_payment_methods")
    if listed and given:
        message = (
            "You may only specify one of these parameters: automatic_payment_methods, "
            "payment_method_types."
        )
        raise problems.invalid(message)
    if listed:
        return {"automatic_payment_methods": None, "payment_method_types": listed}
    if given is None and version < AUTOMATIC_PAYMENT_METHODS:
        return {"automatic_payment_methods": None, "payment_method_types": ["card"]}
    automatic = {"allow_redirects": "always", "enabled": True} | (given or {})
    return {"automatic_payment_methods": automatic, "payment_method_types": ["card"]}


def _set_parts(call: Call, intent: Document) -> None:
    intent |= {name: call.params[name] for name in _KEPT if name in call.params}
    if call.params.get("customer"):
        customer_id = call.params["customer"]
        call.find(call.account.customers, customer_id, "customer", "customer")
        intent["customer"] = customer_id
    if call.params.get("payment_method"):
        method = payment_method_of(call, call.params["payment_method"])
        intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
        intent["next_action"] = None


def located(call: Call) -> Document:
    """Return the intent of the address; a browser must know its client secret."""
    intent = call.find(call.account.payment_intents, call.ids["intent"], "payment_intent", "intent")
    given = call.params.get("client_secret")
    if given is None and call.caller == "secret":
        return intent
    if given is None:
        message = "Missing required param: client_secret."
        code = "parameter_missing"
        raise problems.invalid(message, code=code, param="client_secret", begun=False)
    if not hmac.compare_digest(given.encode(), intent["client_secret"].encode()):
        message = (
            "The client_secret provided does not match the client_secret associated with the "
            "PaymentIntent."
        )
        code = "payment_intent_invalid_parameter"
        raise problems.invalid(message, code=code, param="client_secret")
    return intent


def get_payment_intent(call: Call) -> Document:
    return for_caller(call, located(call))


def update_payment_intent(call: Call) -> Document:
    """Change the given fields; amount and method only until the payment is in progress."""
    intent = located(call)
    for name in ("amount", "currency", "payment_method", "customer"):
        if name in call.params and intent["status"] not in _OPEN:
            message = (
                f"This PaymentIntent's {name} could not be updated because it has a status "
                f"of {intent['status']}. You may only update the {name} of a PaymentIntent "
                f"with one of the following statuses: {', '.join(_OPEN)}."
            )
            raise problems.unexpected_state(message, shown(intent))
    intent["currency"] = check_currency(call.params.get("currency") or intent["currency"])
    amount: int = call.params["amount"] if "amount" in call.params else intent["amount"]
    intent["amount"] = check_amount(amount, intent["currency"])
    if "metadata" in call.params:
        intent["metadata"] = merged_metadata(intent["metadata"], call.params["metadata"])
    _set_parts(call, intent)
    call.account.payment_intents.put(intent["id"], intent)
    return intent


def cancel_payment_intent(call: Call) -> Document:
    """Cancel an intent that has taken no money."""
    intent = located(call)
    if intent["status"] not in _CANCELABLE:
        message = (
            "You cannot cancel this PaymentIntent because it has a status of "
            f"{intent['status']}. Only a PaymentIntent with one of the following statuses may "
            f"be canceled: {', '.join(_CANCELABLE)}."
        )
        raise problems.unexpected_state(message, shown(intent))
    intent |= {
        "status": "canceled",
        "amount_capturable": 0,
        "canceled_at": call.now,
        "cancellation_reason": call.params.get("cancellation_reason"),
        "next_action": None,
    }
    call.account.payment_intents.put(intent["id"], intent)
    call.record("payment_intent.canceled", intent)
    return intent


def list_payment_intents(call: Call) -> Document:
    """Return intents newest first, perhaps of one customer or time."""
    customer = call.params.get("customer")
    wanted = (
        intent
        for intent in call.account.payment_intents.newest()
        if customer in (None, intent["customer"])
    )
    return list_page(call, wanted, "/v1/payment_intents")


def search_payment_intents(call: Call) -> Document:
    """Return the intents that match a search query.

    The real search lags up to a minute behind; this one does not.
    """
    if call.version < SEARCH:
        message = (
            f"Search is not supported on api version {call.version}. Your API version, or the "
            f"API Version of this request, has to be {SEARCH} or greater."
        )
        raise problems.invalid(message, begun=False)
    everything = call.account.payment_intents.newest()
    return search_page(call, everything, "/v1/payment_intents/search")
