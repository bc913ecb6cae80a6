"""A visit to a page of any edge: language, caller and answers."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from libs.web.clients import Caller, ServiceRefused
from libs.web.formats import Formats
from libs.web.rendering import Rendering
from libs.web.texts import FALLBACK, Texts, Translations, region_of


class SignInFirst(Exception):
    """Nobody is signed in, and the page is for people who are."""


@dataclass(frozen=True, slots=True)
class Language:
    """The viewer's language, and how their region writes numbers and dates."""

    texts: Texts
    formats: Formats

    @classmethod
    def of(
        cls, translations: Translations, request: Request, chosen: str | None = None
    ) -> "Language":
        """Return the chosen language, else the browser's, else English."""
        accepted = request.headers.get("accept-language", "")
        texts = translations.for_viewer(chosen, accepted)
        return cls(texts, Formats(region_of(accepted, texts.locale)))


@dataclass(frozen=True, slots=True)
class PageVisit:
    """What every page of every edge works with."""

    request: Request
    language: Language
    ask: Caller
    rendering: Rendering
    csrf_token: str

    @property
    def texts(self) -> Texts:
        """The texts in the viewer's language."""
        return self.language.texts

    @property
    def formats(self) -> Formats:
        """Money and times as the viewer's region writes them."""
        return self.language.formats

    @property
    def here(self) -> str:
        """The address of this page, to come back to."""
        query = self.request.url.query
        return f"{self.request.url.path}?{query}" if query else self.request.url.path

    @staticmethod
    def new_key() -> str:
        """A key for one command."""
        return secrets.token_urlsafe()

    def page(
        self,
        template: str,
        given: Mapping[str, Any],
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> HTMLResponse:
        """Return a page with the values that every page needs."""
        common: dict[str, Any] = {
            "path": self.request.url.path,
            "csrf_token": self.csrf_token,
            "new_key": self.new_key,
            "done": None,
            "problem": None,
        }
        body = self.rendering.render(
            template, self.language.texts, self.language.formats, common | {**given}
        )
        return HTMLResponse(body, status, headers=dict(headers or {}))

    def told(self, refused: ServiceRefused) -> str:
        """Return our sentence for a refusal, or the title from the service."""
        key = f"problem-{refused.code.replace('_', '-')}"
        if self.texts.knows(key):
            return self.texts.say(key)
        # The titles of services are in English.
        in_english = self.texts.locale == FALLBACK
        return (in_english and refused.title) or self.texts.say("problem-unknown")
