"""The texts of pages, from locale files (Fluent), in the viewer's language."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from babel import Locale, negotiate_locale
from fluent.runtime import FluentBundle, FluentResource
from markupsafe import Markup

FALLBACK: Final = "en"
SHARED: Final = Path(__file__).parent / "locale"
# Private-use characters, which no text contains.
_OPEN: Final = "\ue000"
_CLOSE: Final = "\ue001"


class UnknownText(LookupError):
    """A page asked for a text that no locale file has."""


class Texts:
    """The texts in one language. Every language has every text."""

    def __init__(self, locale: str, bundle: FluentBundle) -> None:
        self.locale = locale
        self._bundle = bundle

    def knows(self, key: str) -> bool:
        """Return whether this text exists."""
        return bool(self._bundle.has_message(key))

    def say(self, key: str, **given: Any) -> str:
        """Return a text with its values filled in. Raises UnknownText."""
        pattern = self._bundle.get_message(key).value if self.knows(key) else None
        if pattern is None:
            raise UnknownText(key)
        text, problems = self._bundle.format_pattern(pattern, given)
        if problems:
            raise UnknownText(f"{key}: {problems}")
        return str(text)

    def first(self, *keys: str) -> str:
        """Return the first of these texts that exists. Raises UnknownText."""
        return self.say(next((key for key in keys if self.knows(key)), keys[-1]))

    def marked(self, key: str, **given: Any) -> Markup:
        """Return a text around pieces of our HTML; escapes everything else."""
        places = {
            name: f"{_OPEN}{name}{_CLOSE}"
            for name, value in given.items()
            if isinstance(value, Markup)
        }
        text = str(Markup.escape(self.say(key, **given | places)))
        for name, place in places.items():
            text = text.replace(place, given[name])
        return Markup(text)  # noqa: S704 - escaped above, the pieces are Markup

    def labels(self, prefix: str, names: Sequence[str]) -> dict[str, str]:
        """Return the labels of an island: `chat` and `not_sent` name the text chat-not-sent."""
        return {name: self.say(f"{prefix}-{name.replace('_', '-')}") for name in names}


class Translations:
    """The locale files of an edge, with the shared ones."""

    def __init__(self, *folders: Path) -> None:
        self._by_locale = {
            file.stem: Texts(file.stem, _bundle(file.stem, (SHARED, *folders)))
            for file in sorted(SHARED.glob("*.ftl"))
        }

    @property
    def languages(self) -> dict[str, str]:
        """The languages to choose from, each by its own name."""
        return {
            tag: str(Locale.parse(tag).get_display_name(tag)).capitalize()
            for tag in self._by_locale
        }

    def in_language(self, locale: str) -> Texts:
        """Return the texts in one of our languages."""
        return self._by_locale[locale]

    def for_viewer(self, chosen: str | None, accept_language: str) -> Texts:
        """Return the texts in the chosen language, else in the browser's, else in English."""
        wanted = [chosen] if chosen else []
        wanted += tags_of(accept_language)
        known = negotiate_locale(wanted, list(self._by_locale), sep="-")
        return self._by_locale[known or FALLBACK]


def tags_of(accept_language: str) -> list[str]:
    """Return the languages of an Accept-Language header, the preferred ones first (RFC 9110)."""
    weighed = []
    for part in accept_language.split(","):
        tag, _, parameters = part.partition(";")
        if tag.strip():
            weighed.append((_weight(parameters), tag.strip()))
    return [tag for weight, tag in sorted(weighed, key=lambda each: -each[0]) if weight]


def _weight(parameters: str) -> float:
    name, _, value = parameters.replace(" ", "").partition("=")
    try:
        return float(value) if name == "q" else 1.0
    except ValueError:
        return 0.0


def region_of(accept_language: str, language: str) -> Locale:
    """Return the browser's region if it belongs to the language, else the language itself."""
    for tag in tags_of(accept_language):
        if tag.partition("-")[0].lower() == language:
            try:
                return Locale.parse(tag, sep="-")
            except (ValueError, LookupError):
                continue
    return Locale.parse(language)


@cache
def _bundle(locale: str, folders: tuple[Path, ...]) -> FluentBundle:
    # Isolation marks would end up in attributes, titles and JSON as well.
    bundle = FluentBundle([locale], use_isolating=False)
    for folder in folders:
        text = (folder / f"{locale}.ftl").read_text(encoding="utf-8")
        bundle.add_resource(FluentResource(text))
    return bundle
