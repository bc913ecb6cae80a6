"""Requests about one object: its headers, a range of its bytes, its conditions."""

import re
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Final

from starlette.responses import Response, StreamingResponse

from sandbox.r2.problems import Refused
from sandbox.state import Document

_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)")
_BLOCK: Final = 256 * 1024
_KEPT: Final = ("cache-control", "content-disposition", "content-encoding", "content-language")
_META: Final = "x-amz-meta-"


def fields_of(headers: Mapping[str, str]) -> Document:
    """Return the headers of an upload that are returned with its object."""
    kept = {name: headers[name] for name in _KEPT if headers.get(name)}
    encodings = kept.get("content-encoding", "").split(",")
    encoding = ",".join(one.strip() for one in encodings if one.strip() != "aws-chunked")
    if encoding:
        kept["content-encoding"] = encoding
    else:
        kept.pop("content-encoding", None)
    meta = {name: value for name, value in headers.items() if name.startswith(_META)}
    content_type = headers.get("content-type") or "application/octet-stream"
    return {"headers": {"content-type": content_type, **kept, **meta}}


def require_conditions(found: Document | None, headers: Mapping[str, str]) -> None:
    """Refuse (PreconditionFailed) a write whose If-Match or If-None-Match does not hold."""
    if headers.get("if-none-match") == "*" and found is not None:
        raise Refused("PreconditionFailed")
    match = headers.get("if-match")
    if match and (found is None or match.strip('"') != found["etag"].strip('"')):
        raise Refused("PreconditionFailed")


def respond(
    found: Document,
    file: Path,
    headers: Mapping[str, str],
    query: Mapping[str, str],
    *,
    with_body: bool,
) -> Response:
    """Return an object, or a range of it, or 304. Raises Refused (InvalidRange, …)."""
    require_conditions(None if headers.get("if-none-match") == "*" else found, headers)
    shown = _headers(found, headers, query)
    unchanged = headers.get("if-none-match", "").strip('"') == found["etag"].strip('"')
    if unchanged:
        return Response(status_code=304, headers={"etag": found["etag"]})
    size = int(found["size"])
    start, stop = _range(headers.get("range"), size)
    partial = stop - start != size
    if partial:
        shown["content-range"] = f"bytes {start}-{stop - 1}/{size}"
    shown["content-length"] = str(stop - start)
    status = 206 if partial else 200
    if not with_body:
        return Response(status_code=status, headers=shown)
    return StreamingResponse(_blocks(file, start, stop), status, headers=shown)


def _headers(
    found: Document, headers: Mapping[str, str], query: Mapping[str, str]
) -> dict[str, str]:
    shown = {
        **found["headers"],
        "etag": found["etag"],
        "accept-ranges": "bytes",
        "last-modified": format_datetime(
            datetime.fromisoformat(found["last_modified"]), usegmt=True
        ),
    }
    for name, value in query.items():
        if name.startswith("response-"):
            shown[name.removeprefix("response-")] = value
    if headers.get("x-amz-checksum-mode") == "ENABLED" and not headers.get("range"):
        for name, value in found["checksums"].items():
            shown[f"x-amz-checksum-{name}"] = value
        if found["checksums"]:
            shown["x-amz-checksum-type"] = "FULL_OBJECT"
    return shown


def _range(header: str | None, size: int) -> tuple[int, int]:
    """Return the first byte and the one past the last; a header that is no range means
    everything."""
    asked = _RANGE.fullmatch(header.strip()) if header else None
    if asked is None or not any(asked.groups()):
        return 0, size
    first, last = asked.groups()
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
    if start >= stop:
        raise Refused("InvalidRange")
    return start, stop


async def _blocks(file: Path, start: int, stop: int) -> AsyncIterator[bytes]:
    # Blocks come from the page cache: a thread per block would cost more than it saves.
    with file.open("rb") as source:
        source.seek(start)
        while start < stop:
            block = source.read(min(_BLOCK, stop - start))
            start += len(block)
            yield block
