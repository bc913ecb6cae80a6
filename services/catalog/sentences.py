"""The catalog's sentences, from its locale files."""

from functools import cache
from pathlib import Path

from fluent.runtime import FluentBundle, FluentResource

_LOCALES = Path(__file__).parent / "locale"


@cache
def _bundle(locale: str) -> FluentBundle:
    bundle = FluentBundle([locale], use_isolating=False)
    bundle.add_resource(FluentResource((_LOCALES / f"{locale}.ftl").read_text("utf-8")))
    return bundle


def sentence(code: str, given: dict[str, str | int] | None = None, locale: str = "en") -> str:
    """Return the sentence of a code such as `slug_taken`. Raises LookupError."""
    bundle = _bundle(locale)
    message = bundle.get_message(code.replace("_", "-"))
    if message.value is None:
        raise LookupError(code)
    text, errors = bundle.format_pattern(message.value, given or {})
    if errors:
        raise LookupError(f"{code}: {errors}")
    return str(text)
