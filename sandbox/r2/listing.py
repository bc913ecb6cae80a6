"""ListObjectsV2: a bucket's keys, page by page, grouped at a delimiter."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from sandbox.r2.documents import Value, document
from sandbox.r2.problems import Refused
from sandbox.state import Document

_MOST: Final = 1000


@dataclass
class _Page:
    """The keys and common prefixes of one page, and where the next one starts."""

    objects: list[Document] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    next_after: str = ""

    def __len__(self) -> int:
        return len(self.objects) + len(self.folders)


def list_objects(bucket: str, objects: list[Document], query: Mapping[str, str]) -> Response:
    """Return one page of a bucket; the objects are in the order of their keys."""
    most = _max_keys(query)
    page = _page(objects, query, most) if most else _Page()
    encode = quote if query.get("encoding-type") == "url" else str
    fields: dict[str, Value] = {
        "Name": bucket,
        "Prefix": encode(query.get("prefix", "")),
        "MaxKeys": most,
        "KeyCount": len(page),
        "IsTruncated": bool(page.next_after),
        "Contents": [_content(found, encode(found["key"])) for found in page.objects],
        "CommonPrefixes": [{"Prefix": encode(folder)} for folder in page.folders],
    }
    for name, shown in (("delimiter", "Delimiter"), ("start-after", "StartAfter")):
        if query.get(name):
            fields[shown] = encode(query[name])
    if query.get("encoding-type"):
        fields["EncodingType"] = "url"
    if query.get("continuation-token"):
        fields["ContinuationToken"] = query["continuation-token"]
    if page.next_after:
        token = base64.urlsafe_b64encode(page.next_after.encode())
        fields["NextContinuationToken"] = token.decode()
    return document("ListBucketResult", fields)


def _page(objects: list[Document], query: Mapping[str, str], most: int) -> _Page:
    prefix, delimiter, after = query.get("prefix", ""), query.get("delimiter", ""), _start(query)
    page = _Page()
    last = ""
    for found in objects:
        folder = _folder(found["key"], prefix, delimiter)
        shown = folder or str(found["key"])
        if not found["key"].startswith(prefix) or not _is_after(shown, after) or shown == last:
            continue
        if len(page) == most:
            page.next_after = last
            break
        last = shown
        if folder:
            page.folders.append(folder)
        else:
            page.objects.append(found)
    return page


def _start(query: Mapping[str, str]) -> str:
    token = query.get("continuation-token")
    if token is None:
        return query.get("start-after", "")
    try:
        return base64.urlsafe_b64decode(token).decode()
    except (binascii.Error, UnicodeDecodeError):
        message = "The continuation token provided is incorrect"
        raise Refused("InvalidArgument", message) from None


def _max_keys(query: Mapping[str, str]) -> int:
    text = query.get("max-keys", str(_MOST))
    if not text.isdigit():
        raise Refused("InvalidArgument", "max-keys must be a whole number of at least 0")
    return min(int(text), _MOST)


def _folder(key: str, prefix: str, delimiter: str) -> str:
    if not delimiter or not key.startswith(prefix):
        return ""
    head, found, _ = key[len(prefix) :].partition(delimiter)
    return prefix + head + found if found else ""


def _is_after(shown: str, after: str) -> bool:
    return not after or shown.encode() > after.encode()


def _content(found: Document, key: str) -> Value:
    return {
        "Key": key,
        "LastModified": found["last_modified"],
        "ETag": found["etag"],
        "Size": found["size"],
        "StorageClass": "STANDARD",
    }
