"""What was sent by a form, and the proof that the form was shown by us."""

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
    """What was sent does not come from a page that we showed to this browser."""


class SentForm:
    """A form that was sent; its key makes a double click one command."""

    def __init__(self, form: FormData) -> None:
        self._form = form
        self._made = "" if self.text(_KEY_FIELD) else secrets.token_urlsafe()

    def text(self, name: str) -> str:
        """What was typed in a field, as it was typed."""
        value = self._form.get(name)
        return _whole(value) if isinstance(value, str) else ""

    def texts(self, name: str) -> list[str]:
        """What was chosen in a field with several values."""
        return [_whole(each) for each in self._form.getlist(name) if isinstance(each, str)]

    def id(self, name: str) -> UUID:
        """An id that our own page put into the form. Raises ForgedRequest for anything else."""
        try:
            return UUID(self.text(name))
        except ValueError:
            raise ForgedRequest from None

    def typed(self) -> dict[str, str]:
        """Every field with one value."""
        return {name: self.text(name) for name in self._form}

    @property
    def csrf_token(self) -> str:
        """The token that our page put into the form."""
        return self.text(_CSRF_FIELD)

    @property
    def key(self) -> UUID:
        """The same for the same content of the same page; another once something was changed.

        A form without the page's own key is a command of its own each time that it is sent.
        """
        pairs = sorted((name, _whole(str(value))) for name, value in self._form.multi_items())
        return uuid5(_KEYS, self._made + repr(pairs))


def _whole(text: str) -> str:
    """The sender names the encoding of a form, and some let half a character through."""
    return text.encode(errors="replace").decode()


async def read_form(request: Request) -> SentForm:
    """The form that was sent; whether it is ours, `refuse_forged` says."""
    return SentForm(await request.form(max_files=0, max_fields=_MOST_FIELDS))


def refuse_forged(secret: str, csrf_subject: str, token: str) -> None:
    """Raises ForgedRequest unless the token is that of the session (or browser) that sends it."""
    if not csrf.verify(secret, csrf_subject, token):
        raise ForgedRequest
