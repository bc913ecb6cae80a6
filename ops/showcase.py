"""A believable creator with her space, for demonstrations and tests."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from ops.visitor import Refused, Visitor

_KNOWN_WITHIN_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Showcase:
    """Names and ids of what was created."""

    username: str
    space: str
    space_id: str
    experiences: dict[str, str]
    """Ids by slug."""
    passes: dict[str, str]
    """Ids by slug."""


def create(creator: Visitor, suffix: str = "") -> Showcase:
    """Create Mara Lindqvist's Blue Room: a live show, a lounge, and three published passes."""
    mark = suffix or uuid4().hex[:6]
    username, space = f"mara_{mark}", f"blue-room-{mark}"
    creator.call("PATCH", "/api/me", {"display_name": "Mara Lindqvist"})
    creator.call(
        "POST",
        "/api/creator-profiles",
        {
            "username": username,
            "display_name": "Mara Lindqvist",
            "bio": "Pianist. Late jazz from my living room in Malmö, every Thursday.",
        },
    )
    made = creator.call(
        "POST",
        "/api/spaces",
        {
            "slug": space,
            "name": "Blue Room",
            "description": "Four hands, two microphones and whoever walks in. Live on Thursdays "
            "at nine, with the chat open all week.",
            "currency": "EUR",
            "time_zone": "Europe/Stockholm",
        },
    )
    experiences = {
        slug: creator.call(
            "POST", f"/api/spaces/{space}/experiences", {"slug": slug, "name": name, "kind": kind}
        )["experience_id"]
        for slug, name, kind in (
            ("late-set", "The late set", "live"),
            ("lounge", "The lounge", "chat"),
        )
    }
    creator.call("POST", f"/api/spaces/{space}/publish", {})
    passes = _publish_passes(creator, space, experiences)
    return Showcase(username, space, made["id"], experiences, passes)


def _publish_passes(creator: Visitor, space: str, experiences: dict[str, str]) -> dict[str, str]:
    both = list(experiences.values())
    return {
        slug: publish_pass(creator, space, slug, name, about, chosen, terms)
        for slug, name, about, chosen, terms in (
            (
                "front-row",
                "Front row",
                "Every late set of the season live, and a seat in the lounge.",
                both,
                {"pricing_type": "one_time", "price_minor": 1900, "stock": 120},
            ),
            (
                "lounge-key",
                "Lounge key",
                "The chat between the sets: requests, records, gossip.",
                [experiences["lounge"]],
                {"pricing_type": "free"},
            ),
            (
                "opening-night",
                "Opening night",
                "One evening, while the piano is being tuned for it.",
                both,
                {
                    "pricing_type": "one_time",
                    "price_minor": 900,
                    "stock": 40,
                    "sale_ends_at": (datetime.now(UTC) + timedelta(days=30)).isoformat(),
                },
            ),
        )
    }


def publish_pass(
    creator: Visitor,
    space: str,
    slug: str,
    name: str,
    description: str,
    experience_ids: list[str],
    terms: dict[str, Any],
) -> str:
    """Draft a pass in euros, publish it, and wait until it can be bought; returns its id."""
    drafted = creator.call(
        "POST",
        f"/api/spaces/{space}/passes",
        {
            "slug": slug,
            "name": name,
            "description": description,
            "experience_ids": experience_ids,
            "terms": {"currency": "EUR", "currency_exponent": 2, **terms},
        },
    )
    version = {"expected_version": drafted["version"]}
    creator.call("POST", f"/api/spaces/{space}/passes/{slug}/publish", version)
    pass_id: str = drafted["pass_id"]
    _until_known(creator, pass_id)
    return pass_id


def _until_known(creator: Visitor, pass_id: str) -> None:
    give_up_at = time.monotonic() + _KNOWN_WITHIN_S
    while True:
        try:
            creator.call("GET", f"/api/passes/{pass_id}/sale")
        except Refused:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.05)
        else:
            return
