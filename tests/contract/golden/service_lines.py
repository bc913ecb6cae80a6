"""The lines of a service's docstring about its subscriptions and publications."""

import re
import textwrap
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from libs.events.catalogue import contracts
from libs.events.contract import Contract
from ops.stores import hears_of

_PARAGRAPH: Final = r"^{title}:.*?(?=^[A-Z][a-z ]*:|\"\"\")"


def paths() -> list[Path]:
    """Return the file with the lines."""
    return sorted(main.with_name("__init__.py") for main in Path("services").glob("*/__main__.py"))


def updated(service: str, text: str) -> str:
    """Return the text with both lines as the code has them."""
    published = [contract for contract in contracts() if contract.producer() == service]
    text = _put(text, "Subscribes to", _by_producer(hears_of(service)))
    return _put(text, "Publishes", _names(published))


def _put(text: str, title: str, content: str) -> str:
    lines = textwrap.fill(
        f"{title}: {content or 'nothing'}.",
        100,
        subsequent_indent="    ",
        break_long_words=False,
    )
    pattern = re.compile(_PARAGRAPH.format(title=title), re.MULTILINE | re.DOTALL)
    return pattern.sub(lines + "\n", text, count=1)


def _by_producer(heard: Iterable[type[Contract]]) -> str:
    by_producer: dict[str, list[type[Contract]]] = defaultdict(list)
    for contract in heard:
        by_producer[contract.producer()].append(contract)
    return "; ".join(f"{name} ({_names(by_producer[name])})" for name in sorted(by_producer))


def _names(some: Iterable[type[Contract]]) -> str:
    return ", ".join(sorted(contract.__name__ for contract in some))
