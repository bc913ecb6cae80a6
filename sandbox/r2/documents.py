"""The XML documents of S3: all answers except an object's own bytes."""

from collections.abc import Iterable, Mapping
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from starlette.responses import Response

_NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"
Value = str | int | bool | Mapping[str, "Value"] | Iterable["Value"]


def document(name: str, fields: Mapping[str, Value]) -> Response:
    """Return a document; a list becomes one element after another."""
    root = Element(name, xmlns=_NAMESPACE)
    _fill(root, fields)
    head = b'<?xml version="1.0" encoding="UTF-8"?>\n'
    return Response(head + tostring(root), media_type="application/xml")


def _fill(parent: Element, fields: Mapping[str, Value]) -> None:
    for name, value in fields.items():
        if isinstance(value, Mapping):
            _fill(SubElement(parent, name), value)
        elif isinstance(value, str | int):
            SubElement(parent, name).text = _text(value)
        else:
            for item in value:
                _fill(parent, {name: item})


def _text(value: str | int) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
