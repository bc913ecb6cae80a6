"""Writes the mail of a notice, as text and as HTML, in the reader's language."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from services.notifications.domain import Kind
from services.notifications.texts import Language, Texts
from services.notifications.unsubscribe_tokens import UnsubscribeTokens, Unsubscription

_TEMPLATES: Final = Path(__file__).parent / "templates"

_ROWS: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.RECEIPT: ("item", "amount", "order", "bought", "access", "next-charge"),
    Kind.REFUND: ("item", "amount", "order", "returned"),
    Kind.PAYMENT_RETURNED: ("item", "amount", "order", "returned"),
}


@dataclass(frozen=True, slots=True)
class Letter:
    """The content of a mail. `unsubscribe_from` is None for kinds that can't be switched off."""

    notice_id: UUID
    kind: Kind
    facts: Mapping[str, Any]
    url: str
    person_id: UUID
    unsubscribe_from: UUID | None


@dataclass(frozen=True, slots=True)
class Reader:
    """The recipient; forgotten once the mail is sent."""

    address: str
    name: str
    locale: str


class Mails:
    """Writes mails: `site` is our public address, `sender` the From."""

    def __init__(self, site: str, sender: str, texts: Texts, tokens: UnsubscribeTokens) -> None:
        self._site = site.rstrip("/")
        self._sender = sender
        self._domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
        self._texts = texts
        self._tokens = tokens
        self._templates = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )

    def write(self, letter: Letter, reader: Reader, at: datetime) -> EmailMessage:
        """Return the mail of one notice; a repeat has the same Message-ID, which is the notice's
        id."""
        language = self._texts.in_language(reader.locale)
        values = self._values(letter, reader, language)
        mail = EmailMessage()
        mail["From"] = self._sender
        mail["To"] = reader.address
        mail["Subject"] = values["subject"]
        mail["Date"] = format_datetime(at)
        mail["Message-ID"] = f"<{letter.notice_id}@{self._domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail["Content-Language"] = language.tag
        if values["unsubscribe_url"]:
            mail["List-Unsubscribe"] = f"<{values['unsubscribe_url']}>"
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail.set_content(self._render("mail.txt", values))
        mail.add_alternative(self._render("mail.html", values), subtype="html")
        return mail

    def _values(self, letter: Letter, reader: Reader, language: Language) -> dict[str, Any]:
        name, given = _message(letter.kind), language.blanks(letter.facts)
        space_id = letter.unsubscribe_from
        return {
            "language": language.tag,
            "sender": language.say("sender"),
            "site": self._site,
            "subject": _one_line(language.say(name, "subject", given)),
            "heading": language.say(name, "title", given),
            "greeting": _greeting(reader.name, language),
            "lead": language.say(name, "mail", given),
            "rows": list(_rows(letter.kind, given, language)),
            "action": language.say(name, "action", given),
            "action_url": f"{self._site}{letter.url}",
            "why": language.say(name, "why", given),
            "unsubscribe": language.say("unsubscribe-link", None, given) if space_id else "",
            "unsubscribe_url": self._unsubscribe_url(letter.person_id, space_id),
        }

    def _unsubscribe_url(self, person_id: UUID, space_id: UUID | None) -> str:
        if space_id is None:
            return ""
        token = self._tokens.sign(Unsubscription(person_id, space_id))
        return f"{self._site}/unsubscribe/{token}"

    def _render(self, template: str, values: Mapping[str, Any]) -> str:
        return self._templates.get_template(template).render(values)


def _message(kind: Kind) -> str:
    return str(kind).replace("_", "-")


def _greeting(name: str, language: Language) -> str:
    return language.say("greeting", None, {"is_named": "yes" if name else "no", "name": name})


def _rows(kind: Kind, given: Mapping[str, Any], language: Language) -> Iterator[tuple[str, str]]:
    for row in _ROWS.get(kind, ()):
        value = language.say(f"row-{row}", "value", given)
        if value:
            yield language.say(f"row-{row}"), value


def _one_line(text: str) -> str:
    """Make a header one line, whatever a creator calls a pass."""
    return " ".join(text.split())
