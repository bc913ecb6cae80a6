"""Who looks at a page, and what they sent: every form is checked to come from our own page."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException

from libs.runtime.http.app import MaybePerson, SignedPerson
from libs.web import csrf, forms
from libs.web.assets import Assets
from libs.web.clients import ServiceRefused, Services
from libs.web.forms import SentForm
from libs.web.rendering import Rendering
from libs.web.security import Policy
from libs.web.texts import Translations
from libs.web.visit import Language, PageVisit, SignInFirst

# What stands in our addresses becomes part of the addresses that we ask.
_NAME: Final = re.compile(r"[a-z0-9-]{1,60}")


@dataclass(frozen=True, slots=True)
class Edge:
    """What every page uses; built once per process."""

    services: Services
    assets: Assets
    translations: Translations
    rendering: Rendering
    policy: Policy
    csrf_secret: str


@dataclass(frozen=True, slots=True)
class Visit(PageVisit):
    """One person at one page; nobody at the page of an error."""

    edge: Edge
    person: SignedPerson | None

    def show(
        self,
        template: str,
        *,
        refused: ServiceRefused | None = None,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        **given: Any,
    ) -> HTMLResponse:
        """A page; `done` in the address names a sentence that says what was done."""
        done = f"done-{self.request.query_params.get('done', '')}"
        if "typed" in given:
            # A form that lacks a field is shown again with that field empty.
            given["typed"] = defaultdict(str, given["typed"])
        common: dict[str, Any] = {
            "done": self.texts.say(done) if self.texts.knows(done) else None,
            "problem": None if refused is None else self.told(refused),
            "home": "/admin",
            "person": self.person,
        }
        told = HTTPStatus.OK if refused is None else refused.status
        return self.page(
            template,
            common | given,
            status=told if status is None else status,
            # Only the person sees it, no cache keeps it.
            headers={"Cache-Control": "private, no-store", **(headers or {})},
        )

    @staticmethod
    def go(path: str, done: str | None = None) -> RedirectResponse:
        """On to another page, saying what was done."""
        return RedirectResponse(path if done is None else f"{path}?done={done}", 303)


def visit_of(request: Request, person: SignedPerson | None) -> Visit:
    """A visit of this person; the gateway has chosen the language that the request names."""
    edge: Edge = request.app.state.edge
    language = Language.of(edge.translations, request)
    token, csrf_token = None, ""
    if person is not None:
        token = request.headers["authorization"].partition(" ")[2]
        own = csrf.token_for(edge.csrf_secret, person.session_id)
        csrf_token = request.headers.get("x-csrf-token") or own
    return Visit(
        request=request,
        language=language,
        ask=edge.services.asked_by(token, language.formats.tag),
        rendering=edge.rendering,
        csrf_token=csrf_token,
        edge=edge,
        person=person,
    )


async def _visit(request: Request, person: MaybePerson) -> Visit:
    if person is None:
        raise SignInFirst
    if not all(_NAME.fullmatch(str(part)) for part in request.path_params.values()):
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return visit_of(request, person)


Visiting = Annotated[Visit, Depends(_visit)]


async def _sent(request: Request, visit: Visiting) -> SentForm:
    sent = await forms.read_form(request)
    session_id = "" if visit.person is None else visit.person.session_id
    # In the form alone: the gateway names the token in a header of each request.
    forms.refuse_forged(visit.edge.csrf_secret, session_id, sent.csrf_token)
    return sent


Sent = Annotated[SentForm, Depends(_sent)]
