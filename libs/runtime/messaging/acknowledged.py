"""What a durable consumer acknowledged recently: its database must know all of it."""

from uuid import UUID

from nats.aio.client import Client

from libs.events.contract import stream_of
from libs.events.envelope import Envelope, UnreadableEnvelope
from libs.runtime.messaging.streams import Message, read_stream


async def lately_acknowledged(
    client: Client, producer: str, durable: str, types: set[str], epoch: int, look_back: int
) -> list[UUID]:
    """Return the events of these types among the last `look_back` messages below its floor.

    Events of an earlier epoch of the producer are skipped. So are unreadable messages: they become
    dead letters under another name.
    """
    info = await client.jetstream(timeout=5).consumer_info(stream_of(producer), durable)
    floor = (info.ack_floor.stream_seq or 0) if info.ack_floor else 0
    found: list[UUID] = []
    if not floor:
        return found
    async for page in read_stream(client, producer, max(0, floor - look_back)):
        for message in page:
            about = _envelope_of(message)
            if message.sequence > floor or about is None or about.type not in types:
                continue
            if about.epoch >= epoch:
                found.append(about.id)
        if page[-1].sequence >= floor:
            break
    return found


def _envelope_of(message: Message) -> Envelope | None:
    try:
        return Envelope.from_headers(message.headers)
    except UnreadableEnvelope:
        return None
