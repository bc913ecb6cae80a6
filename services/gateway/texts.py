"""Every string that people read, from the locale files (Fluent)."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from babel import Locale, negotiate_locale
from fluent.runtime import FluentBundle, FluentResource
from markupsafe import Markup

_FOLDER: Final = Path(__file__).parent / "locale"
FALLBACK: Final = "en"
# Characters for private use: no text has them.
_OPEN: Final = "\ue000"
_CLOSE: Final = "\ue001"

Say = Callable[..., str]


class UnknownText(LookupError):
    """A page asked for a text that no locale file has."""


@cache
def _bundles() -> dict[str, FluentBundle]:
    return {file.stem: _bundle(file) for file in sorted(_FOLDER.glob("*.ftl"))}


def _bundle(file: Path) -> FluentBundle:
    # Isolation marks would stand in attributes, titles and JSON as well.
    bundle = FluentBundle([file.stem], use_isolating=False)
    bundle.add_resource(FluentResource(file.read_text(encoding="utf-8")))
    return bundle


def knows(key: str) -> bool:
    """Whether there is such a text."""
    return _bundles()[FALLBACK].has_message(key)


class Texts:
    """The texts in one language."""

    def __init__(self, locale: str) -> None:
        self.locale = locale
        self._bundle = _bundles()[locale]

    def say(self, key: str, **given: Any) -> str:
        """One text with its values. Raises UnknownText."""
        bundle = self._bundle if self._bundle.has_message(key) else _bundles()[FALLBACK]
        if not bundle.has_message(key):
            raise UnknownText(key)
        pattern = bundle.get_message(key).value
        if pattern is None:
            raise UnknownText(key)
        text, problems = bundle.format_pattern(pattern, given)
        if problems:
            raise UnknownText(f"{key}: {problems}")
        return str(text)

    def marked(self, key: str, **given: Markup) -> Markup:
        """One text round pieces of HTML that are ours; the text itself is escaped."""
        places = {name: f"{_OPEN}{name}{_CLOSE}" for name in given}
        text = str(Markup.escape(self.say(key, **places)))
        for name, place in places.items():
            text = text.replace(place, given[name])
        return Markup(text)  # noqa: S704 - escaped above, the pieces are Markup

    def labels(self, prefix: str, names: Sequence[str]) -> dict[str, str]:
        """The words of an island: `chat`, `not_sent` is the text chat-not-sent."""
        return {name: self.say(f"{prefix}-{name.replace('_', '-')}") for name in names}


def texts_for(chosen: str | None, accept_language: str) -> Texts:
    """In the language that the person chose, else the best that the browser asks for."""
    wanted = [chosen] if chosen else []
    wanted += [part.partition(";")[0].strip() for part in accept_language.split(",")]
    known = negotiate_locale([each for each in wanted if each], list(_bundles()), sep="-")
    return Texts(known or FALLBACK)


def region_of(accept_language: str, language: str) -> Locale:
    """How numbers and dates are written: the browser's region, when it is of that language."""
    for part in accept_language.split(","):
        tag = part.partition(";")[0].strip()
        if tag.partition("-")[0].lower() == language:
            try:
                return Locale.parse(tag, sep="-")
            except (ValueError, LookupError):
                continue
    return Locale.parse(language)
