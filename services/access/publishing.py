"""Which of our domain events become public, and in what shape.

Every domain event is listed here: translated, or kept private by returning None.
"""

from functools import singledispatch

from libs.events.access import (
    BanLifted,
    GrantExpired,
    GrantIssued,
    GrantReason,
    GrantRevoked,
    PersonBanned,
)
from libs.events.contract import Contract
from services.access.domain import Ban, Grant, Source


@singledispatch
def to_contract(event: object) -> Contract | None:
    """Translate one domain event into what the world may know about it."""
    msg = f"{type(event).__qualname__}: public or private?"
    raise NotImplementedError(msg)


@to_contract.register
def _(event: Grant.Issued) -> Contract:
    return GrantIssued(
        grant_id=event.originator_id,
        source_id=event.source_id,
        person_id=event.person_id,
        experience_id=event.experience_id,
        space_id=event.space_id,
        reason=GrantReason(event.reason),
        valid_from=event.valid_from,
        valid_until=event.valid_until,
    )


@to_contract.register
def _(event: Grant.Revoked) -> Contract:
    return GrantRevoked(
        grant_id=event.originator_id,
        source_id=event.source_id,
        person_id=event.person_id,
        experience_id=event.experience_id,
        space_id=event.space_id,
        cause=event.cause,
    )


@to_contract.register
def _(event: Grant.Expired) -> Contract:
    return GrantExpired(
        grant_id=event.originator_id,
        source_id=event.source_id,
        person_id=event.person_id,
        experience_id=event.experience_id,
        space_id=event.space_id,
    )


@to_contract.register
def _(event: Ban.Banned) -> Contract:
    return PersonBanned(
        space_id=event.space_id, person_id=event.person_id, reason_code=event.reason_code
    )


@to_contract.register
def _(event: Ban.Lifted) -> Contract:
    return BanLifted(space_id=event.space_id, person_id=event.person_id)


@to_contract.register(Source.Opened)
@to_contract.register(Source.Backed)
@to_contract.register(Source.Withdrawn)
@to_contract.register(Source.Restored)
@to_contract.register(Source.Lost)
@to_contract.register(Ban.Opened)
def _(event: object) -> None:
    """What grants rest on is announced by the grants themselves."""
