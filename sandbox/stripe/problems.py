"""Stripe's error envelope: one constructor per published kind of refusal."""

from typing import Any

_DOCS = "https://stripe.com/docs/error-codes/"


class Refusal(Exception):
    """An expected error answer; it rolls back, unless `done` is set.

    `done` marks an outcome that Stripe stores although it answers with an error (a decline).
    `begun` is False if the request never reached the operation, so that an idempotency key stays
    free.
    """

    def __init__(self, status: int, error: dict[str, Any], *, begun: bool = True) -> None:
        super().__init__(error.get("message", ""))
        self.status = status
        self.error = error
        self.begun = begun
        self.headers: dict[str, str] = {}
        self.done = False


def _envelope(kind: str, message: str, code: str | None, param: str | None) -> dict[str, Any]:
    error: dict[str, Any] = {"message": message, "type": kind}
    if code is not None:
        error |= {"code": code, "doc_url": _DOCS + code.replace("_", "-")}
    if param is not None:
        error["param"] = param
    return error


def invalid(
    message: str, *, code: str | None = None, param: str | None = None, begun: bool = True
) -> Refusal:
    """Return the 400 of a request that cannot be carried out as it stands."""
    return Refusal(400, _envelope("invalid_request_error", message, code, param), begun=begun)


def unexpected_state(message: str, intent: dict[str, Any]) -> Refusal:
    """Return the 400 of a step that the payment's status does not allow."""
    refusal = invalid(message, code="payment_intent_unexpected_state")
    refusal.error["payment_intent"] = intent
    return refusal


def missing(noun: str, object_id: str, param: str = "id") -> Refusal:
    """Return the 404, or the 400 if a parameter names a missing object."""
    message = f"No such {noun}: '{object_id}'"
    status = 404 if param in ("id", "intent") else 400
    error = _envelope("invalid_request_error", message, "resource_missing", param)
    return Refusal(status, error)


def unauthorized(message: str, code: str | None = None) -> Refusal:
    """Return the 401 of a missing, wrong or insufficient key."""
    return Refusal(401, _envelope("invalid_request_error", message, code, None), begun=False)


def unknown_url(method: str, path: str) -> Refusal:
    """Return the 404 of an address that Stripe does not have, or that is not served here."""
    message = (
        f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs "
        "or we can help at https://support.stripe.com/."
    )
    return Refusal(404, _envelope("invalid_request_error", message, None, None), begun=False)


def card_error(
    message: str, code: str, *, decline_code: str | None = None, param: str | None = None
) -> Refusal:
    """Return the 402 of a card that was refused."""
    error = _envelope("card_error", message, code, param)
    if decline_code is not None:
        error["decline_code"] = decline_code
    return Refusal(402, error)


def key_reused(message: str) -> Refusal:
    """Return the 400 of an idempotency key that arrived with another request."""
    return Refusal(400, _envelope("idempotency_error", message, None, None), begun=False)


def key_in_use(key: str) -> Refusal:
    """Return the 409 of an idempotency key whose first request has not ended."""
    message = (
        "There is currently another in-progress request using this Idempotency Key "
        f"({key}). Please try again later."
    )
    error = _envelope("idempotency_error", message, "idempotency_key_in_use", None)
    return Refusal(409, error, begun=False)


def rate_limited() -> Refusal:
    """Return the 429 of too many requests at once (docs.stripe.com/rate-limits)."""
    message = "Request rate limit exceeded. Learn more about rate limits at https://stripe.com/docs/rate-limits."
    error = _envelope("invalid_request_error", message, "rate_limit", None)
    refusal = Refusal(429, error, begun=False)
    refusal.headers["stripe-rate-limited-reason"] = "endpoint-rate"
    return refusal


def fault(status: int = 500) -> Refusal:
    """Return the answer of a fault on Stripe's side."""
    message = "An unknown error occurred"
    return Refusal(status, _envelope("api_error", message, None, None))
