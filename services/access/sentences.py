"""The sentences of the access service, from its locale files."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from babel.dates import format_datetime
from fluent.runtime import FluentBundle, FluentResource

_LOCALES: Final = Path(__file__).parent / "locale"


def sentence(name: str, given: Mapping[str, Any], locale: str = "en") -> str:
    """Return the sentence with its variables filled in; instants are in UTC.

    Raises LookupError for an unknown sentence, or a variable that is missing.
    """
    bundle = _bundle(locale)
    message = bundle.get_message(name)
    filled = {key: _formatted(value, locale) for key, value in given.items()}
    if message.value is None:
        raise LookupError(name)
    text, errors = bundle.format_pattern(message.value, filled)
    if errors:
        raise LookupError(f"{name}: {errors}")
    return str(text)


@cache
def _bundle(locale: str) -> FluentBundle:
    bundle = FluentBundle([locale], use_isolating=False)
    bundle.add_resource(FluentResource((_LOCALES / f"{locale}.ftl").read_text("utf-8")))
    return bundle


def _formatted(value: Any, locale: str) -> Any:
    if isinstance(value, datetime):
        return f"{format_datetime(value, 'd MMMM y, HH:mm:ss', locale=locale)} UTC"
    return value
