"""Answers errors: a page for people, a problem for programs."""

from typing import Final

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from libs.runtime.http.problems import Problem
from libs.web.errors import page_of
from services.gateway.session import Visitor, new_browser_id
from services.gateway.visit import sign_in_url, visit_of

_NOT_PAGES: Final = ("/api/", "/webhooks/", "/health", "/static/")


def answer(request: Request, problem: Problem) -> Response:
    """Answer with the problem as JSON, or as a page in the viewer's language."""
    if not _wants_page(request):
        return problem.response()
    # Identity is not asked who is signed in: it may be the service that is down.
    visit = visit_of(request, Visitor(new_browser_id(), False, None, None))
    if problem.code == "sign_in_required":
        return RedirectResponse(sign_in_url(visit.here), 303)
    return page_of(visit, visit.render, problem)


def _wants_page(request: Request) -> bool:
    """Return whether a person, not a program, reads the answer."""
    if request.url.path.startswith(_NOT_PAGES):
        return False
    if request.headers.get("content-type", "").startswith("application/json"):
        return False
    return "application/json" not in request.headers.get("accept", "")
