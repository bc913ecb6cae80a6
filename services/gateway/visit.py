"""A visit to a page: the visitor, what they sent, and the answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from libs.runtime.scheduling.clock import Clock
from libs.web import csrf, forms
from libs.web.assets import Assets
from libs.web.clients import Services
from libs.web.forms import ForgedRequest, SentForm
from libs.web.rendering import Rendering
from libs.web.security import Policy, origin_of
from libs.web.texts import Translations
from libs.web.visit import Language, PageVisit, SignInFirst
from services.gateway.limits import RateLimit
from services.gateway.network_address import network_address_of
from services.gateway.pass_ids import PassIds
from services.gateway.session import (
    BROWSER_COOKIE_S,
    Cookies,
    SignedIn,
    Visitor,
    token_of,
    visitor_of,
)
from services.gateway.settings import Settings

_CSRF_HEADER: Final = "x-csrf-token"
_OWN_SITE: Final = frozenset({"same-origin", "none"})

R = TypeVar("R", bound=Response)


@dataclass(frozen=True, slots=True)
class Edge:
    """What every page uses; built once per process."""

    settings: Settings
    services: Services
    clock: Clock
    cookies: Cookies
    assets: Assets
    translations: Translations
    rendering: Rendering
    policy: Policy
    sign_in_limit: RateLimit
    purchase_limit: RateLimit
    network_limit: RateLimit
    pass_ids: PassIds


@dataclass(frozen=True, slots=True)
class Visit(PageVisit):
    """One visitor at one page of the site."""

    edge: Edge
    visitor: Visitor

    @property
    def signed_in(self) -> SignedIn | None:
        """The person who is signed in, or None."""
        return self.visitor.signed_in

    @property
    def person(self) -> SignedIn:
        """The person who is signed in. Raises SignInFirst if nobody is."""
        if self.visitor.signed_in is None:
            raise SignInFirst
        return self.visitor.signed_in

    @property
    def network_address(self) -> str:
        """The client's network address."""
        return network_address_of(self.request, self.edge.settings)

    async def show(
        self, template: str, *, status: int = 200, needs: Iterable[str] = (), **given: Any
    ) -> HTMLResponse:
        """Return a page with the unread notices; `needs` name what its scripts may load."""
        if "unread" not in given:
            given["unread"] = await self.unread_count()
        return self.render(template, status=status, needs=needs, **given)

    async def unread_count(self) -> int:
        """Return the number of unread notices, or 0 if the service does not answer at once."""
        if self.visitor.signed_in is None:
            return 0
        answer = await self.ask.find("notifications", "/notices/unread-count", {})
        return int(answer.get("count", 0))

    def render(
        self, template: str, *, status: int = 200, needs: Iterable[str] = (), **given: Any
    ) -> HTMLResponse:
        """Return a page without asking any service: an error page tells that one is down."""
        site: dict[str, Any] = {
            "home": "/",
            "person": self.visitor.signed_in,
            "sign_in_url": sign_in_url(self.here),
            "unread": 0,
        }
        headers = {
            "Content-Security-Policy": self.edge.policy.for_page(needs),
            "Cache-Control": "no-store" if self.visitor.session_token else "private, no-cache",
            "Vary": "Cookie, Accept-Language",
        }
        return self.with_cookies(self.page(template, site | given, status=status, headers=headers))

    def go(self, path: str) -> Response:
        """Redirect to another page of ours."""
        return self.with_cookies(RedirectResponse(path, 303))

    def with_cookies(self, response: R) -> R:
        """Set the id of a new browser, and remove the cookie of an ended session."""
        cookies = self.edge.cookies
        if self.visitor.is_new_browser:
            cookies.set(response, cookies.browser, self.visitor.browser_id, BROWSER_COOKIE_S)
        if self.visitor.has_stale_cookie:
            cookies.remove(response, cookies.session)
        return response


def sign_in_url(then: str) -> str:
    """Return the address of the sign-in page, which leads back to `then`."""
    return f"/sign-in?next={quote(then, safe='')}"


def local_path(wanted: str | None) -> str:
    """Return the path if it is one of ours, else the front page."""
    if not wanted or not wanted.startswith("/") or not wanted.isprintable():
        return "/"
    if wanted[1:2] in {"/", "\\"} or "\\" in wanted:
        return "/"
    parts = urlsplit(wanted)
    return "/" if parts.scheme or parts.netloc else wanted


def edge_of(request: Request) -> Edge:
    """Return what the app was built with."""
    edge: Edge = request.app.state.edge
    return edge


def visit_of(request: Request, visitor: Visitor) -> Visit:
    """Return the visit of this visitor."""
    edge = edge_of(request)
    person = visitor.signed_in
    language = Language.of(edge.translations, request, person.locale if person else None)
    token = None
    if person is not None:
        token = token_of(person, edge.settings.person_token_secret, edge.clock.now())
    return Visit(
        request=request,
        language=language,
        ask=edge.services.asked_by(token, language.formats.tag),
        rendering=edge.rendering,
        csrf_token=csrf.token_for(edge.settings.csrf_secret, visitor.csrf_subject),
        edge=edge,
        visitor=visitor,
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
    """Raise ForgedRequest if another site made the browser send the request."""
    if request.headers.get("sec-fetch-site", "none") not in _OWN_SITE:
        raise ForgedRequest
    origin = request.headers.get("origin")
    if origin is not None and origin != origin_of(settings.public_url):
        # On a developer's machine, 127.0.0.1 and localhost are the same site.
        own = f"{request.url.scheme}://{request.headers.get('host', '')}"
        if settings.is_https or origin != own:
            raise ForgedRequest


def _refuse_forged(visit: Visit, token: str) -> None:
    """Raise ForgedRequest for a request from another site, or without our token."""
    settings = visit.edge.settings
    refuse_other_sites(visit.request, settings)
    token = token or visit.request.headers.get(_CSRF_HEADER, "")
    forms.refuse_forged(settings.csrf_secret, visit.visitor.csrf_subject, token)


async def read_form(request: Request, visit: Visiting) -> SentForm:
    """Return a form that was sent from a page of ours. Raises ForgedRequest."""
    form = await forms.read_form(request)
    _refuse_forged(visit, form.csrf_token)
    return form


Sent = Annotated[SentForm, Depends(read_form)]


async def checked_api(request: Request, visit: Visiting) -> Visit:
    """Accept an API call that has a bearer token, or comes from our page with its CSRF token."""
    if request.method in {"GET", "HEAD"} or visit.visitor.by_header:
        return visit
    if not visit.visitor.brought_cookie:
        # The call acts for nobody, so no CSRF token is needed.
        refuse_other_sites(request, visit.edge.settings)
        return visit
    _refuse_forged(visit, "")
    return visit


ApiVisit = Annotated[Visit, Depends(checked_api)]
