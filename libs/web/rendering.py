"""Renders templates."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from libs.web.assets import Assets
from libs.web.formats import Formats
from libs.web.texts import Texts

SHARED: Final = Path(__file__).parent / "templates"


@cache
def _templates(folder: Path) -> Environment:
    templates = Environment(
        loader=FileSystemLoader([folder, SHARED]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {"lines": _lines, "data": _data}
    return templates


@dataclass(frozen=True, slots=True)
class Rendering:
    """Renders the templates of an edge and the shared ones; escapes all values.

    Every template may call the `functions`.
    """

    folder: Path
    assets: Assets
    functions: Mapping[str, Any]

    def render(
        self, template: str, texts: Texts, formats: Formats, given: Mapping[str, Any]
    ) -> str:
        """Return a page in one language."""
        return (
            _templates(self.folder)
            .get_template(template)
            .render(
                asset=self.assets.url,
                t=texts.say,
                marked=texts.marked,
                locale=texts.locale,
                money=formats.money,
                number=formats.number,
                moment=formats.moment,
                day=formats.day,
                **self.functions,
                **given,
            )
        )


def _lines(text: str) -> Markup:
    """Return typed text as paragraphs: blank lines separate them, single line breaks stay."""
    parts = [part for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]
    marked = [Markup("<br>").join(part.strip().split("\n")) for part in parts]
    return Markup("").join(Markup("<p>{}</p>").format(part) for part in marked)


def _data(value: Any) -> str:
    """Return JSON for a data attribute."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
