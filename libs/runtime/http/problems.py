"""Errors as RFC 9457 problems with a stable `code`, the same in every service."""

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from libs.runtime.store.faults import Conflict, KeyReused, Overloaded, StoreUnavailable

logger = logging.getLogger(__name__)


class Refusal(NamedTuple):
    """How a domain refusal is answered over HTTP."""

    status: int
    code: str
    title: str
    retry_after_s: int = 1
    """When to retry after a 503. A client gives up at once if this exceeds its patience."""


class Problem(Exception):
    """A refused request with its reason; `errors` are `{"field", "message"}`."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str | None = None,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.errors = errors
        self.headers = headers

    def response(self) -> JSONResponse:
        """Return the problem as application/problem+json."""
        body: dict[str, Any] = {
            "type": f"urn:backstage:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
        }
        if self.detail:
            body["detail"] = self.detail
        if self.errors:
            body["errors"] = list(self.errors)
        return JSONResponse(
            body,
            self.status,
            headers=dict(self.headers or {}),
            media_type="application/problem+json",
        )


BODY_TOO_LARGE = Problem(413, "body_too_large", "The body is larger than we take")

_RUNTIME_REFUSALS: Mapping[type[Exception], Refusal] = {
    Conflict: Refusal(409, "changed_meanwhile", "Someone else changed this at the same time"),
    # draft-ietf-httpapi-idempotency-key-header-07, section 2.7
    KeyReused: Refusal(
        422, "idempotency_key_reused", "This Idempotency-Key was used for another request"
    ),
    Overloaded: Refusal(503, "overloaded", "Too much at once; try again in a moment"),
    StoreUnavailable: Refusal(503, "store_unavailable", "Our database does not answer"),
}


def install(app: FastAPI, refusals: Mapping[type[Exception], Refusal]) -> None:
    """Make the app answer every error with a problem: refusals, bad requests, unknown routes."""
    for exception, refusal in {**_RUNTIME_REFUSALS, **refusals}.items():
        _tell(app, exception, refusal)

    @app.exception_handler(Problem)
    async def _problem(_: Request, problem: Problem) -> JSONResponse:
        return problem.response()

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, invalid: RequestValidationError) -> JSONResponse:
        return _of_validation(invalid).response()

    @app.exception_handler(HTTPException)
    async def _http(_: Request, refused: HTTPException) -> JSONResponse:
        if refused.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return BODY_TOO_LARGE.response()
        phrase = HTTPStatus(refused.status_code).phrase
        code = phrase.lower().replace(" ", "_")
        return Problem(refused.status_code, code, phrase, headers=refused.headers).response()

    @app.exception_handler(Exception)
    async def _fault(request: Request, fault: Exception) -> JSONResponse:
        logger.error("%s %s failed", request.method, request.url.path, exc_info=fault)
        return Problem(500, "internal_error", "Something went wrong on our side").response()


def _tell(app: FastAPI, exception: type[Exception], refusal: Refusal) -> None:
    wait = {"Retry-After": str(refusal.retry_after_s)}
    retry = wait if refusal.status == HTTPStatus.SERVICE_UNAVAILABLE else None

    async def tell(_: Request, refused: Exception) -> JSONResponse:
        return Problem(
            refusal.status,
            refusal.code,
            refusal.title,
            detail=_detail(refused),
            errors=_field_errors(refused),
            headers=retry,
        ).response()

    app.add_exception_handler(exception, tell)


def _detail(refused: Exception) -> str | None:
    detail = getattr(refused, "detail", None)
    return detail if isinstance(detail, str) else None


def _field_errors(refused: Exception) -> Sequence[Mapping[str, str]]:
    """Return the fields that a refusal names: `errors = [{"field": …, "message": …}]`."""
    errors = getattr(refused, "errors", ())
    return errors if isinstance(errors, Sequence) else ()


def _of_validation(invalid: RequestValidationError) -> Problem:
    errors = invalid.errors()
    if any(error["type"] == "json_invalid" for error in errors):
        return Problem(400, "malformed_json", "The body is not JSON")
    told = [{"field": _field(error["loc"]), "message": str(error["msg"])} for error in errors]
    return Problem(422, "invalid_request", "The request has invalid fields", errors=told)


def _field(location: Sequence[Any]) -> str:
    """Return where the error is in body, query or path: `terms.price_minor`."""
    places = location[1:] if location and location[0] in {"body", "query", "path"} else location
    return ".".join(str(place) for place in places)


def read_problem(body: bytes) -> Mapping[str, Any]:
    """Return the problem that another service answered, or an empty one if it is not JSON."""
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
