"""Which private events become public, and as which contracts; each of them is listed."""

from typing import Final

from libs.events.contract import Contract
from libs.events.streaming import StreamEnded, StreamWentLive
from libs.runtime.messaging.publishing import Publishing, copied
from services.streaming.domain import Stream

to_contract: Final = Publishing()

to_contract.public(Stream.WentLive, StreamWentLive, id_as="stream_id")


@to_contract.register
def _(event: Stream.Ended) -> Contract | None:
    """The end of a stream that never went live is private."""
    if not event.was_live:
        return None
    return copied(StreamEnded, event, stream_id=event.originator_id)


# No other service needs these.
to_contract.private(Stream.Requested, Stream.RoomOpened, Stream.HostReturned, Stream.HostLeft)
