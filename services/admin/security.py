"""What browsers are told to allow on the admin's pages."""

from typing import Final
from urllib.parse import urlsplit

_EVERY_PAGE: Final = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "object-src": ["'none'"],
    "frame-ancestors": ["'none'"],
}
_SCHEMES: Final = {
    "ws": ("ws", "http"),
    "http": ("ws", "http"),
    "wss": ("wss", "https"),
    "https": ("wss", "https"),
}


def headers() -> dict[str, str]:
    """Of a page: only the person sees it, no cache keeps it, no other site frames it."""
    return {
        "Cache-Control": "private, no-store",
        "Content-Security-Policy": _written(_EVERY_PAGE),
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "X-Content-Type-Options": "nosniff",
    }


def stage_headers(livekit_url: str) -> dict[str, str]:
    """Of the page from which a host is on air: with camera, microphone and the video server."""
    address = urlsplit(livekit_url)
    server = [f"{scheme}://{address.netloc}" for scheme in _SCHEMES.get(address.scheme, ())]
    directives = _EVERY_PAGE | {
        "connect-src": [*_EVERY_PAGE["connect-src"], *server],
        "media-src": ["'self'", "blob:"],
        "worker-src": ["'self'", "blob:"],
    }
    return headers() | {
        "Content-Security-Policy": _written(directives),
        "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
    }


def _written(directives: dict[str, list[str]]) -> str:
    return "; ".join(" ".join([name, *sources]) for name, sources in directives.items())
