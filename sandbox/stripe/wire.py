"""The bracketed form encoding of Stripe's API, read into nested values."""

from typing import Any
from urllib.parse import parse_qsl

_MAX_FIELDS = 1000
_MAX_DEPTH = 8


class Unreadable(Exception):
    """The text is no readable form."""


def decode_form(text: str) -> dict[str, Any]:
    """Read `a[b]=1&c[]=2` as {"a": {"b": "1"}, "c": ["2"]}. Raises Unreadable."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise Unreadable(str(error)) from None
    tree: dict[str, Any] = {}
    for key, value in pairs:
        _plant(tree, _steps(key), value)
    return {name: _settled(part) for name, part in tree.items()}


def _steps(key: str) -> list[str]:
    head, *rest = key.split("[")
    if any(not part.endswith("]") for part in rest) or len(rest) > _MAX_DEPTH:
        raise Unreadable(f"Invalid parameter name: {key}")
    return [head, *(part[:-1] for part in rest)]


def _plant(tree: dict[str, Any], steps: list[str], value: str) -> None:
    *path, leaf = steps
    for step in path:
        tree = tree.setdefault(step or str(len(tree)), {})
        if not isinstance(tree, dict):
            raise Unreadable(f"Parameter {steps[0]} is given both as a value and as a hash")
    tree[leaf or str(len(tree))] = value


def _settled(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    values = {name: _settled(value) for name, value in part.items()}
    if values and all(name.isdigit() for name in values):
        return [values[name] for name in sorted(values, key=int)]
    return values
