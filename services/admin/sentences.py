"""The admin's sentences, from its locale files."""

from functools import cache
from pathlib import Path
from typing import Any

from fluent.runtime import FluentBundle, FluentResource

_LOCALES = Path(__file__).parent / "locale"


@cache
def _bundle(locale: str) -> FluentBundle:
    bundle = FluentBundle([locale], use_isolating=False)
    bundle.add_resource(FluentResource((_LOCALES / f"{locale}.ftl").read_text("utf-8")))
    return bundle


def knows(name: str, locale: str = "en") -> bool:
    """Whether there is a sentence of this name."""
    return bool(_bundle(locale).has_message(name))


def sentence(name: str, locale: str = "en", **given: Any) -> str:
    """The sentence of this name, its gaps filled. Raises LookupError."""
    bundle = _bundle(locale)
    value = bundle.get_message(name).value if bundle.has_message(name) else None
    if value is None:
        raise LookupError(name)
    text, errors = bundle.format_pattern(value, given)
    if errors:
        raise LookupError(f"{name}: {errors}")
    return str(text)
