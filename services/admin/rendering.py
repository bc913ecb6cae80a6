"""Pages from templates: what every page has, and the static files with their hashed names."""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from libs.permissions import may
from services.admin import amounts, moments, security
from services.admin.sentences import sentence

_HERE: Final = Path(__file__).parent
STATIC: Final = _HERE / "static"


@cache
def static_address(name: str) -> str:
    """The address of a static file; it changes with its content, so it is cached for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:16]
    return f"/admin/static/{digest}/{name}"


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals |= {
        "t": sentence,
        "static": static_address,
        "new_key": lambda: str(uuid4()),
        "may": may,
    }
    templates.filters |= {"money": amounts.shown, "moment": moments.shown, "as_json": _as_json}
    return templates


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def page(
    template: str,
    given: Mapping[str, Any],
    *,
    csrf_token: str,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """One page; `headers` are those that every page has, unless it needs others."""
    body = _templates().get_template(template).render(csrf_token=csrf_token, **given)
    return HTMLResponse(body, status, headers=dict(headers or security.headers()))
