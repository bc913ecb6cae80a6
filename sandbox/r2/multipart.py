"""Multipart uploads: start, receive parts in any order, complete, or abort."""

import hashlib
import os
import shutil
from itertools import pairwise
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError, fromstring

from sandbox.r2.problems import Refused
from sandbox.r2.store import Store
from sandbox.state import Document

_SMALLEST_PART: Final = 5 * 1024 * 1024
_MOST_PARTS: Final = 10_000


def part_number(text: str) -> int:
    """Return a part's number. Raises Refused (InvalidArgument) outside of 1…10000."""
    if not text.isdigit() or not 1 <= int(text) <= _MOST_PARTS:
        message = f"Part number must be an integer between 1 and {_MOST_PARTS}, inclusive"
        raise Refused("InvalidArgument", message)
    return int(text)


def wanted_parts(body: bytes) -> list[tuple[int, str]]:
    """Return numbers and entity tags of a CompleteMultipartUpload. Raises Refused."""
    try:
        root = fromstring(body)  # noqa: S314 - expat since 2.4 stops entity bombs by itself
    except ParseError:
        raise Refused("MalformedXML") from None
    parts = [element for element in root if _name(element) == "Part"]
    if _name(root) != "CompleteMultipartUpload" or not parts:
        raise Refused("MalformedXML")
    wanted = [_part(part) for part in parts]
    numbers = [number for number, _ in wanted]
    if any(later <= earlier for earlier, later in pairwise(numbers)):
        raise Refused("InvalidPartOrder")
    return wanted


def _part(part: Element) -> tuple[int, str]:
    fields = {_name(child): (child.text or "").strip() for child in part}
    return part_number(fields.get("PartNumber", "")), fields.get("ETag", "").strip('"')


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def join(store: Store, upload: Document, wanted: list[tuple[int, str]]) -> Document:
    """Return the finished object's fields, its file complete on disk.

    Raises Refused (InvalidPart, EntityTooSmall). R2 wants all parts but the last to have one
    size (developers.cloudflare.com/r2, "Multipart upload limits").
    """
    received = {part["number"]: part for part in store.parts_of(upload["upload_id"])}
    parts = [_received(received, number, etag) for number, etag in wanted]
    sizes = [part["size"] for part in parts]
    if any(size < _SMALLEST_PART for size in sizes[:-1]):
        raise Refused("EntityTooSmall")
    if len(set(sizes[:-1])) > 1 or (len(sizes) > 1 and sizes[-1] > sizes[0]):
        raise Refused("InvalidPart", "All non-trailing parts must have the same length.")
    target = store.new_file()
    with target.open("xb") as file:
        for part in parts:
            with store.file(part).open("rb") as source:
                shutil.copyfileobj(source, file)
        file.flush()
        os.fsync(file.fileno())
    digests = b"".join(bytes.fromhex(part["etag"]) for part in parts)
    joined = hashlib.md5(digests, usedforsecurity=False).hexdigest()
    return {"file": target.name, "size": sum(sizes), "etag": f'"{joined}-{len(parts)}"'}


def _received(received: dict[Any, Document], number: int, etag: str) -> Document:
    part = received.get(number)
    if part is None or part["etag"] != etag:
        raise Refused("InvalidPart")
    return part
