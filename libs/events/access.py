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
