"""The content security policy of pages that pay, chat or show live video."""

from typing import Final
from urllib.parse import urlsplit

from libs.web.security import Policy, http_and_socket, live_media, origin_of
from services.gateway.settings import Settings

PAYMENT: Final = "payment"
CHAT: Final = "chat"
LIVE: Final = "live"

_STRIPE_JS: Final = "js.stripe.com"


def policy_of(settings: Settings) -> Policy:
    """Return the policies of the site's pages."""
    stripe_js = origin_of(settings.stripe_js_url)
    frames = [stripe_js]
    if urlsplit(settings.stripe_js_url).hostname == _STRIPE_JS:
        # docs.stripe.com/security/guide#content-security-policy
        frames += ["https://*.js.stripe.com", "https://hooks.stripe.com"]
    needs = {
        PAYMENT: {
            "script-src": frames[:2],
            "frame-src": frames,
            "connect-src": [origin_of(settings.stripe_api_url)],
        },
        CHAT: {"connect-src": http_and_socket(settings.stream_api_url)},
        LIVE: live_media(settings.livekit_url),
    }
    return Policy(needs, is_https=settings.is_https)
