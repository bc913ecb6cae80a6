"""Who may enter an experience sits in its channel at the chat provider, and nobody else."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow
from stream_chat import StreamChat

from ops.verify.finding import Finding

_TIMEOUT_S: Final = 10.0
_PAGE: Final = 100
_CHANNEL_TYPE: Final = "experience"

# Access decides; its replica of the teams says who moderates.
_MAY_ENTER: Final = """
    SELECT DISTINCT g.experience_id, g.person_id FROM grant_list g
    WHERE g.revoked_at IS NULL AND g.valid_from <= now()
      AND (g.valid_until IS NULL OR g.valid_until > now())
      AND NOT EXISTS (SELECT FROM ban_list b
                      WHERE b.space_id = g.space_id AND b.person_id = g.person_id)
    UNION
    SELECT e.experience_id, t.person_id FROM team_list t JOIN experience_list e USING (space_id)
    WHERE t.role IS NOT NULL
"""

Members = Mapping[UUID, set[str]]


def may_enter(access: Connection[DictRow]) -> dict[UUID, set[str]]:
    """Who may enter each experience now, the team included."""
    found: dict[UUID, set[str]] = {}
    for row in access.execute(_MAY_ENTER):
        found.setdefault(row["experience_id"], set()).add(str(row["person_id"]))
    return found


def channels(chat: Connection[DictRow]) -> list[UUID]:
    """The experiences whose channel the provider is said to have."""
    rows = chat.execute("SELECT experience_id FROM channel_list WHERE open ORDER BY experience_id")
    return [row["experience_id"] for row in rows]


class StreamMembers:
    """Asks the chat provider who sits where, through its official SDK.

    `variables` are those of the chat service: `STREAM_API_KEY`, `_SECRET`, `_URL`.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._client: Any = StreamChat(
            variables["STREAM_API_KEY"],
            variables["STREAM_API_SECRET"],
            timeout=_TIMEOUT_S,
            base_url=variables.get("STREAM_API_URL", "https://chat.stream-io-api.com"),
        )

    def of(self, experience_id: UUID) -> set[str]:
        """The people in the channel of an experience."""
        channel = self._client.channel(_CHANNEL_TYPE, str(experience_id))
        members: set[str] = set()
        while True:
            page = channel.query_members(
                {}, [{"field": "user_id", "direction": 1}], limit=_PAGE, offset=len(members)
            )
            members |= {member["user_id"] for member in page}
            if len(page) < _PAGE:
                return members


def differences(allowed: Members, seated: Members) -> set[tuple[UUID, str, str]]:
    """Experience, person, and whether they are `missing` in the channel or `extra` there."""
    found = set()
    for experience_id, people in seated.items():
        wanted = allowed.get(experience_id, set())
        found |= {(experience_id, person, "missing") for person in wanted - people}
        found |= {(experience_id, person, "extra") for person in people - wanted}
    return found


def as_findings(found: set[tuple[UUID, str, str]]) -> list[Finding]:
    """One finding for each person in the wrong place."""
    sentences = {
        "missing": "may enter {where} and does not sit in its chat",
        "extra": "sits in the chat of {where} and may not enter it",
    }
    return [
        Finding(
            "membership",
            "chat",
            f"person {person} " + sentences[kind].format(where=where),
            "backstage lag; backstage parked ls --service chat",
        )
        for where, person, kind in sorted(found, key=str)
    ]
