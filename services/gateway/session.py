"""Identifies visitors by cookies, or by headers (native apps)."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fastapi import Request, Response

from libs.runtime.http import person_token
from libs.web.clients import Caller, ServiceRefused, Services

_DAY_S: Final = 24 * 60 * 60
SESSION_COOKIE_S: Final = 90 * _DAY_S
BROWSER_COOKIE_S: Final = 365 * _DAY_S
_BROWSER_BYTES: Final = 24
_LONGEST_ID: Final = 64
_UNAUTHORIZED: Final = 401


@dataclass(frozen=True, slots=True)
class Cookies:
    """The names of our cookies: `__Host-` on https, plain on http://localhost."""

    is_https: bool

    @property
    def session(self) -> str:
        """Holds the session token."""
        return "__Host-session" if self.is_https else "session"

    @property
    def browser(self) -> str:
        """Holds the browser's id; a sign-in code is bound to it."""
        return "__Host-browser" if self.is_https else "browser"

    def set(self, response: Response, name: str, value: str, max_age_s: int) -> None:
        """Set a cookie that scripts can't read and other sites can't send by a form."""
        response.set_cookie(
            name, value, max_age=max_age_s, path="/", secure=self.is_https, httponly=True,
            samesite="lax",
        )  # fmt: skip

    def remove(self, response: Response, name: str) -> None:
        """Remove the cookie."""
        response.delete_cookie(name, path="/", secure=self.is_https, httponly=True, samesite="lax")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person behind a session, as identity knows them."""

    person_id: UUID
    session_id: str
    email: str
    display_name: str
    locale: str
    fresh_until: datetime

    @property
    def name(self) -> str:
        """The name to show on a page."""
        return self.display_name or self.email

    @classmethod
    def of(cls, answer: dict[str, Any]) -> "SignedIn":
        """Read identity's answer."""
        return cls(
            person_id=UUID(answer["person_id"]),
            session_id=answer["session_id"],
            email=answer["email"],
            display_name=answer["display_name"],
            locale=answer["locale"],
            fresh_until=datetime.fromisoformat(answer["fresh_until"]),
        )


@dataclass(frozen=True, slots=True)
class Visitor:
    """A browser or an app, with the person who is signed in there."""

    browser_id: str
    is_new_browser: bool
    session_token: str | None
    signed_in: SignedIn | None
    by_header: bool = False
    brought_cookie: bool = False

    @property
    def csrf_subject(self) -> str:
        """The CSRF token is bound to the session, or to the browser if nobody is signed in."""
        return self.browser_id if self.signed_in is None else self.signed_in.session_id

    @property
    def has_stale_cookie(self) -> bool:
        """Whether the cookie belongs to a session that has ended."""
        return self.session_token is not None and self.signed_in is None and not self.by_header


def new_browser_id() -> str:
    """192 random bits."""
    return secrets.token_urlsafe(_BROWSER_BYTES)


async def visitor_of(request: Request, cookies: Cookies, services: Services) -> Visitor:
    """Return the visitor; asks identity who owns the session token."""
    browser_id = request.headers.get("x-browser-id") or request.cookies.get(cookies.browser, "")
    is_new = not browser_id or len(browser_id) > _LONGEST_ID
    if is_new:
        browser_id = new_browser_id()
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    by_header = scheme.lower() == "bearer" and bool(bearer)
    token = bearer if by_header else request.cookies.get(cookies.session)
    signed_in = await _signed_in(services, token) if token else None
    brought_cookie = bool(request.cookies.keys() & {cookies.browser, cookies.session})
    return Visitor(browser_id, is_new, token or None, signed_in, by_header, brought_cookie)


async def _signed_in(services: Services, token: str) -> SignedIn | None:
    # A quoted cookie may contain line breaks.
    if not (token.isascii() and token.isprintable()) or len(token) > _LONGEST_ID:
        return None
    try:
        answer = await Caller(services, None).get(
            "identity", "/sessions/current", headers={"X-Session-Token": token}
        )
    except ServiceRefused as refused:
        if refused.status == _UNAUTHORIZED:
            return None
        raise
    return SignedIn.of(answer)


def token_of(person: SignedIn, secret: str, now: datetime) -> str:
    """Return a token that names this person to a service for a minute."""
    return person_token.sign(
        secret, person.person_id, person.session_id, now, fresh=now < person.fresh_until
    )
