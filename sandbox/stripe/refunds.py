"""Refunds of charges, full or partial: https://docs.stripe.com/api/refunds."""

from sandbox.state import Document
from sandbox.stripe import problems
from sandbox.stripe.account import Call, merged_metadata, shown
from sandbox.stripe.cards import numbered_card
from sandbox.stripe.currencies import written
from sandbox.stripe.listing import list_page
from sandbox.stripe.published import nulls

_FAILS_AFTER_S = 2.0
"""The delay after which a refund to the test card for it fails; at Stripe it is longer."""


def create_refund(call: Call) -> Document:
    """Refund a charge, all of it unless an amount is named."""
    charge = _charge(call)
    amount = _amount(call, charge)
    refund = nulls("refund") | {
        "id": call.new_id("re"),
        "object": "refund",
        "amount": amount,
        "charge": charge["id"],
        "created": call.now,
        "currency": charge["currency"],
        "destination_details": _destination(),
        "metadata": merged_metadata({}, call.params.get("metadata", {})),
        "payment_intent": charge["payment_intent"],
        "reason": call.params.get("reason"),
        "status": "succeeded",
    }
    before = charge["amount_refunded"]
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    call.account.refunds.put(refund["id"], refund)
    call.account.charges.put(charge["id"], charge)
    if _refunds_fail(call, charge):
        due = {"id": refund["id"], "at": call.account.clock() + _FAILS_AFTER_S}
        call.account.failing_refunds.put(refund["id"], due)
    call.record("refund.created", refund)
    call.record("charge.refunded", charge, amount_refunded=before)
    return refund


def _refunds_fail(call: Call, charge: Document) -> bool:
    method = call.account.payment_methods.get(charge["payment_method"])
    return method is not None and numbered_card(method["_number"]).refunds_fail


def fail_refund(call: Call) -> Document:
    """Have the bank return a refund to the merchant, who may refund it again."""
    refund = get_refund(call)
    before = refund["status"]
    if before == "failed":
        return refund
    refund |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
    charge = call.find(call.account.charges, refund["charge"], "charge")
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    call.account.refunds.put(refund["id"], refund)
    call.account.charges.put(charge["id"], charge)
    changed = {"status": before, "failure_reason": None}
    for event_type in ("refund.updated", "charge.refund.updated", "refund.failed"):
        call.record(event_type, refund, **changed)
    return refund


def _destination() -> Document:
    card = {
        "reference_status": "pending",
        "reference_type": "acquirer_reference_number",
        "type": "refund",
    }
    return {"card": card, "type": "card"}


def _charge(call: Call) -> Document:
    named = [name for name in ("charge", "payment_intent") if call.params.get(name)]
    if not named:
        message = (
            "One of the following params should be provided for this request: payment_intent or "
            "charge."
        )
        raise problems.invalid(message)
    if named == ["payment_intent"]:
        return _charge_of_intent(call, call.params["payment_intent"])
    charge = call.find(call.account.charges, call.params["charge"], "charge", "charge")
    if not charge["captured"]:
        message = f"Charge {charge['id']} has not been captured; there is nothing to refund."
        raise problems.invalid(message, param="charge")
    return charge


def _charge_of_intent(call: Call, intent_id: str) -> Document:
    intents = call.account.payment_intents
    intent = call.find(intents, intent_id, "payment_intent", "payment_intent")
    if intent["status"] != "succeeded":
        message = f"This PaymentIntent ({intent_id}) does not have a successful charge to refund."
        raise problems.unexpected_state(message, shown(intent))
    return call.find(call.account.charges, intent["latest_charge"], "charge", "charge")


def _amount(call: Call, charge: Document) -> int:
    left: int = charge["amount_captured"] - charge["amount_refunded"]
    if left == 0:
        message = f"Charge {charge['id']} has already been refunded."
        raise problems.invalid(message, code="charge_already_refunded")
    amount: int = call.params.get("amount", left)
    if amount < 1:
        message = "This value must be greater than or equal to 1."
        code = "parameter_invalid_integer"
        raise problems.invalid(message, code=code, param="amount")
    if amount > left:
        currency = charge["currency"]
        message = (
            f"Refund amount ({written(amount, currency)}) is greater than unrefunded amount on "
            f"charge ({written(left, currency)})"
        )
        raise problems.invalid(message, code="amount_too_large", param="amount")
    return amount


def get_refund(call: Call) -> Document:
    return call.find(call.account.refunds, call.ids["refund"], "refund")


def update_refund(call: Call) -> Document:
    """Change a refund's metadata, the only part that can change."""
    refund = get_refund(call)
    before = refund["metadata"]
    if "metadata" in call.params:
        refund["metadata"] = merged_metadata(before, call.params["metadata"])
    if refund["metadata"] != before:
        call.account.refunds.put(refund["id"], refund)
        call.record("refund.updated", refund, metadata=before)
        call.record("charge.refund.updated", refund, metadata=before)
    return refund


def list_refunds(call: Call) -> Document:
    """Return refunds newest first, perhaps of one charge or payment intent."""
    asked = {key: call.params.get(key) for key in ("charge", "payment_intent")}
    wanted = (
        refund
        for refund in call.account.refunds.newest()
        if all(value in (None, refund[key]) for key, value in asked.items())
    )
    return list_page(call, wanted, "/v1/refunds")
