"""The mail that carries a sign-in code, as text and as HTML, in the reader's language."""

from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from fluent.runtime import FluentBundle, FluentResource
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

_HERE: Final = Path(__file__).parent
_FALLBACK: Final = "en"
_TEXTS: Final = ("heading", "lead", "validity", "why", "not_you", "sender")


class Mails:
    """Writes mails. `site` is where people sign in, `sender` the From address."""

    def __init__(self, site: str, sender: str) -> None:
        self._site = site
        self._sender = sender
        self._bundles = {file.stem: _bundle(file) for file in (_HERE / "locale").glob("*.ftl")}
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            keep_trailing_newline=True,
        )

    def sign_in_code(self, to: str, locale: str, code: str, request_id: UUID) -> EmailMessage:
        """Return the mail of one code. A repeat is the same mail: its id is the request's."""
        texts = {name: self._text(locale, f"code-{name.replace('_', '-')}") for name in _TEXTS}
        values = texts | {"code": code, "site": self._site, "locale": self._known(locale)}
        mail = EmailMessage()
        mail["From"] = self._sender
        mail["To"] = to
        mail["Subject"] = self._text(locale, "code-subject", code=code)
        mail["Message-ID"] = f"<{request_id}@{self._sender.rpartition('@')[2].rstrip('>')}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(self._templates.get_template("sign_in_code.txt").render(values))
        mail.add_alternative(
            self._templates.get_template("sign_in_code.html").render(values), subtype="html"
        )
        return mail

    def _known(self, locale: str) -> str:
        return locale if locale in self._bundles else _FALLBACK

    def _text(self, locale: str, key: str, **values: Any) -> str:
        bundle = self._bundles[self._known(locale)]
        message = bundle.get_message(key)
        if message.value is None:
            raise LookupError(key)
        text, problems = bundle.format_pattern(message.value, {"site": self._site} | values)
        if problems:
            raise ValueError(f"{key}: {problems}")
        return str(text)


def _bundle(file: Path) -> FluentBundle:
    bundle = FluentBundle([file.stem], use_isolating=False)
    bundle.add_resource(FluentResource(file.read_text(encoding="utf-8")))
    return bundle
