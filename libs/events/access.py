"""Public events of the access service: who may enter what, and why."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from libs.events.contract import Contract


class GrantReason(StrEnum):
    """What a grant rests on."""

    PURCHASE = "purchase"
    FREE = "free"
    TRIAL = "trial"
    WAITLIST = "waitlist"
    COMP = "comp"
    GIFT = "gift"


class GrantIssued(Contract):
    """One more reason why a person may enter an experience, from then until then (None: for ever).

    `source_id` is what it rests on: the order of a purchase, the comp of a creator.
    """

    type: ClassVar[str] = "access.grant_issued.v1"
    grant_id: UUID
    source_id: UUID
    person_id: UUID
    experience_id: UUID
    space_id: UUID
    reason: GrantReason
    valid_from: AwareDatetime
    valid_until: AwareDatetime | None


class GrantRevoked(Contract):
    """That reason stands no longer; others may."""

    type: ClassVar[str] = "access.grant_revoked.v1"
    grant_id: UUID
    source_id: UUID
    person_id: UUID
    experience_id: UUID
    space_id: UUID
    cause: str


class GrantExpired(Contract):
    """The window of a grant has closed."""

    type: ClassVar[str] = "access.grant_expired.v1"
    grant_id: UUID
    source_id: UUID
    person_id: UUID
    experience_id: UUID
    space_id: UUID


class PersonBanned(Contract):
    """A space keeps a person out of all its experiences, whatever grants they have.

    `reason_code` is one of a short list; the words that go with it stay with the team.
    """

    type: ClassVar[str] = "access.person_banned.v1"
    space_id: UUID
    person_id: UUID
    reason_code: str


class BanLifted(Contract):
    """The space keeps the person out no longer; grants that still stand open the doors again."""

    type: ClassVar[str] = "access.ban_lifted.v1"
    space_id: UUID
    person_id: UUID
