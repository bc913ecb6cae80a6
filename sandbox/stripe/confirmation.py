"""One attempt to charge a payment intent, with or without 3-D Secure.

The states are those of https://docs.stripe.com/payments/paymentintents/lifecycle: a decline leads
back to `requires_payment_method`, a required authentication to `requires_action`.
"""

from typing import Any

from sandbox.state import Document
from sandbox.stripe import problems
from sandbox.stripe.account import Call, random_letters, shown
from sandbox.stripe.cards import AUTHENTICATION_REQUIRED, Decline, TestCard, numbered_card
from sandbox.stripe.charges import capture_charge, create_charge
from sandbox.stripe.payment_methods import bind, payment_method_of

_CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
_USED_UP = (
    "The provided PaymentMethod was previously used with a PaymentIntent without Customer "
    "attachment, shared with a connected account without Customer attachment, or was detached "
    "from a Customer. It may not be used again. To use a PaymentMethod multiple times, you "
    "must attach it to a Customer first."
)
_NO_METHOD = (
    "You cannot confirm this PaymentIntent because it's missing a payment method. You can "
    "either update the PaymentIntent with a payment method and then confirm it again, or "
    "confirm it again directly with a payment method or ConfirmationToken."
)
_NO_RETURN_URL = (
    "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. "
    "Because some of these payment methods might redirect your customer off of your page, you "
    "must provide a `return_url`. If you don't want to accept redirect-based payment methods, "
    "set `automatic_payment_methods[enabled]` to `true` and "
    "`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and "
    "Payment Intents."
)
_NOT_AUTHENTICATED = (
    "The provided PaymentMethod has failed authentication. You can provide payment_method_data "
    "or a new PaymentMethod to attempt to fulfill this PaymentIntent again."
)


def attempt(call: Call, intent: Document) -> Document:
    """Confirm an intent with the call's parameters, and store the new state.

    Raises a card error that is stored (`done`) if the bank declines.
    """
    _check_confirmable(call, intent)
    method = _method(call, intent)
    card = numbered_card(method["_number"])
    intent |= {
        "payment_method": method["id"],
        "last_payment_error": None,
        "next_action": None,
        "_return_url": call.params.get("return_url"),
        "_use_sdk": bool(call.params.get("use_stripe_sdk")) or call.caller == "publishable",
    }
    for name in ("setup_future_usage", "receipt_email", "shipping"):
        intent[name] = call.params.get(name) or intent[name]
    if _must_authenticate(card, method, bool(call.params.get("off_session"))):
        if call.params.get("off_session") or call.params.get("error_on_requires_action"):
            return _declined(call, intent, method, AUTHENTICATION_REQUIRED)
        return _challenge(call, intent)
    return settle(call, intent, authenticated=False)


def _check_confirmable(call: Call, intent: Document) -> None:
    status = intent["status"]
    if status in ("succeeded", "requires_capture"):
        message = (
            "You cannot confirm this PaymentIntent because it has already succeeded after "
            "being previously confirmed."
        )
        raise problems.unexpected_state(message, shown(intent))
    if status not in _CONFIRMABLE:
        message = (
            f"You cannot confirm this PaymentIntent because it has a status of {status}. Only "
            "a PaymentIntent with one of the following statuses may be confirmed: "
            f"{', '.join(_CONFIRMABLE)}."
        )
        raise problems.unexpected_state(message, shown(intent))
    automatic = intent["automatic_payment_methods"] or {}
    redirects = automatic.get("enabled") and automatic["allow_redirects"] == "always"
    excused = any(call.params.get(name) for name in ("return_url", "use_stripe_sdk", "off_session"))
    if redirects and call.caller == "secret" and not excused:
        raise problems.invalid(_NO_RETURN_URL)


def _method(call: Call, intent: Document) -> Document:
    given = call.params.get("payment_method") or intent["payment_method"]
    if given is None:
        raise problems.unexpected_state(_NO_METHOD, shown(intent))
    method = payment_method_of(call, given)
    if method["_used"]:
        raise problems.invalid(_USED_UP)
    if method["type"] not in intent["payment_method_types"]:
        message = (
            f"The PaymentMethod provided ({method['type']}) is not allowed for this "
            "PaymentIntent. Please attach a PaymentMethod of one of the following types: "
            f"{', '.join(intent['payment_method_types'])}."
        )
        raise problems.invalid(message, param="payment_method")
    if method["customer"] not in (None, intent["customer"]):
        message = (
            "The payment method you provided belongs to a Customer, but you did not provide "
            "that Customer on the PaymentIntent."
        )
        raise problems.invalid(message, param="payment_method")
    return method


def _must_authenticate(card: TestCard, method: Document, off_session: bool) -> bool:
    if card.authentication == "unless_set_up":
        return not (off_session and method["_set_up"])
    return card.authentication == "always"


def _challenge(call: Call, intent: Document) -> Document:
    token = f"payatt_3{random_letters(23)}"
    url = f"{call.base_url}/3ds/{intent['id']}/{token}"
    action: dict[str, Any] = {
        "type": "redirect_to_url",
        "redirect_to_url": {"return_url": intent["_return_url"], "url": url},
    }
    if intent["_use_sdk"]:
        sdk = {"type": "three_d_secure_redirect", "source": token, "stripe_js": url}
        action = {"type": "use_stripe_sdk", "use_stripe_sdk": sdk}
    intent |= {"status": "requires_action", "next_action": action, "_challenge": token}
    call.account.payment_intents.put(intent["id"], intent)
    call.record("payment_intent.requires_action", intent)
    return intent


def settle(call: Call, intent: Document, *, authenticated: bool) -> Document:
    """Ask the bank for the money, and store its answer."""
    method = payment_method_of(call, intent["payment_method"])
    decline = numbered_card(method["_number"]).decline
    if decline is not None:
        return _declined(call, intent, method, decline, authenticated=authenticated)
    capture = intent["capture_method"] != "manual"
    charge = create_charge(
        call, intent, method, decline=None, capture=capture, authenticated=authenticated
    )
    intent |= {"latest_charge": charge["id"], "next_action": None}
    if capture:
        intent |= {"status": "succeeded", "amount_received": intent["amount"]}
    else:
        intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
    _keep_method(call, intent, method)
    call.account.payment_intents.put(intent["id"], intent)
    event = "succeeded" if capture else "amount_capturable_updated"
    call.record(f"payment_intent.{event}", intent)
    return intent


def _keep_method(call: Call, intent: Document, method: Document) -> None:
    method["card"]["checks"]["cvc_check"] = "pass"
    method["_used"] = method["customer"] is None
    if intent["setup_future_usage"]:
        method["_set_up"] = True
        if intent["customer"] is not None:
            bind(call, method, intent["customer"])
    call.account.payment_methods.put(method["id"], method)


def _declined(
    call: Call,
    intent: Document,
    method: Document,
    decline: Decline,
    *,
    authenticated: bool = False,
) -> Document:
    charge = create_charge(
        call, intent, method, decline=decline, capture=False, authenticated=authenticated
    )
    refusal = problems.card_error(decline.message, decline.code, decline_code=decline.decline_code)
    error = refusal.error | {"charge": charge["id"], "payment_method": shown(method)}
    intent["latest_charge"] = charge["id"]
    _back_to_start(call, intent, error)
    refusal.error = error | {"payment_intent": shown(intent)}
    refusal.done = True
    raise refusal


def _back_to_start(call: Call, intent: Document, error: dict[str, Any]) -> None:
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "next_action": None,
        "last_payment_error": error,
        "_challenge": None,
    }
    call.account.payment_intents.put(intent["id"], intent)
    call.record("payment_intent.payment_failed", intent)


def finish_challenge(call: Call, intent: Document, *, passed: bool) -> Document:
    """Take the outcome of a 3-D Secure challenge; the bank may still decline afterwards."""
    if passed:
        intent["_challenge"] = None
        try:
            return settle(call, intent, authenticated=True)
        except problems.Refusal:
            return intent
    method = payment_method_of(call, intent["payment_method"])
    code = "payment_intent_authentication_failure"
    error = problems.invalid(_NOT_AUTHENTICATED, code=code).error
    _back_to_start(call, intent, error | {"payment_method": shown(method)})
    return intent


def capture(call: Call, intent: Document) -> Document:
    """Capture an authorized payment."""
    if intent["status"] != "requires_capture":
        message = (
            "This PaymentIntent could not be captured because it has a status of "
            f"{intent['status']}. Only a PaymentIntent with one of the following statuses may "
            "be captured: requires_capture."
        )
        raise problems.unexpected_state(message, shown(intent))
    asked = call.params.get("amount_to_capture")
    amount: int = intent["amount_capturable"] if asked is None else asked
    if not 0 < amount <= intent["amount_capturable"]:
        message = "The amount to capture must not be above the amount that was authorized."
        raise problems.invalid(message, code="amount_too_large", param="amount_to_capture")
    capture_charge(call, intent["latest_charge"], amount)
    intent |= {"status": "succeeded", "amount_capturable": 0, "amount_received": amount}
    call.account.payment_intents.put(intent["id"], intent)
    call.record("payment_intent.succeeded", intent)
    return intent
