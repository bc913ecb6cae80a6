"""Charges, each made by one payment attempt: https://docs.stripe.com/api/charges."""

from typing import Any

from sandbox.state import Document
from sandbox.stripe.account import Call
from sandbox.stripe.cards import Decline
from sandbox.stripe.listing import list_page
from sandbox.stripe.published import nulls


def create_charge(
    call: Call,
    intent: Document,
    method: Document,
    *,
    decline: Decline | None,
    capture: bool,
    authenticated: bool,
) -> Document:
    """Store the bank's answer to one attempt."""
    paid = decline is None
    captured = intent["amount"] if paid and capture else 0
    charge = nulls("charge") | {
        "id": call.new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": captured,
        "amount_refunded": 0,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "BACKSTAGE PASS",
        "captured": paid and capture,
        "created": call.now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_code": decline.code if decline else None,
        "failure_message": decline.message if decline else None,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "outcome": _outcome(decline),
        "paid": paid,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": _details(method, intent, authenticated),
        "radar_options": {},
        "receipt_email": intent["receipt_email"],
        "refunded": False,
        "shipping": intent["shipping"],
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "succeeded" if paid else "failed",
    }
    del charge["refunds"]
    call.account.charges.put(charge["id"], charge)
    call.record("charge.succeeded" if paid else "charge.failed", charge)
    return charge


def _outcome(decline: Decline | None) -> Document:
    outcome: Document = {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "approved_by_network",
        "reason": None,
        "risk_level": "normal",
        "risk_score": 12,
        "seller_message": "Payment complete.",
        "type": "authorized",
    }
    if decline is None:
        return outcome
    return outcome | {
        "network_status": "declined_by_network",
        "reason": decline.decline_code,
        "seller_message": "The bank did not return any further details with this decline.",
        "type": "issuer_declined",
    }


def _details(method: Document, intent: Document, authenticated: bool) -> Document:
    card = method["card"]
    kept = [
        "brand",
        "country",
        "exp_month",
        "exp_year",
        "fingerprint",
        "funding",
        "last4",
        "regulated_status",
    ]
    three_d_secure: dict[str, Any] | None = None
    if authenticated:
        three_d_secure = {
            "authentication_flow": "challenge",
            "electronic_commerce_indicator": "05",
            "exemption_indicator": None,
            "result": "authenticated",
            "result_reason": None,
            "transaction_id": None,
            "version": "2.2.0",
        }
    details = {name: card[name] for name in kept} | {
        "amount_authorized": intent["amount"],
        "authorization_code": None,
        "checks": card["checks"] | {"cvc_check": "pass"},
        "extended_authorization": {"status": "disabled"},
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": card["brand"],
        "network_token": {"used": False},
        "network_transaction_id": None,
        "overcapture": {"maximum_amount_capturable": intent["amount"], "status": "unavailable"},
        "three_d_secure": three_d_secure,
        "wallet": None,
    }
    return {"card": details, "type": "card"}


def capture_charge(call: Call, charge_id: str, amount: int) -> None:
    """Capture the authorized money of a charge, or a part of it."""
    charge = call.find(call.account.charges, charge_id, "charge")
    charge |= {"captured": True, "amount_captured": amount}
    call.account.charges.put(charge_id, charge)
    call.record("charge.captured", charge)


def get_charge(call: Call) -> Document:
    return call.find(call.account.charges, call.ids["charge"], "charge")


def list_charges(call: Call) -> Document:
    """Return charges newest first, perhaps of one customer or payment intent."""
    asked = {key: call.params.get(key) for key in ("customer", "payment_intent")}
    wanted = (
        charge
        for charge in call.account.charges.newest()
        if all(value in (None, charge[key]) for key, value in asked.items())
    )
    return list_page(call, wanted, "/v1/charges")
