"""Reads forms and checks that a page of ours sent them."""

import secrets
from typing import Final
from uuid import UUID, uuid5

from fastapi import Request
from starlette.datastructures import FormData

from libs.web import csrf

_CSRF_FIELD: Final = "csrf_token"
_KEY_FIELD: Final = "idempotency_key"
_KEYS: Final = UUID("0a8b6a56-0d0b-5a0e-8f0e-3c6b9b9f5d11")
_MOST_FIELDS: Final = 500


class ForgedRequest(Exception):
    """The request does not come from a page that we showed to this browser."""


class SentForm:
    """A sent form; its key makes a double click one command."""

    def __init__(self, form: FormData) -> None:
        self._form = form
        self._made = "" if self.text(_KEY_FIELD) else secrets.token_urlsafe()

    def text(self, name: str) -> str:
        """Return the text of a field, unchanged."""
        value = self._form.get(name)
        return _whole(value) if isinstance(value, str) else ""

    def texts(self, name: str) -> list[str]:
        """Return all values of a field."""
        return [_whole(each) for each in self._form.getlist(name) if isinstance(each, str)]

    def id(self, name: str) -> UUID:
        """Return an id that our page put into the form. Raises ForgedRequest if it is none."""
        try:
            return UUID(self.text(name))
        except ValueError:
            raise ForgedRequest from None

    def typed(self) -> dict[str, str]:
        """Return every field with one value."""
        return {name: self.text(name) for name in self._form}

    @property
    def csrf_token(self) -> str:
        """The CSRF token in the form."""
        return self.text(_CSRF_FIELD)

    @property
    def key(self) -> UUID:
        """The same content of the same page has the same key; a changed form has another.

        A form without our hidden key is a new command each time.
        """
        pairs = sorted((name, _whole(str(value))) for name, value in self._form.multi_items())
        return uuid5(_KEYS, self._made + repr(pairs))


def _whole(text: str) -> str:
    """Replace unpaired surrogates, which some encodings let through."""
    return text.encode(errors="replace").decode()


async def read_form(request: Request) -> SentForm:
    """Return the sent form; check it with `refuse_forged`."""
    return SentForm(await request.form(max_files=0, max_fields=_MOST_FIELDS))


def refuse_forged(secret: str, csrf_subject: str, token: str) -> None:
    """Raise ForgedRequest unless the token belongs to this session or browser."""
    if not csrf.verify(secret, csrf_subject, token):
        raise ForgedRequest
