"""Which of our domain events become public, and in what shape."""

from functools import singledispatch

from libs.events.contract import Contract
from libs.events.notifications import NoticeDelivered
from services.notifications.domain import Notice


@singledispatch
def to_contract(event: object) -> Contract | None:
    """Translate one domain event into its public contract, or None."""
    msg = f"{type(event).__qualname__}: public or private?"
    raise NotImplementedError(msg)


@to_contract.register
def _(event: Notice.Delivered) -> Contract:
    return NoticeDelivered(
        notice_id=event.originator_id,
        person_id=event.person_id,
        kind=event.kind,
        channel=event.channel,
        about_event_id=event.about_event_id,
    )


@to_contract.register(Notice.Requested)
@to_contract.register(Notice.Dropped)
@to_contract.register(Notice.Failed)
@to_contract.register(Notice.Read)
def _(event: object) -> None:
    """Dropped and read notices are private."""
