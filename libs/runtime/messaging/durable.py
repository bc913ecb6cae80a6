"""A durable consumer of JetStream: where it stands, and where it delivers from."""

import json
from collections.abc import Iterable
from typing import Final

from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from libs.events.contract import stream_of

ACK_WAIT_S: Final = 30


class DurableConsumer:
    """One durable consumer of a producer's stream."""

    def __init__(self, client: Client, producer: str, name: str, max_ack_pending: int) -> None:
        self._client = client
        self._js: JetStreamContext = client.jetstream(timeout=5)
        self._stream = stream_of(producer)
        self._name = name
        self._max_ack_pending = max_ack_pending

    async def lag(self) -> int:
        """Return how many messages are not acknowledged yet."""
        info = await self._js.consumer_info(self._stream, self._name)
        return (info.num_pending or 0) + (info.num_ack_pending or 0)

    async def subscribe(self, filters: Iterable[str]) -> None:
        """Create the consumer, or change what it hears.

        Past events of a type that is new to it lie below its acknowledgement floor, so it starts at
        the beginning, and the inbox skips what was handled. This reset comes first: a fault before
        the filters are changed must repeat it.
        """
        wanted = sorted(filters)
        known = await self._filters()
        if known is not None and not set(wanted) <= known:
            await self.reset(to_sequence=1)
        await self._js.add_consumer(
            self._stream,
            ConsumerConfig(
                durable_name=self._name,
                filter_subjects=wanted,
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=ACK_WAIT_S,
                max_ack_pending=self._max_ack_pending,
                deliver_policy=DeliverPolicy.ALL,
            ),
        )

    async def _filters(self) -> set[str] | None:
        try:
            info = await self._js.consumer_info(self._stream, self._name)
        except NotFoundError:
            return None
        config = info.config
        return set(config.filter_subjects or [config.filter_subject or ""])

    async def reset(self, to_sequence: int | None) -> None:
        """Deliver again from a sequence, or from the acknowledgement floor (NATS 2.14, ADR-60)."""
        body = b"" if to_sequence is None else json.dumps({"seq": to_sequence}).encode()
        answer = await self._client.request(
            f"$JS.API.CONSUMER.RESET.{self._stream}.{self._name}", body, timeout=5
        )
        error = json.loads(answer.data).get("error")
        if error is not None:
            raise ConnectionError(f"reset of {self._name}: {error}")

    async def is_stalled(self) -> str | None:
        """Return why nothing would ever arrive although we hold no message, or None."""
        info = await self._js.consumer_info(self._stream, self._name)
        stream = await self._js.stream_info(self._stream)
        floor = info.ack_floor.stream_seq if info.ack_floor else 0
        if (floor or 0) > stream.state.last_seq:
            # After a power cut a consumer can be ahead of its stream. It would wait for ever.
            await self._js.delete_consumer(self._stream, self._name)
            return "the consumer was ahead of its stream"
        if info.num_ack_pending:
            return "nobody holds the delivered messages"
        return None
