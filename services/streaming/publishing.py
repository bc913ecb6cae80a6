"""Which of our domain events become public, and in what shape; every one of them is listed."""

from functools import singledispatch

from libs.events.contract import Contract
from libs.events.streaming import StreamEnded, StreamWentLive
from services.streaming.domain import Stream


@singledispatch
def to_contract(event: object) -> Contract | None:
    """Translate one domain event into its public contract, or None if it is private."""
    raise NotImplementedError(f"{type(event).__qualname__}: public or private?")


@to_contract.register
def _(event: Stream.WentLive) -> Contract:
    return StreamWentLive(
        stream_id=event.originator_id,
        experience_id=event.experience_id,
        space_id=event.space_id,
        started_at=event.started_at,
        recording=event.recording,
    )


@to_contract.register
def _(event: Stream.Ended) -> Contract | None:
    if not event.was_live:
        return None
    return StreamEnded(
        stream_id=event.originator_id,
        experience_id=event.experience_id,
        space_id=event.space_id,
        ended_at=event.ended_at,
        cause=event.cause,
    )


@to_contract.register(Stream.Requested)
@to_contract.register(Stream.RoomOpened)
@to_contract.register(Stream.HostReturned)
@to_contract.register(Stream.HostLeft)
def _(event: object) -> None:
    """No other service needs these."""
