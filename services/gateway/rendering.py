"""Templates become pages here, and nowhere else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from libs.permissions import may
from services.gateway.assets import Assets
from services.gateway.browsers import browser_name
from services.gateway.formats import Formats
from services.gateway.texts import Texts

_FOLDER: Final = Path(__file__).parent / "templates"


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals["browser_name"] = browser_name
    templates.globals["may"] = may
    templates.filters["lines"] = _lines
    templates.filters["data"] = _data
    return templates


@dataclass(frozen=True, slots=True)
class Rendering:
    """Renders templates: everything that is put into a page is escaped."""

    assets: Assets

    def render(
        self, template: str, texts: Texts, formats: Formats, given: Mapping[str, Any]
    ) -> str:
        """One page in one language."""
        return (
            _templates()
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
                **given,
            )
        )


def _lines(text: str) -> Markup:
    """Paragraphs of what someone typed: blank lines part them, single ones break."""
    parts = [part for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]
    marked = [Markup("<br>").join(part.strip().split("\n")) for part in parts]
    return Markup("").join(Markup("<p>{}</p>").format(part) for part in marked)


def _data(value: Any) -> str:
    """JSON for a data attribute; escaped as any other text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
