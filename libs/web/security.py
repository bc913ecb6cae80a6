"""Security headers: content security policy and its companions."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Directives = Mapping[str, Sequence[str]]

_PLAIN: Final = {"ws": "http", "wss": "https", "http": "http", "https": "https"}
_SOCKETS: Final = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
_EVERY_PAGE: Final[Directives] = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "manifest-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "object-src": ["'none'"],
    "frame-ancestors": ["'none'"],
}


class Policy:
    """The content security policies of an edge; a page may load only from origins that it needs."""

    def __init__(self, needs: Mapping[str, Directives], *, is_https: bool) -> None:
        self._needs = needs
        self._is_https = is_https

    def for_page(self, needs: Iterable[str] = ()) -> str:
        """Return the Content-Security-Policy of a page with these needs."""
        directives = {name: list(sources) for name, sources in _EVERY_PAGE.items()}
        for need in needs:
            for name, sources in self._needs[need].items():
                directives.setdefault(name, []).extend(sources)
        if self._is_https:
            directives["upgrade-insecure-requests"] = []
        return "; ".join(" ".join([name, *sources]) for name, sources in directives.items())

    def headers(self) -> dict[str, str]:
        """Return the default headers of every answer."""
        headers = {
            "Content-Security-Policy": self.for_page(),
            "Referrer-Policy": "strict-origin-when-cross-origin",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
            "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        }
        if self._is_https:
            headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        return headers


def origin_of(url: str) -> str:
    """Return the scheme and host of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def http_and_socket(url: str) -> list[str]:
    """Return the host's origins for HTTP and for WebSocket."""
    if not url:
        return []
    parts = urlsplit(url)
    schemes = (_PLAIN[parts.scheme], _SOCKETS[parts.scheme])
    return [f"{scheme}://{parts.netloc}" for scheme in schemes]


def live_media(server_url: str) -> Directives:
    """Return what a page needs to show or send video through this server."""
    return {
        "connect-src": http_and_socket(server_url),
        "media-src": ["'self'", "blob:"],
        "worker-src": ["'self'", "blob:"],
    }


class SecurityHeaders:
    """Adds the default headers to answers that have not set their own."""

    def __init__(self, app: ASGIApp, policy: Policy) -> None:
        self._app = app
        self._headers = policy.headers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, completed)
