"""Scripts, styles and pictures, under addresses that change with their content."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response

from libs.runtime.http.problems import Problem

_HERE: Final = Path(__file__).parent
_ROOTS: Final = {
    "": _HERE / "static",
    "dist": _HERE.parent.parent / "web" / "dist",
}
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_ASK_AGAIN: Final = "no-cache"
_WORTH_PACKING: Final = 1024


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it was read."""

    read_at_ns: int
    body: bytes
    packed: bytes
    version: str
    media_type: str


class Assets:
    """Files of `static/` (at /static/) and of `web/dist/` (at /static/dist/), kept in memory."""

    def __init__(self) -> None:
        self._by_name: dict[str, Asset] = {}

    def url(self, name: str) -> str:
        """Where a file is, with the hash of its content: it may be kept for ever."""
        asset = self.find(name)
        return f"/static/{name}" if asset is None else f"/static/{name}?v={asset.version}"

    def find(self, name: str) -> Asset | None:
        """The file as it is now, or None when there is none of this name."""
        path = _path_of(name)
        if path is None or not path.is_file():
            return None
        changed_at_ns = path.stat().st_mtime_ns
        known = self._by_name.get(name)
        if known is None or known.read_at_ns != changed_at_ns:
            known = self._by_name[name] = _read(path, changed_at_ns)
        return known


def _path_of(name: str) -> Path | None:
    folder, _, file = name.rpartition("/")
    root = _ROOTS.get(folder)
    if root is None or not file or file.startswith("."):
        return None
    return root / file


def _read(path: Path, changed_at_ns: int) -> Asset:
    body = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    packed = gzip.compress(body, mtime=0) if len(body) >= _WORTH_PACKING else b""
    version = hashlib.sha256(body).hexdigest()[:16]
    return Asset(changed_at_ns, body, packed, version, media_type)


def router(assets: Assets) -> APIRouter:
    """The route of all files."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/static/{name:path}")
    async def serve(name: str, request: Request, v: str = "") -> Response:
        asset = assets.find(name)
        if asset is None:
            raise Problem(404, "not_found", "There is no such file")
        return _served(asset, request, for_ever=v == asset.version)

    @routes.get("/favicon.ico")
    async def icon(request: Request) -> Response:
        return await serve("mark.svg", request)

    return routes


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
