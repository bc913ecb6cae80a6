"""Turns every error of an edge into a problem, which the edge answers."""

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Final, TypeVar, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from libs.runtime.http.problems import Problem
from libs.web.clients import ServiceRefused, ServiceUnreachable
from libs.web.forms import ForgedRequest
from libs.web.texts import Texts
from libs.web.visit import PageVisit, SignInFirst

logger = logging.getLogger(__name__)

E = TypeVar("E", bound=Exception)
Answer = Callable[[Request, Problem], Response]

_INTERNAL: Final = 500
_WITH_WORDS: Final = frozenset({403, 404, 413, 429, 503})
_REPEATABLE: Final = frozenset({429, 500, 503})


def install(app: FastAPI, answer: Answer) -> None:
    """Make `answer` answer every error."""

    def tell(exception: type[E], as_problem: Callable[[Request, E], Problem]) -> None:
        async def handle(request: Request, error: Exception) -> Response:
            return answer(request, as_problem(request, cast(E, error)))

        app.add_exception_handler(exception, handle)

    tell(SignInFirst, lambda _, __: Problem(401, "sign_in_required", "Sign in first"))
    tell(ForgedRequest, lambda _, __: Problem(403, "forged_request", "Not from a page of ours"))
    tell(ServiceRefused, _refused)
    tell(ServiceUnreachable, _unreachable)
    tell(Problem, lambda _, problem: problem)
    tell(HTTPException, _http)
    tell(RequestValidationError, _invalid)
    tell(Exception, _fault)


def words_of(texts: Texts, problem: Problem) -> tuple[str, str]:
    """Return the title and the text of the page of a problem."""
    code = problem.code.replace("_", "-")
    family = _family(problem.status)
    return (
        texts.first(f"error-{code}-title", f"error-{family}-title"),
        texts.first(f"error-{code}-text", f"error-{family}-text"),
    )


def page_of(visit: PageVisit, render: Callable[..., Response], problem: Problem) -> Response:
    """Return the page of a problem in the viewer's language; `render` is the edge's own."""
    title, text = words_of(visit.texts, problem)
    page = render(
        "error.html",
        status=problem.status,
        title=title,
        text=text,
        retry=visit.here if may_be_repeated(visit.request, problem) else None,
    )
    page.headers.update(problem.headers or {})
    return page


def may_be_repeated(request: Request, problem: Problem) -> bool:
    """Return whether loading the page again may help."""
    return request.method == "GET" and problem.status in _REPEATABLE


def _family(status: int) -> str:
    if status in _WITH_WORDS:
        return str(status)
    return "fault" if status >= _INTERNAL else "other"


def _refused(_: Request, error: ServiceRefused) -> Problem:
    headers = {"Retry-After": error.retry_after} if error.retry_after else None
    return Problem(error.status, error.code, error.title, errors=error.errors, headers=headers)


def _unreachable(request: Request, error: ServiceUnreachable) -> Problem:
    logger.warning("%s %s: no answer from %s", request.method, request.url.path, error)
    return Problem(
        503,
        "service_unreachable",
        "A part of the system does not answer",
        headers={"Retry-After": "2"},
    )


def _http(_: Request, error: HTTPException) -> Problem:
    phrase = HTTPStatus(error.status_code).phrase
    code = phrase.lower().replace(" ", "_")
    return Problem(error.status_code, code, phrase, headers=error.headers)


def _invalid(_: Request, error: RequestValidationError) -> Problem:
    if any(each["type"] == "json_invalid" for each in error.errors()):
        return Problem(400, "malformed_json", "The body is not JSON")
    told = [
        {"field": ".".join(map(str, each["loc"][1:])), "message": str(each["msg"])}
        for each in error.errors()
    ]
    return Problem(422, "invalid_request", "Invalid fields", errors=told)


def _fault(request: Request, fault: Exception) -> Problem:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=fault)
    return Problem(_INTERNAL, "internal_error", "Something went wrong")
