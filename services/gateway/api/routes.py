"""The API routes that pass one service's answer on."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Route:
    """An API route and the service that answers it; by default at the same path."""

    method: str
    path: str
    service: str
    summary: str
    behind: str | None = None

    @property
    def target(self) -> str:
        """The path at the service."""
        return self.behind or self.path


_SPACE: Final = "/spaces/{space}"
_PASS: Final = "/spaces/{space}/passes/{pass}"  # noqa: S105 - a pass is sold here
_EXPERIENCE: Final = "/experiences/{experience_id}"
_CREATOR: Final = "/creator-profiles/{username}"

ROUTES: Final = (
    Route("GET", "/me", "identity", "Who is signed in", "/people/me"),
    Route("PATCH", "/me", "identity", "Change one's name or language", "/people/me"),
    Route("GET", "/sessions", "identity", "Where one is signed in"),
    Route("DELETE", "/sessions", "identity", "End all of one's sessions"),
    Route("DELETE", "/sessions/{session_id}", "identity", "End one session"),
    Route("POST", "/creator-profiles", "catalog", "Open a creator profile"),
    Route("GET", "/creator-profiles/mine", "catalog", "One's own creator profile"),
    Route("PUT", "/creator-profiles/mine", "catalog", "Change one's creator profile"),
    Route("GET", _CREATOR, "catalog", "A creator's profile"),
    Route("PUT", f"{_CREATOR}/followers/me", "catalog", "Follow a creator"),
    Route("DELETE", f"{_CREATOR}/followers/me", "catalog", "Follow a creator no longer"),
    Route("GET", "/spaces", "catalog", "Published spaces by their ids"),
    Route("POST", "/spaces", "catalog", "Create a space"),
    Route("GET", "/spaces/mine", "catalog", "The spaces in which one works"),
    Route("GET", _SPACE, "catalog", "A space"),
    Route("PUT", _SPACE, "catalog", "Change a space"),
    Route("POST", f"{_SPACE}/publish", "catalog", "Publish a space"),
    Route("POST", f"{_SPACE}/experiences", "catalog", "Add an experience"),
    Route("GET", f"{_SPACE}/team", "catalog", "Who works in a space"),
    Route("POST", f"{_SPACE}/team", "catalog", "Add someone to the team"),
    Route("DELETE", f"{_SPACE}/team/{{person_id}}", "catalog", "Remove someone from the team"),
    Route("POST", f"{_SPACE}/passes", "catalog", "Draft a pass"),
    Route("GET", _PASS, "catalog", "A pass"),
    Route("PUT", _PASS, "catalog", "Change the draft of a pass"),
    Route("POST", f"{_PASS}/publish", "catalog", "Publish the draft as a new version"),
    Route("POST", f"{_PASS}/archive", "catalog", "Sell a pass no longer"),
    Route("GET", "/passes/{pass_id}/sale", "checkout", "Whether a pass can be bought"),
    Route("GET", "/orders/mine", "checkout", "One's own orders"),
    Route("GET", "/orders/{order_id}", "checkout", "An order of one's own"),
    Route("POST", "/orders/{order_id}/settle", "checkout", "Ask what became of a payment"),
    Route("POST", "/orders/{order_id}/refund", "checkout", "Refund a purchase"),
    Route("GET", "/spaces/{space_id}/purchases", "checkout", "What was bought in a space"),
    Route("GET", "/spaces/{space_id}/numbers", "checkout", "What a space has earned"),
    Route("GET", "/grants/mine", "access", "What one may enter"),
    Route("GET", f"{_EXPERIENCE}/entry", "access", "Whether one may enter now"),
    Route("GET", "/spaces/{space_id}/admission", "access", "How one stands to a space"),
    Route("GET", f"{_EXPERIENCE}/explanation", "access", "Why one may or may not enter"),
    Route("POST", "/grants/{grant_id}/revoke", "access", "Take a grant back"),
    Route("POST", "/comps", "access", "Give access"),
    Route("GET", "/spaces/{space_id}/members", "access", "The members of a space"),
    Route("POST", "/spaces/{space_id}/bans", "access", "Keep someone out of a space"),
    Route("DELETE", "/spaces/{space_id}/bans/{person_id}", "access", "Let someone in again"),
    Route("GET", "/video-server", "streaming", "Whether anybody can go live here now"),
    Route("GET", f"{_EXPERIENCE}/stream", "streaming", "The newest stream of an experience"),
    Route("POST", f"{_EXPERIENCE}/streams", "streaming", "Go live"),
    Route("POST", "/streams/{stream_id}/end", "streaming", "Go off air"),
    Route("POST", "/streams/{stream_id}/tokens", "streaming", "The key to a stream"),
    Route("GET", "/notices", "notifications", "What one was told"),
    Route("GET", "/notices/unread-count", "notifications", "How much of it is unread"),
    Route("POST", "/notices/{notice_id}/read", "notifications", "Mark a notice as read"),
)
