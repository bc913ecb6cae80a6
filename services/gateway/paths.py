"""Accepts only paths that every service reads in the same way as the gateway."""

from typing import Final
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send

from libs.runtime.http.problems import Problem

_NOT_FOUND: Final = Problem(404, "not_found", "Not Found", "No address of ours is written so")
_AMBIGUOUS: Final = tuple(b"/\\?#%")
_DOTS: Final = frozenset({b".", b".."})


def is_plain(raw_path: bytes) -> bool:
    """Return whether a second decoding, or resolving dot segments, leaves the path as it is."""
    return all(_is_name(unquote_to_bytes(segment)) for segment in raw_path.split(b"/"))


def _is_name(segment: bytes) -> bool:
    return segment not in _DOTS and not any(each in segment for each in _AMBIGUOUS)


class PlainPaths:
    """Refuses paths that a service could read as another path, a query or a fragment."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on if its path is plain."""
        if scope["type"] == "http" and not is_plain(scope["raw_path"]):
            await _NOT_FOUND.response()(scope, receive, send)
            return
        await self._app(scope, receive, send)
