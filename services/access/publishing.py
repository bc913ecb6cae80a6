"""The public event of each of our domain events; None keeps one private."""

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
    """Return the public event. Raises NotImplementedError for an event that is not listed."""
    msg = f"{type(event).__qualname__}: public or private?"
    raise NotImplementedError(msg)


@to_contract.register
def _(event: Grant.Issued | Grant.Reinstated | Grant.WindowMoved) -> Contract:
    """A grant that is open again, or has another window, is issued again under its id."""
    return GrantIssued(
        grant_id=event.originator_id,
        source_id=event.source_id,
        source_version=event.source_version,
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
        source_version=event.source_version,
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
        source_version=event.source_version,
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
@to_contract.register(Source.Updated)
@to_contract.register(Source.MarkedLost)
@to_contract.register(Ban.Opened)
def _(event: object) -> None:
    """The grants themselves announce what becomes of them."""
