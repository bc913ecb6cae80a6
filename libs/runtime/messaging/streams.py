"""Reading all that a service has published, up to the present last message."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from libs.events.contract import stream_of

PAGE: Final = 500
_TIMEOUT_S: Final = 10.0
_FORGOTTEN_AFTER_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Message:
    """One message as the stream holds it."""

    sequence: int
    subject: str
    headers: Mapping[str, str]
    body: bytes


class Streams(Protocol):
    """The published events of all services."""

    def read(self, producer: str, after: int) -> Iterator[Sequence[Message]]:
        """Return pages of messages above a sequence, up to the last one."""
        ...


class NoStreams:
    """Streams for views that use no other service's events."""

    def read(self, producer: str, after: int) -> Iterator[Sequence[Message]]:
        return iter(())


async def read_stream(
    client: Client, producer: str, after: int
) -> AsyncGenerator[list[Message], None]:
    """Return pages of messages above a sequence, up to the last one; memory holds one page.

    Raises TimeoutError if the server falls silent.
    """
    js = client.jetstream(timeout=_TIMEOUT_S)
    stream = stream_of(producer)
    try:
        last = (await js.stream_info(stream)).state.last_seq
    except NotFoundError:
        return
    if last <= after:
        return
    consumer = await js.add_consumer(
        stream,
        ConsumerConfig(
            ack_policy=AckPolicy.NONE,
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=after + 1,
            inactive_threshold=_FORGOTTEN_AFTER_S,
            mem_storage=True,
        ),
    )
    subscription = await js.pull_subscribe_bind(consumer=consumer.name, stream=stream)
    # Messages purged from the end never arrive: `pending` counts those that will.
    pending = consumer.num_pending or 0
    try:
        while pending:
            fetched = await subscription.fetch(min(PAGE, pending), timeout=_TIMEOUT_S)
            page = [message_of(msg) for msg in fetched]
            pending -= len(page)
            yield page
    finally:
        await subscription.unsubscribe()
        await js.delete_consumer(stream, consumer.name)


def message_of(msg: Msg) -> Message:
    """Return a message as the client library gives it."""
    return Message(msg.metadata.sequence.stream, msg.subject, msg.headers or {}, msg.data)


class BridgedStreams:
    """The streams for code that runs in a thread beside the client's loop."""

    def __init__(self, client: Client, loop: asyncio.AbstractEventLoop) -> None:
        self._client = client
        self._loop = loop

    def read(self, producer: str, after: int) -> Iterator[Sequence[Message]]:
        pages = read_stream(self._client, producer, after)
        try:
            while page := self._wait_for(pages):
                yield page
        finally:
            asyncio.run_coroutine_threadsafe(_close(pages), self._loop).result(_TIMEOUT_S)

    def _wait_for(self, pages: AsyncGenerator[list[Message], None]) -> list[Message]:
        asked = asyncio.run_coroutine_threadsafe(_next(pages), self._loop)
        return asked.result(2 * _TIMEOUT_S)


async def _next(pages: AsyncGenerator[list[Message], None]) -> list[Message]:
    return await anext(pages, [])


async def _close(pages: AsyncGenerator[list[Message], None]) -> None:
    await pages.aclose()
