"""Serves scripts, styles and images under addresses that change with their content."""

import gzip
import hashlib
import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response

from libs.runtime.http.problems import Problem

SHARED: Final = Path(__file__).parent / "static"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_ASK_AGAIN: Final = "no-cache"
_WORTH_PACKING: Final = 1024


@dataclass(frozen=True, slots=True)
class Asset:
    """A file in memory."""

    read_at_ns: int
    body: bytes
    packed: bytes
    version: str
    media_type: str


class Assets:
    """The files of an edge and the shared ones, under one address, in memory.

    The `folders` are searched in order; `dist/` means the folder `islands`.
    """

    def __init__(self, address: str, folders: Sequence[Path], islands: Path | None = None) -> None:
        self._address = address
        self._roots = {"": (*folders, SHARED), "dist": (islands,) if islands else ()}
        self._by_name: dict[str, Asset] = {}

    def url(self, name: str) -> str:
        """Return the address of a file; it contains the hash of the content, for caching."""
        asset = self.find(name)
        version = "" if asset is None else f"?v={asset.version}"
        return f"{self._address}/{name}{version}"

    def find(self, name: str) -> Asset | None:
        """Return the current file, or None."""
        path = self._path_of(name)
        if path is None:
            return None
        changed_at_ns = path.stat().st_mtime_ns
        known = self._by_name.get(name)
        if known is None or known.read_at_ns != changed_at_ns:
            known = self._by_name[name] = _read(path, changed_at_ns)
        return known

    def _path_of(self, name: str) -> Path | None:
        folder, _, file = name.rpartition("/")
        if not file or file.startswith("."):
            return None
        found = (root / file for root in self._roots.get(folder, ()) if (root / file).is_file())
        return next(found, None)

    def answer(self, name: str, request: Request, version: str = "") -> Response:
        """Answer with a file. Raises a Problem (404) if it does not exist."""
        asset = self.find(name)
        if asset is None:
            raise Problem(404, "not_found", "There is no such file")
        return _served(asset, request, for_ever=version == asset.version)

    def router(self) -> APIRouter:
        """Return the route of all files."""
        routes = APIRouter(include_in_schema=False)

        @routes.get(self._address + "/{name:path}")
        async def serve(name: str, request: Request, v: str = "") -> Response:
            return self.answer(name, request, v)

        return routes


def _read(path: Path, changed_at_ns: int) -> Asset:
    body = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    packed = gzip.compress(body, mtime=0) if len(body) >= _WORTH_PACKING else b""
    version = hashlib.sha256(body).hexdigest()[:16]
    return Asset(changed_at_ns, body, packed, version, media_type)


def _served(asset: Asset, request: Request, *, for_ever: bool) -> Response:
    tag = f'"{asset.version}"'
    headers = {
        "Cache-Control": _FOR_EVER if for_ever else _ASK_AGAIN,
        "ETag": tag,
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    if asset.packed and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(asset.packed, media_type=asset.media_type, headers=headers)
    return Response(asset.body, media_type=asset.media_type, headers=headers)
