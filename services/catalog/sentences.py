"""The catalog's sentences, from its locale files."""

from functools import cache
from pathlib import Path
from typing import Final

from babel import negotiate_locale
from fluent.runtime import FluentBundle, FluentResource

_LOCALES: Final = Path(__file__).parent / "locale"
_LANGUAGES: Final = tuple(sorted(file.stem for file in _LOCALES.glob("*.ftl")))
_FALLBACK: Final = "en"


@cache
def _bundle(locale: str) -> FluentBundle:
    bundle = FluentBundle([locale], use_isolating=False)
    bundle.add_resource(FluentResource((_LOCALES / f"{locale}.ftl").read_text("utf-8")))
    return bundle


def language_for(accept_language: str) -> str:
    """Return the first language of the header that we have; English if there is none."""
    wanted = [each.partition(";")[0].strip() for each in accept_language.split(",")]
    return negotiate_locale(wanted, _LANGUAGES, sep="-") or _FALLBACK


def sentence(code: str, given: dict[str, str | int] | None = None, locale: str = _FALLBACK) -> str:
    """Return the sentence of a code such as `slug_taken`. Raises LookupError."""
    bundle = _bundle(locale)
    message = bundle.get_message(code.replace("_", "-"))
    if message.value is None:
        raise LookupError(code)
    text, errors = bundle.format_pattern(message.value, given or {})
    if errors:
        raise LookupError(f"{code}: {errors}")
    return str(text)
