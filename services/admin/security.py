"""What the creators' pages need beyond our own origin: the video server, for the stage alone."""

from collections.abc import Mapping
from typing import Final

from libs.web.security import Policy, live_media

_STAGE: Final = "stage"


def policy_of(livekit_url: str, *, is_https: bool) -> Policy:
    """The policies of the creators' pages. `livekit_url` is as browsers see it."""
    return Policy({_STAGE: live_media(livekit_url)}, is_https=is_https)


def stage_headers(policy: Policy) -> Mapping[str, str]:
    """Of the page from which a host is on air: with camera, microphone and the video server."""
    return {
        "Content-Security-Policy": policy.for_page([_STAGE]),
        "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
    }
