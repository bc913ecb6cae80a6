"""One person at one page: who they are, what they sent, and what they are shown."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import FormData

from libs.runtime.http import csrf
from libs.runtime.scheduling.clock import Clock
from services.gateway.assets import Assets
from services.gateway.clients import Caller, ServiceRefused, Services
from services.gateway.formats import Formats
from services.gateway.limits import RateLimit
from services.gateway.network_address import network_address_of
from services.gateway.pass_ids import PassIds
from services.gateway.rendering import Rendering
from services.gateway.security import Policy
from services.gateway.session import (
    BROWSER_COOKIE_S,
    Cookies,
    SignedIn,
    Visitor,
    token_of,
    visitor_of,
)
from services.gateway.settings import Settings
from services.gateway.texts import Texts, knows, region_of, texts_for

_CSRF_FIELD: Final = "csrf_token"
_CSRF_HEADER: Final = "x-csrf-token"
_KEY_FIELD: Final = "idempotency_key"
_LONGEST_KEY: Final = 100
_OWN_SITE: Final = frozenset({"same-origin", "none"})


R = TypeVar("R", bound=Response)


class SignInFirst(Exception):
    """Nobody is signed in, and the page is for people who are."""


class ForgedRequest(Exception):
    """What was sent does not come from a page that we showed to this browser."""


@dataclass(frozen=True, slots=True)
class Edge:
    """What every page works with; put together once."""

    settings: Settings
    services: Services
    clock: Clock
    cookies: Cookies
    assets: Assets
    rendering: Rendering
    policy: Policy
    sign_in_limit: RateLimit
    purchase_limit: RateLimit
    network_limit: RateLimit
    pass_ids: PassIds


@dataclass(frozen=True, slots=True)
class Visit:
    """One visitor at one page."""

    edge: Edge
    request: Request
    visitor: Visitor
    ask: Caller
    texts: Texts
    formats: Formats

    @property
    def signed_in(self) -> SignedIn | None:
        """Who is signed in, if someone is."""
        return self.visitor.signed_in

    @property
    def person(self) -> SignedIn:
        """Who is signed in. Raises SignInFirst."""
        if self.visitor.signed_in is None:
            raise SignInFirst
        return self.visitor.signed_in

    @property
    def here(self) -> str:
        """The address of this page, to come back to."""
        query = self.request.url.query
        return f"{self.request.url.path}?{query}" if query else self.request.url.path

    @property
    def csrf_token(self) -> str:
        """Proves that a form was shown to this visitor."""
        return csrf.token_for(self.edge.settings.csrf_secret, self.visitor.csrf_subject)

    @staticmethod
    def new_key() -> str:
        """A key for one command."""
        return secrets.token_urlsafe()

    @property
    def network_address(self) -> str:
        """Where the request comes from."""
        return network_address_of(self.request, self.edge.settings)

    async def show(
        self, template: str, *, status: int = 200, needs: Iterable[str] = (), **given: Any
    ) -> HTMLResponse:
        """A page with the texts, the person, their unread notices and the scripts it needs."""
        if "unread" not in given:
            given["unread"] = await self.unread_count()
        return self.render(template, status=status, needs=needs, **given)

    async def unread_count(self) -> int:
        """How many notices wait; none when the service can't say it at once."""
        if self.visitor.signed_in is None:
            return 0
        answer = await self.ask.find("notifications", "/notices/unread-count", {})
        return int(answer.get("count", 0))

    def render(
        self, template: str, *, status: int = 200, needs: Iterable[str] = (), **given: Any
    ) -> HTMLResponse:
        """The same without asking any service, for pages that say that one is away."""
        common: dict[str, Any] = {
            "person": self.visitor.signed_in,
            "path": self.request.url.path,
            "csrf_token": self.csrf_token,
            "new_key": self.new_key,
            "sign_in_url": sign_in_url(self.here),
            "site": self.edge.settings.public_url,
            "problem": None,
            "needs": tuple(needs),
            "unread": 0,
        }
        body = self.edge.rendering.render(template, self.texts, self.formats, common | given)
        headers = {
            "Content-Security-Policy": self.edge.policy.for_page(needs),
            "Cache-Control": "no-store" if self.visitor.session_token else "private, no-cache",
            "Vary": "Cookie, Accept-Language",
        }
        return self.with_cookies(HTMLResponse(body, status, headers=headers))

    def go(self, path: str) -> Response:
        """On to another page of ours."""
        return self.with_cookies(RedirectResponse(path, 303))

    def with_cookies(self, response: R) -> R:
        """Give a new browser its id, and take away a session that is over."""
        cookies = self.edge.cookies
        if self.visitor.is_new_browser:
            cookies.set(response, cookies.browser, self.visitor.browser_id, BROWSER_COOKIE_S)
        if self.visitor.has_stale_cookie:
            cookies.remove(response, cookies.session)
        return response

    def told(self, refused: ServiceRefused) -> str:
        """A refusal as a sentence of ours, or else the title that the service gave it."""
        key = f"problem-{refused.code.replace('_', '-')}"
        if knows(key):
            return self.texts.say(key)
        return refused.title or self.texts.say("problem-unknown")


def sign_in_url(then: str) -> str:
    """Where to sign in and come back from."""
    return f"/sign-in?next={quote(then, safe='')}"


def local_path(wanted: str | None) -> str:
    """The path to go on to when it is one of ours, else the front page: never another site."""
    if not wanted or not wanted.startswith("/") or not wanted.isprintable():
        return "/"
    if wanted[1:2] in {"/", "\\"} or "\\" in wanted:
        return "/"
    parts = urlsplit(wanted)
    return "/" if parts.scheme or parts.netloc else wanted


def edge_of(request: Request) -> Edge:
    """What the app was built with."""
    edge: Edge = request.app.state.edge
    return edge


def visit_of(request: Request, visitor: Visitor) -> Visit:
    """A visit by a visitor who is known."""
    edge = edge_of(request)
    accepted = request.headers.get("accept-language", "")
    chosen = visitor.signed_in.locale if visitor.signed_in else None
    texts = texts_for(chosen, accepted)
    region = region_of(accepted, texts.locale)
    token = None
    if visitor.signed_in is not None:
        secret = edge.settings.person_token_secret
        token = token_of(visitor.signed_in, secret, edge.clock.now())
    return Visit(
        edge=edge,
        request=request,
        visitor=visitor,
        ask=edge.services.asked_by(token, str(region).replace("_", "-")),
        texts=texts,
        formats=Formats(region),
    )


async def _visit(request: Request) -> Visit:
    edge = edge_of(request)
    return visit_of(request, await visitor_of(request, edge.cookies, edge.services))


Visiting = Annotated[Visit, Depends(_visit)]


async def _member_visit(visit: Visiting) -> Visit:
    if visit.signed_in is None:
        raise SignInFirst
    return visit


MemberVisiting = Annotated[Visit, Depends(_member_visit)]


def refuse_other_sites(request: Request, settings: Settings) -> None:
    """What another site made the browser send. Raises ForgedRequest."""
    if request.headers.get("sec-fetch-site", "none") not in _OWN_SITE:
        raise ForgedRequest
    origin = request.headers.get("origin")
    if origin is not None and origin != _origin_of(settings.public_url):
        # On one's own machine 127.0.0.1 and localhost are the same place.
        own = f"{request.url.scheme}://{request.headers.get('host', '')}"
        if settings.is_https or origin != own:
            raise ForgedRequest


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def refuse_forged(visit: Visit, token: str) -> None:
    """Neither from another site nor without our token. Raises ForgedRequest."""
    settings = visit.edge.settings
    refuse_other_sites(visit.request, settings)
    if not csrf.verify(settings.csrf_secret, visit.visitor.csrf_subject, token):
        raise ForgedRequest


class SentForm:
    """A form that was sent; its key makes a double click one command."""

    def __init__(self, form: FormData) -> None:
        self._form = form

    def text(self, name: str) -> str:
        """What was typed in a field."""
        value = self._form.get(name)
        # The sender names the encoding, and some let half a character through.
        return value.encode(errors="replace").decode() if isinstance(value, str) else ""

    @property
    def key(self) -> str:
        """Made when the form was shown; one that was left out is made now."""
        given = self.text(_KEY_FIELD)[:_LONGEST_KEY]
        usable = given and given.isascii() and given.isprintable()
        return given if usable else secrets.token_urlsafe()


async def read_form(request: Request, visit: Visiting) -> SentForm:
    """The form that was sent from a page of ours. Raises ForgedRequest."""
    form = SentForm(await request.form(max_files=0, max_fields=50))
    refuse_forged(visit, form.text(_CSRF_FIELD) or request.headers.get(_CSRF_HEADER, ""))
    return form


Sent = Annotated[SentForm, Depends(read_form)]


async def checked_api(request: Request, visit: Visiting) -> Visit:
    """A call of the API: with a token of its own, or from our page with the page's token."""
    if request.method in {"GET", "HEAD"} or visit.visitor.by_header:
        return visit
    if not visit.visitor.brought_cookie:
        # Whatever it asks, it asks in nobody's name.
        refuse_other_sites(request, visit.edge.settings)
        return visit
    refuse_forged(visit, request.headers.get(_CSRF_HEADER, ""))
    return visit


ApiVisit = Annotated[Visit, Depends(checked_api)]
