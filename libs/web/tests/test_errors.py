"""Every error of an edge is answered as the edge answers problems."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from libs.runtime.http.problems import Problem
from libs.web.app import create_edge_app
from libs.web.clients import ServiceRefused, Services, ServiceUnreachable
from libs.web.errors import may_be_repeated, words_of
from libs.web.forms import ForgedRequest
from libs.web.texts import Translations
from libs.web.visit import SignInFirst

ERRORS: dict[str, Exception] = {
    "sign-in": SignInFirst(),
    "forged": ForgedRequest(),
    "refused": ServiceRefused(409, "sold_out", "Sold out", retry_after="7"),
    "unreachable": ServiceUnreachable("GET http://catalog"),
    "problem": Problem(429, "too_many_requests", "Too fast", headers={"Retry-After": "9"}),
    "http": HTTPException(418),
    "fault": RuntimeError("a fault"),
}


def answer(_: Request, problem: Problem) -> Response:
    body = {"status": problem.status, "code": problem.code, "headers": problem.headers}
    return JSONResponse(body, problem.status)


@pytest.fixture
def app() -> FastAPI:
    routes = APIRouter()

    @routes.get("/error/{name}")
    async def fail(name: str) -> None:
        raise ERRORS[name]

    @routes.get("/number/{number}")
    async def number(number: int) -> int:
        return number

    return create_edge_app(
        "edge", person_token_secret="x" * 32, routers=[routes], services=Services({}), answer=answer
    )


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://edge") as http:
        yield http


@pytest.mark.parametrize(
    ("path", "status", "code", "headers"),
    [
        ("/error/sign-in", 401, "sign_in_required", None),
        ("/error/forged", 403, "forged_request", None),
        ("/error/refused", 409, "sold_out", {"Retry-After": "7"}),
        ("/error/unreachable", 503, "service_unreachable", {"Retry-After": "2"}),
        ("/error/problem", 429, "too_many_requests", {"Retry-After": "9"}),
        ("/error/http", 418, "i'm_a_teapot", None),
        ("/error/fault", 500, "internal_error", None),
        ("/number/none", 422, "invalid_request", None),
        ("/nowhere", 404, "not_found", None),
    ],
)
async def test_each_error_becomes_a_problem(
    browser: httpx.AsyncClient, path: str, status: int, code: str, headers: Any
) -> None:
    answered = await browser.get(path)

    assert answered.status_code == status
    assert answered.json() == {"status": status, "code": code, "headers": headers}


async def test_an_edge_is_ready_when_it_is_alive(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/health")).json() == {"status": "ready", "service": "edge"}


@pytest.mark.parametrize(
    ("status", "code", "title"),
    [
        (403, "forged_request", "Diese Seite war zu alt"),
        (403, "something_else", "Das darfst du nicht"),
        (409, "something_else", "Das hat nicht geklappt"),
        (500, "internal_error", "Etwas ist schiefgegangen"),
        (599, "something_else", "Etwas ist schiefgegangen"),
        (503, "service_unreachable", "Einen Moment bitte"),
    ],
)
def test_a_problem_has_words_of_its_own_or_those_of_its_kind(
    status: int, code: str, title: str
) -> None:
    texts = Translations().in_language("de")

    assert words_of(texts, Problem(status, code, "An English title"))[0] == title


@pytest.mark.parametrize(
    ("method", "status", "repeatable"),
    [("GET", 503, True), ("GET", 500, True), ("POST", 503, False), ("GET", 404, False)],
)
def test_only_a_page_that_may_come_later_is_loaded_again(
    method: str, status: int, repeatable: bool
) -> None:
    request = Request({"type": "http", "method": method})

    assert may_be_repeated(request, Problem(status, "x", "X")) is repeatable
