"""What browsers are told to allow: content security policy and its companions."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.settings import Settings

PAYMENT: Final = "payment"
CHAT: Final = "chat"
LIVE: Final = "live"

_STRIPE_JS: Final = "js.stripe.com"
_PLAIN: Final = {"ws": "http", "wss": "https", "http": "http", "https": "https"}
_SOCKETS: Final = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
_EVERY_PAGE: Final = {
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
    """The policies of our pages; a page gets the origins that it needs and no others."""

    def __init__(self, settings: Settings) -> None:
        self._is_https = settings.is_https
        stripe_js = _origin(settings.stripe_js_url)
        frames = [stripe_js]
        if urlsplit(settings.stripe_js_url).hostname == _STRIPE_JS:
            # docs.stripe.com/security/guide#content-security-policy
            frames += ["https://*.js.stripe.com", "https://hooks.stripe.com"]
        self._needs: dict[str, dict[str, list[str]]] = {
            PAYMENT: {
                "script-src": frames[:2],
                "frame-src": frames,
                "connect-src": [_origin(settings.stripe_api_url)],
            },
            CHAT: {"connect-src": _both(settings.stream_api_url)},
            LIVE: {
                "connect-src": _both(settings.livekit_url),
                "media-src": ["'self'", "blob:"],
                "worker-src": ["'self'", "blob:"],
            },
        }

    def for_page(self, needs: Iterable[str]) -> str:
        """The Content-Security-Policy of a page that pays, chats or shows live video."""
        directives = {name: list(sources) for name, sources in _EVERY_PAGE.items()}
        for need in needs:
            for name, sources in self._needs[need].items():
                directives.setdefault(name, []).extend(sources)
        if self._is_https:
            directives["upgrade-insecure-requests"] = []
        return "; ".join(" ".join([name, *sources]) for name, sources in directives.items())


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _both(url: str) -> list[str]:
    """The same host by HTTP and by WebSocket."""
    if not url:
        return []
    parts = urlsplit(url)
    schemes = (_PLAIN[parts.scheme], _SOCKETS[parts.scheme])
    return [f"{scheme}://{parts.netloc}" for scheme in schemes]


class SecurityHeaders:
    """Adds the headers that every answer carries, and a strict policy where a page set none."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._headers = {
            "Content-Security-Policy": Policy(settings).for_page(()),
            "Referrer-Policy": "strict-origin-when-cross-origin",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
            "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        }
        if settings.is_https:
            self._headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"

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
