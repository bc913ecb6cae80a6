"""Stripe through its SDK; the only file that imports it."""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import stripe

from libs.runtime.failpoints import failpoint
from libs.runtime.telemetry import continued_span, current_traceparent
from services.checkout.payments.provider.protocol import (
    ForgedWebhook,
    Listing,
    Page,
    PaymentImpossible,
    PaymentRequest,
    PaymentStatus,
    PaymentUnknown,
    ProviderPayment,
    ProviderRefund,
    ProviderSilent,
    RefundImpossible,
    RefundRequest,
    WebhookEvent,
)
from services.checkout.payments.provider.stripe_objects import (
    ReadMovement,
    attempt_of,
    intent_of,
    is_event_id,
    is_event_type,
    movement_of_charge,
    movement_of_intent,
    movement_of_refund,
    refund_of,
    uuid_of,
)

R = TypeVar("R")

# Who gets no answer gives up within 13 s: earlier than the lease of scheduled work (15 s) ends.
# Several answers that are all slow may outlast it: then another takes it on as well, and the keys
# and the lock of the order see to it that it happens once.
_TIMEOUT_S: Final = (2.0, 4.0)
"""To connect, and to read the answer."""
_RETRIES: Final = 1
WEBHOOK_TOLERANCE_S: Final = 300
"""How old a signed webhook may be: Stripe's own default (docs.stripe.com/webhooks)."""
_EXPAND: Final = ["latest_charge.refunds"]
_CONFLICT: Final = 409
_PAGE: Final = 100
"""Stripe's largest page."""
CLOCKS_DIFFER_S: Final = 60
"""How far in the future a signed webhook may be; Stripe's SDK doesn't check that."""
_SIGNED_AT: Final = re.compile(r"(?:^|,)\s*t=([0-9]{1,15})(?:,|$)")

_STATUS: Final = {
    "requires_payment_method": PaymentStatus.AWAITING,
    "requires_confirmation": PaymentStatus.AWAITING,
    "requires_capture": PaymentStatus.PROCESSING,
    "requires_action": PaymentStatus.CHALLENGED,
    "processing": PaymentStatus.PROCESSING,
    "succeeded": PaymentStatus.SUCCEEDED,
    "canceled": PaymentStatus.CANCELLED,
}


class StripePayments:
    """Payment intents and refunds at Stripe; amounts in minor units, as ours.

    Each call raises ProviderSilent when the outcome is unknown: unreachable, timed out, a fault at
    Stripe, a wrong API key.
    """

    def __init__(self, api_key: str, api_url: str) -> None:
        self._client = stripe.StripeClient(
            api_key,
            base_addresses={"api": api_url},
            max_network_retries=_RETRIES,
            http_client=stripe.RequestsClient(timeout=_TIMEOUT_S),
        )

    def create(self, asked: PaymentRequest) -> ProviderPayment:
        """Make the payment, once for its key. Raises PaymentImpossible."""

        def call() -> Any:
            return self._client.v1.payment_intents.create(
                {
                    "amount": asked.amount_minor,
                    "currency": asked.currency.lower(),
                    "automatic_payment_methods": {"enabled": True},
                    "description": asked.description,
                    "metadata": {
                        "order_id": str(asked.order_id),
                        "person_id": str(asked.person_id),
                        "attempt": str(asked.attempt),
                    },
                    "expand": _EXPAND,
                },
                {"idempotency_key": asked.idempotency_key},
            )

        try:
            return self._payment(_asked(call))
        except stripe.InvalidRequestError as refused:
            raise PaymentImpossible(refused.code or "invalid_request") from refused

    def get(self, payment_intent_id: str) -> ProviderPayment:
        """The payment as it stands now. Raises PaymentUnknown."""
        try:
            return self._payment(_asked(lambda: self._retrieve(payment_intent_id)))
        except stripe.InvalidRequestError as refused:
            if refused.code != "resource_missing":
                raise
            raise PaymentUnknown(payment_intent_id) from refused

    def find(self, order_id: UUID, attempt: int) -> ProviderPayment | None:
        """The payment of an order's attempt by its metadata; Stripe's index lags a minute."""
        query = f"metadata['order_id']:'{order_id}' AND metadata['attempt']:'{attempt}'"
        found = _asked(lambda: self._client.v1.payment_intents.search({"query": query}))
        return self.get(found.data[0].id) if found.data else None

    def cancel(self, payment_intent_id: str) -> ProviderPayment:
        """Make it unpayable. Returns its state, which may be paid."""
        try:
            _asked(lambda: self._client.v1.payment_intents.cancel(payment_intent_id))
        except stripe.InvalidRequestError as refused:
            if refused.code != "payment_intent_unexpected_state":
                raise ProviderSilent(str(refused)) from refused
        return self.get(payment_intent_id)

    def refund(self, asked: RefundRequest) -> ProviderRefund:
        """Refund a payment, once per key. Raises RefundImpossible."""
        params: dict[str, Any] = {
            "payment_intent": asked.payment_intent_id,
            "metadata": {"order_id": str(asked.order_id)},
        }
        if asked.amount_minor is not None:
            params["amount"] = asked.amount_minor
        if asked.request_id is not None:
            params["metadata"]["request_id"] = str(asked.request_id)

        def call() -> Any:
            options: Any = {"idempotency_key": asked.idempotency_key}
            return self._client.v1.refunds.create(params, options)  # type: ignore[arg-type]

        try:
            return refund_of(_asked(call).to_dict())
        except stripe.InvalidRequestError as refused:
            code = refused.code or "invalid_request"
            raise RefundImpossible(code, replayed=_is_replayed(refused)) from refused

    def list_page(
        self, listing: Listing, since: datetime, until: datetime, after: str | None = None
    ) -> Page:
        """A hundred objects created at or after `since` and before `until` (to the second), the
        newest first, after that one.
        """
        lists, expand, read = self._lists()[listing]
        params: dict[str, Any] = {
            "limit": _PAGE,
            "created": {"gte": int(since.timestamp()), "lt": int(until.timestamp())},
            "expand": expand,
        }
        if after is not None:
            params["starting_after"] = after
        try:
            page = _asked(lambda: lists(params))
        except stripe.InvalidRequestError as refused:
            raise ProviderSilent(str(refused)) from refused
        found = [each.to_dict() for each in page.data]
        read_ones = (read(each) for each in found)
        listed = tuple(each for each in read_ones if each is not None)
        return Page(listed, found[-1]["id"] if page.has_more and found else None)

    def _lists(self) -> Mapping[Listing, tuple[Callable[[Any], Any], list[str], "ReadMovement"]]:
        v1 = self._client.v1
        return {
            Listing.PAYMENTS: (v1.payment_intents.list, ["data.latest_charge"], movement_of_intent),
            Listing.CHARGES: (v1.charges.list, [], movement_of_charge),
            Listing.REFUNDS: (v1.refunds.list, ["data.payment_intent"], movement_of_refund),
        }

    def _retrieve(self, payment_intent_id: str) -> Any:
        return self._client.v1.payment_intents.retrieve(payment_intent_id, {"expand": _EXPAND})

    def _payment(self, found: Any) -> ProviderPayment:
        intent = found.to_dict()
        charge = intent["latest_charge"]
        error = intent["last_payment_error"] or {}
        code = error.get("decline_code") or error.get("code")
        succeeded = intent["status"] == "succeeded"
        refunds = self._refunds_of(intent["id"], charge)
        return ProviderPayment(
            payment_intent_id=intent["id"],
            status=_STATUS[intent["status"]],
            amount_minor=intent["amount_received"] if succeeded else intent["amount"],
            currency=intent["currency"].upper(),
            order_id=uuid_of(intent["metadata"].get("order_id")),
            attempt=attempt_of(intent["metadata"].get("attempt")),
            charge_id=charge and charge["id"],
            failure=error.get("charge") or (code and f"{intent['id']}:{code}"),
            failure_code=code,
            refunds=tuple(each for each in refunds if each.failure is None),
            failed_refunds=tuple(each for each in refunds if each.failure is not None),
            client_secret=intent["client_secret"],
        )

    def _refunds_of(self, payment_intent_id: str, charge: Any) -> list[ProviderRefund]:
        """The oldest first. A charge comes with its ten newest refunds."""
        listed = charge and charge.get("refunds")
        if not listed:
            return []
        found = listed["data"]
        if listed["has_more"]:
            params: Any = {"payment_intent": payment_intent_id, "limit": _PAGE}
            found = _asked(lambda: self._client.v1.refunds.list(params)).to_dict()["data"]
        return [refund_of(each) for each in reversed(found)]


def _asked(call: Callable[[], R]) -> R:
    """Call Stripe. Refusals pass through; any other error leaves the outcome unknown."""
    try:
        with continued_span("ask stripe", current_traceparent()):
            failpoint("provider.before_call")
            answer = call()
            failpoint("provider.after_answer")
            return answer
    except stripe.IdempotencyError as refused:
        # The first request with this key is under way, or had other parameters.
        raise ProviderSilent(str(refused), replayed=refused.http_status != _CONFLICT) from refused
    except stripe.InvalidRequestError:
        raise
    except stripe.StripeError as fault:
        raise ProviderSilent(str(fault), replayed=_is_replayed(fault)) from fault


def _is_replayed(fault: stripe.StripeError) -> bool:
    headers = {k.lower(): v for k, v in dict(fault.headers or {}).items()}
    return headers.get("idempotent-replayed") == "true"


def read_webhook(body: bytes, signature: str | None, secrets: Sequence[str]) -> WebhookEvent:
    """The event of a webhook that one of the secrets signed. Raises ForgedWebhook."""
    if not any(_signed(body, signature, secret) for secret in secrets):
        raise ForgedWebhook
    text = body.decode()
    try:
        event = json.loads(text)
        event_id, type_ = event["id"], event["type"]
        payment_intent_id = intent_of(event["data"]["object"])
    except (ValueError, KeyError, TypeError, RecursionError) as unreadable:
        raise ForgedWebhook(repr(unreadable)) from unreadable
    if not (is_event_id(event_id) and is_event_type(type_)):
        raise ForgedWebhook("it has no id and type as Stripe's events do")
    return WebhookEvent(event_id, type_, payment_intent_id, text)


def _signed(body: bytes, signature: str | None, secret: str) -> bool:
    signed_at = _SIGNED_AT.search(signature or "")
    if signed_at is not None and int(signed_at[1]) > time.time() + CLOCKS_DIFFER_S:
        return False
    try:
        stripe.WebhookSignature.verify_header(body, signature, secret, WEBHOOK_TOLERANCE_S)
    except (stripe.SignatureVerificationError, UnicodeDecodeError, TypeError):
        # Non-ASCII can't be compared in constant time, and never is a signature.
        return False
    return True
