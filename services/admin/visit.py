"""Who looks at a page, and what they sent: every form is checked to come from our own page."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID, uuid5

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from libs.runtime.http import csrf
from libs.runtime.http.app import MaybePerson, SignedPerson
from services.admin.clients import Caller, ServiceRefused
from services.admin.rendering import page
from services.admin.sentences import knows, sentence

# What stands in our addresses becomes part of the addresses that we ask.
_NAME: Final = re.compile(r"[a-z0-9-]{1,60}")
_KEYS: Final = UUID("0a8b6a56-0d0b-5a0e-8f0e-3c6b9b9f5d11")


class SignInFirst(Exception):
    """Nobody is signed in."""


class ForgedForm(Exception):
    """The form does not come from a page that we showed to this person."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One person at one page."""

    request: Request
    person: SignedPerson
    ask: Caller
    csrf_token: str

    def show(
        self,
        template: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **given: Any,
    ) -> HTMLResponse:
        """A page; `done` in the address names a sentence that says what was done."""
        done = f"done-{self.request.query_params.get('done', '')}"
        if "typed" in given:
            # A form that lacks a field is shown again with that field empty.
            given["typed"] = defaultdict(str, given["typed"])
        common: dict[str, Any] = {
            "done": sentence(done) if knows(done) else None,
            "problem": None,
            "person": self.person,
            "path": self.request.url.path,
        }
        return page(
            template,
            common | given,
            csrf_token=self.csrf_token,
            status=status,
            headers=headers,
        )

    @staticmethod
    def go(path: str, done: str | None = None) -> RedirectResponse:
        """On to another page, saying what was done."""
        return RedirectResponse(path if done is None else f"{path}?done={done}", 303)


async def _visit(request: Request, person: MaybePerson) -> Visit:
    if person is None:
        raise SignInFirst
    if not all(_NAME.fullmatch(str(part)) for part in request.path_params.values()):
        raise HTTPException(HTTPStatus.NOT_FOUND)
    token = request.headers["authorization"].partition(" ")[2]
    caller: Caller = request.app.state.services.asked_with(token)
    secret: str = request.app.state.csrf_secret
    csrf_token = request.headers.get("x-csrf-token") or csrf.token_for(secret, person.session_id)
    return Visit(request, person, caller, csrf_token)


Visiting = Annotated[Visit, Depends(_visit)]


class Sent:
    """A form that was sent; its key makes a double click one command."""

    def __init__(self, form: FormData) -> None:
        self._form = form

    def text(self, name: str) -> str:
        """What was typed in a field, as it was typed."""
        value = self._form.get(name)
        return _whole(value) if isinstance(value, str) else ""

    def texts(self, name: str) -> list[str]:
        """What was chosen in a field with several values."""
        return [_whole(each) for each in self._form.getlist(name) if isinstance(each, str)]

    def id(self, name: str) -> UUID:
        """An id that our own page put into the form. Raises ForgedForm for anything else."""
        try:
            return UUID(self.text(name))
        except ValueError:
            raise ForgedForm from None

    def typed(self) -> dict[str, str]:
        """Every field with one value."""
        return {name: self.text(name) for name in self._form}

    @property
    def key(self) -> UUID:
        """The same for the same content of the same page; another once something was changed."""
        pairs = sorted((name, str(value)) for name, value in self._form.multi_items())
        return uuid5(_KEYS, repr(pairs))


def _whole(text: str) -> str:
    """The sender names the encoding of a form, and some let half a character through."""
    return text.encode(errors="replace").decode()


async def _sent(request: Request, visit: Visiting) -> Sent:
    sent = Sent(await request.form(max_files=0, max_fields=500))
    secret: str = request.app.state.csrf_secret
    if not csrf.verify(secret, visit.person.session_id, sent.text("csrf_token")):
        raise ForgedForm
    return sent


SentForm = Annotated[Sent, Depends(_sent)]


def told(refused: ServiceRefused) -> str:
    """A refusal as a sentence of ours, or else the title that the service gave it."""
    name = f"problem-{refused.code.replace('_', '-')}"
    return sentence(name) if knows(name) else refused.title or sentence("problem-unknown")


def field_errors(refused: ServiceRefused, names: Mapping[str, str]) -> dict[str, str]:
    """The refusal's sentences by the fields of our form; `names` maps those called otherwise."""
    errors: dict[str, str] = {}
    for each in refused.errors:
        theirs = str(each.get("field", ""))
        ours = names.get(theirs, theirs.removeprefix("terms.").partition(".")[0])
        errors.setdefault(ours, str(each.get("message", "")))
    return errors
