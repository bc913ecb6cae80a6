"""Everyone who may enter an experience gets its tokens and is in its channel, and nobody else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow
from stream_chat import StreamChat

from libs.permissions import Permission, roles_with
from ops.verify.finding import Finding

_TIMEOUT_S: Final = 10.0
_PAGE: Final = 100
_CHANNEL_TYPE: Final = "experience"

_ROLES: Final = ", ".join(f"'{role}'" for role in sorted(roles_with(Permission.ENTER_ROOMS)))
# Access decides; its replica of the teams says who moderates.
_MAY_ENTER: Final = f"""
    SELECT experience_id, person_id FROM (
        SELECT space_id, experience_id, person_id FROM grant_list
        WHERE revoked_at IS NULL AND valid_from <= now()
          AND (valid_until IS NULL OR valid_until > now())
        UNION
        SELECT space_id, e.experience_id, t.person_id
        FROM team_list t JOIN experience_list e USING (space_id) WHERE t.role IN ({_ROLES})
    ) AS those
    WHERE NOT EXISTS (SELECT FROM ban_list b
                      WHERE b.space_id = those.space_id AND b.person_id = those.person_id)
"""  # noqa: S608 - our own text
# The people to whom streaming and chat would issue a token now.
_VIDEO_TOKENS: Final = f"""
    SELECT experience_id, person_id FROM (
        SELECT experience_id, person_id FROM door_list
        WHERE NOT closed AND valid_from <= now() AND (valid_until IS NULL OR valid_until > now())
        UNION
        SELECT e.experience_id, t.person_id
        FROM team_list t JOIN experience_list e USING (space_id) WHERE t.role IN ({_ROLES})
    ) AS those
    WHERE NOT EXISTS (SELECT FROM ban_list b JOIN experience_list e USING (space_id)
                      WHERE e.experience_id = those.experience_id
                        AND b.person_id = those.person_id AND b.banned)
"""  # noqa: S608 - our own text
_CHAT_TOKENS: Final = (
    "SELECT experience_id, person_id FROM channel_member_list WHERE wanted_role IS NOT NULL"
)

Discrepancy = tuple[UUID, str, str]
"""Experience, person, and whether they are `missing` or `extra`."""


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """A way into an experience, and the texts of its findings."""

    check: str
    service: str
    missing: str
    extra: str
    repair: str


CHANNELS: Final = EntryPoint(
    "channel members",
    "chat",
    "may enter {where} but is missing from its chat",
    "is in the chat of {where} but may not enter it",
    "backstage drift --fix",
)
VIDEO: Final = EntryPoint(
    "tokens",
    "streaming",
    "may enter {where} but would get no token for its video",
    "would get a token for the video of {where} but may not enter it",
    "backstage projections rebuild streaming door_list",
)
CHAT: Final = EntryPoint(
    "tokens",
    "chat",
    "may enter {where} but would get no token for its chat",
    "would get a token for the chat of {where} but may not enter it",
    "backstage projections rebuild chat channel_member_list",
)

Members = Mapping[UUID, set[str]]


def may_enter(access: Connection[DictRow]) -> dict[UUID, set[str]]:
    """Return who may enter each experience now, the team included."""
    return _by_experience(access, _MAY_ENTER)


def video_tokens(streaming: Connection[DictRow]) -> dict[UUID, set[str]]:
    """Return to whom streaming would issue a token now."""
    return _by_experience(streaming, _VIDEO_TOKENS)


def chat_tokens(chat: Connection[DictRow]) -> dict[UUID, set[str]]:
    """Return to whom chat would issue a token now."""
    return _by_experience(chat, _CHAT_TOKENS)


def _by_experience(conn: Connection[DictRow], sql: str) -> dict[UUID, set[str]]:
    found: dict[UUID, set[str]] = {}
    for row in conn.execute(sql):
        found.setdefault(row["experience_id"], set()).add(str(row["person_id"]))
    return found


def channels(chat: Connection[DictRow]) -> list[UUID]:
    """Return the experiences whose channel the provider should have."""
    rows = chat.execute("SELECT experience_id FROM channel_list WHERE open ORDER BY experience_id")
    return [row["experience_id"] for row in rows]


class StreamMembers:
    """Asks the chat provider for its channel members, through its official SDK.

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
        """Return the members of an experience's channel."""
        channel = self._client.channel(_CHANNEL_TYPE, str(experience_id))
        members: set[str] = set()
        while True:
            page = channel.query_members(
                {}, [{"field": "user_id", "direction": 1}], limit=_PAGE, offset=len(members)
            )
            members |= {member["user_id"] for member in page}
            if len(page) < _PAGE:
                return members


def discrepancies(allowed: Members, let_in: Members) -> set[Discrepancy]:
    """Return who is missing and who should not be there."""
    found: set[Discrepancy] = set()
    for experience_id in allowed.keys() | let_in.keys():
        wanted = allowed.get(experience_id, set())
        people = let_in.get(experience_id, set())
        found |= {(experience_id, person, "missing") for person in wanted - people}
        found |= {(experience_id, person, "extra") for person in people - wanted}
    return found


def as_findings(found: set[Discrepancy], entry_point: EntryPoint) -> list[Finding]:
    """Return one finding for each person."""
    sentences = {"missing": entry_point.missing, "extra": entry_point.extra}
    return [
        Finding(
            entry_point.check,
            entry_point.service,
            f"person {person} " + sentences[kind].format(where=where),
            entry_point.repair,
        )
        for where, person, kind in sorted(found, key=str)
    ]
