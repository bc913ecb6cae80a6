"""What an error looks like: a page for people, a problem for programs."""

import logging
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from libs.runtime.http.problems import Problem
from services.gateway.clients import ServiceRefused, ServiceUnreachable
from services.gateway.limits import TooManyRequests
from services.gateway.session import Visitor, new_browser_id
from services.gateway.texts import knows
from services.gateway.visit import ForgedRequest, SignInFirst, sign_in_url, visit_of

logger = logging.getLogger(__name__)

_SERVICE_UNAVAILABLE: Final = 503
_INTERNAL: Final = 500
_NOT_PAGES: Final = ("/api/", "/webhooks/", "/health", "/static/")


def install(app: FastAPI) -> None:
    """Answer every error of a page with a page."""
    app.add_exception_handler(SignInFirst, _sign_in_first)
    app.add_exception_handler(ForgedRequest, _forged)
    app.add_exception_handler(ServiceRefused, _refused)
    app.add_exception_handler(ServiceUnreachable, _unreachable)
    app.add_exception_handler(TooManyRequests, _too_many)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _fault)


def wants_page(request: Request) -> bool:
    """Whether a person looks at the answer."""
    if request.url.path.startswith(_NOT_PAGES):
        return False
    if request.headers.get("content-type", "").startswith("application/json"):
        return False
    return "application/json" not in request.headers.get("accept", "")


def answer(request: Request, problem: Problem) -> Response:
    """The problem as JSON, or as a page in the reader's language."""
    if not wants_page(request):
        return problem.response()
    # Who is signed in is not asked: the error may be that identity is away.
    visit = visit_of(request, Visitor(new_browser_id(), False, None, None))
    key = f"error-{problem.code.replace('_', '-')}"
    if not knows(f"{key}-title"):
        key = f"error-{_family(problem.status)}"
    page = visit.render(
        "error.html",
        status=problem.status,
        title=visit.texts.say(f"{key}-title"),
        text=visit.texts.say(f"{key}-text"),
        retry=visit.here if _may_be_repeated(request, problem) else None,
    )
    for name, value in (problem.headers or {}).items():
        page.headers[name] = value
    return page


def _may_be_repeated(request: Request, problem: Problem) -> bool:
    return request.method == "GET" and problem.status in {429, 500, 503}


def _family(status: int) -> str:
    if status in {403, 404, 413, 429, 503}:
        return str(status)
    return "fault" if status >= _INTERNAL else "other"


async def _sign_in_first(request: Request, _error: Exception) -> Response:
    if not wants_page(request):
        return Problem(401, "sign_in_required", "Sign in first").response()
    query = request.url.query
    here = f"{request.url.path}?{query}" if query else request.url.path
    return RedirectResponse(sign_in_url(here), 303)


async def _forged(request: Request, _error: Exception) -> Response:
    return answer(request, Problem(403, "forged_request", "Not sent from a page of ours"))


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, ServiceRefused):
        raise error
    headers = {"Retry-After": error.retry_after} if error.retry_after else None
    problem = Problem(error.status, error.code, error.title, errors=error.errors, headers=headers)
    return answer(request, problem)


async def _unreachable(request: Request, error: Exception) -> Response:
    logger.warning("%s %s: no answer from %s", request.method, request.url.path, error)
    problem = Problem(
        _SERVICE_UNAVAILABLE,
        "service_unreachable",
        "A part of the system does not answer",
        headers={"Retry-After": "2"},
    )
    return answer(request, problem)


async def _too_many(request: Request, error: Exception) -> Response:
    seconds = error.retry_after_s if isinstance(error, TooManyRequests) else 1
    headers = {"Retry-After": str(seconds)}
    return answer(request, Problem(429, "too_many_requests", "Too fast", headers=headers))


async def _problem(request: Request, error: Exception) -> Response:
    return answer(request, error) if isinstance(error, Problem) else await _fault(request, error)


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    phrase = HTTPStatus(error.status_code).phrase
    code = phrase.lower().replace(" ", "_")
    return answer(request, Problem(error.status_code, code, phrase, headers=error.headers))


async def _invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    if any(each["type"] == "json_invalid" for each in error.errors()):
        return answer(request, Problem(400, "malformed_json", "The body is not JSON"))
    told = [
        {"field": ".".join(map(str, each["loc"][1:])), "message": str(each["msg"])}
        for each in error.errors()
    ]
    return answer(request, Problem(422, "invalid_request", "Invalid fields", errors=told))


async def _fault(request: Request, fault: Exception) -> Response:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=fault)
    return answer(request, Problem(_INTERNAL, "internal_error", "Something went wrong"))
