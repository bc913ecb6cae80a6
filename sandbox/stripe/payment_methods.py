"""Payment methods, cards only: https://docs.stripe.com/api/payment_methods."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sandbox.state import Document
from sandbox.stripe import problems
from sandbox.stripe.account import Call, merged_metadata
from sandbox.stripe.cards import TestCard, check_card, named_card, numbered_card
from sandbox.stripe.listing import list_page
from sandbox.stripe.published import nulls

_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
_NO_DETAILS = {"address": _ADDRESS, "email": None, "name": None, "phone": None, "tax_id": None}


def create_payment_method(call: Call) -> Document:
    """Create a payment method from a card number (browsers only) or a test token."""
    kind = call.params.get("type")
    if kind != "card":
        message = f"The payment method type provided: {kind} is invalid."
        raise problems.invalid(message, param="type")
    given: dict[str, Any] = call.params.get("card") or {}
    details = call.params.get("billing_details") or {}
    metadata = merged_metadata({}, call.params.get("metadata", {}))
    if "token" in given:
        card = named_card(given["token"])
        if card is None:
            raise problems.missing("token", given["token"], "card[token]")
        return store_card(call, card, details=details, metadata=metadata)
    if call.caller == "secret":
        message = (
            "Sending credit card numbers directly to the Stripe API is generally unsafe. We "
            "suggest you use test tokens that map to the test card you are using, see "
            "https://stripe.com/docs/testing."
        )
        refusal = problems.invalid(message)
        refusal.status = 402
        raise refusal
    return _of_number(call, given, details, metadata)


def _of_number(
    call: Call, given: dict[str, Any], details: dict[str, Any], metadata: dict[str, str]
) -> Document:
    for name in ("number", "exp_month", "exp_year"):
        if name not in given:
            where = f"card[{name}]"
            message = f"Missing required param: {where}."
            raise problems.invalid(message, code="parameter_missing", param=where)
    number = given["number"].replace(" ", "")
    today = f"{datetime.fromtimestamp(call.now, tz=UTC):%Y-%m}"
    month, year = given["exp_month"], given["exp_year"]
    check_card(number, month, year, given.get("cvc"), today)
    full_year = year + 2000 if year < 100 else year
    return store_card(
        call,
        numbered_card(number),
        expiry=(month, full_year),
        cvc_given="cvc" in given,
        details=details,
        metadata=metadata,
    )


def store_card(
    call: Call,
    card: TestCard,
    *,
    expiry: tuple[int, int] | None = None,
    cvc_given: bool = True,
    details: dict[str, Any] | None = None,
    metadata: dict[str, str] | None = None,
) -> Document:
    """Store a card as a new payment method; its number is never shown."""
    month, year = expiry or (12, datetime.fromtimestamp(call.now, tz=UTC).year + 3)
    fingerprint = sha256(card.number.encode()).hexdigest()[:16]
    document = nulls("payment_method") | {
        "id": call.new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": _billing(details or {}),
        "card": {
            "brand": card.brand,
            "checks": {
                "address_line1_check": None,
                "address_postal_code_check": None,
                "cvc_check": "unchecked" if cvc_given else None,
            },
            "country": card.country,
            "display_brand": card.brand,
            "exp_month": month,
            "exp_year": year,
            "fingerprint": fingerprint,
            "funding": card.funding,
            "generated_from": None,
            "last4": card.number[-4:],
            "networks": {"available": [card.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        "created": call.now,
        "livemode": False,
        "metadata": metadata or {},
        "type": "card",
        "_number": card.number,
        "_set_up": False,
        "_used": False,
    }
    call.account.payment_methods.put(document["id"], document)
    return document


def _billing(given: dict[str, Any]) -> Document:
    address = given.get("address") or {}
    return _NO_DETAILS | given | {"address": _ADDRESS | address}


def payment_method_of(call: Call, given_id: str, param: str = "payment_method") -> Document:
    """Return a stored payment method, or a new one for a name such as `pm_card_visa`."""
    card = named_card(given_id)
    if card is not None:
        return store_card(call, card)
    collection = call.account.payment_methods
    return call.find(collection, given_id, "PaymentMethod", param)


def get_payment_method(call: Call) -> Document:
    return payment_method_of(call, call.ids["payment_method"], "id")


def list_payment_methods(call: Call) -> Document:
    """Return the payment methods that are attached to a customer."""
    customer = call.params.get("customer")
    attached = (
        document
        for document in call.account.payment_methods.newest()
        if document["customer"] is not None and customer in (None, document["customer"])
    )
    return list_page(call, attached, "/v1/payment_methods")


def attach_payment_method(call: Call) -> Document:
    """Attach a payment method to a customer, so that it can be used again."""
    document = get_payment_method(call)
    customer_id = call.params.get("customer", "")
    customer = call.find(call.account.customers, customer_id, "customer", "customer")
    bind(call, document, customer["id"])
    return document


def bind(call: Call, document: Document, customer_id: str) -> None:
    """Store whose payment method this is."""
    if document["customer"] == customer_id:
        return
    document |= {"customer": customer_id, "_used": False}
    call.account.payment_methods.put(document["id"], document)
    call.record("payment_method.attached", document)


def detach_payment_method(call: Call) -> Document:
    """Detach a payment method; it can never be used again."""
    document = get_payment_method(call)
    owner = document["customer"]
    if owner is None:
        message = (
            "The payment method you provided is not attached to a customer so detachment is "
            "impossible."
        )
        raise problems.invalid(message)
    document |= {"customer": None, "_used": True}
    call.account.payment_methods.put(document["id"], document)
    call.record("payment_method.detached", document, customer=owner)
    return document
