"""Public events of the access service: who may enter what, and why."""

from enum import StrEnum
from typing import ClassVar, Final
from uuid import UUID

from pydantic import AwareDatetime

from libs.events.contract import Contract


class GrantReason(StrEnum):
    """The reason for a grant."""

    PURCHASE = "purchase"
    FREE = "free"
    TRIAL = "trial"
    WAITLIST = "waitlist"
    COMP = "comp"
    GIFT = "gift"


BY_TEAM: Final = frozenset({"creator", "abuse", "mistake"})
"""The causes for which a space's team revokes a grant."""
LOST: Final = "lost"
"""The cause of a grant whose membership checkout lost with its log."""


class GrantIssued(Contract):
    """A person got access to an experience from `valid_from` until `valid_until` (None: for ever).

    `source_id` is what the grant rests on: a membership, or the comp of a creator. `source_version`
    is the version of that membership (0 for a comp). A grant revoked with its membership is issued
    again under the same id when the membership is restored: of a grant's events the latest
    `entity_version` wins.
    """

    type: ClassVar[str] = "access.grant_issued.v1"
    grant_id: UUID
    source_id: UUID
    source_version: int
    person_id: UUID
    experience_id: UUID
    space_id: UUID
    reason: GrantReason
    valid_from: AwareDatetime
    valid_until: AwareDatetime | None


class GrantRevoked(Contract):
    """A grant was revoked; other grants may still apply.

    `cause` is `refund`, `suspended`, `LOST`, or one of `BY_TEAM`; a grant revoked by the team is
    never issued again. After a loss the versions of the source start from the beginning.
    """

    type: ClassVar[str] = "access.grant_revoked.v1"
    grant_id: UUID
    source_id: UUID
    source_version: int
    person_id: UUID
    experience_id: UUID
    space_id: UUID
    cause: str


class GrantExpired(Contract):
    """The time window of a grant has closed."""

    type: ClassVar[str] = "access.grant_expired.v1"
    grant_id: UUID
    source_id: UUID
    source_version: int
    person_id: UUID
    experience_id: UUID
    space_id: UUID


class PersonBanned(Contract):
    """A space banned a person from all its experiences, whatever grants they have.

    `reason_code` is one of a short list; the team keeps its own wording to itself.
    """

    type: ClassVar[str] = "access.person_banned.v1"
    space_id: UUID
    person_id: UUID
    reason_code: str


class BanLifted(Contract):
    """A space lifted a ban; the person's remaining grants apply again."""

    type: ClassVar[str] = "access.ban_lifted.v1"
    space_id: UUID
    person_id: UUID
