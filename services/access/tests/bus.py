"""Speaks on the bus as other services do, and listens to what ours says."""

import asyncio
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from nats.aio.client import Client

from libs.events.contract import REGISTRY, Contract, stream_of, subject_of
from libs.events.envelope import Envelope
from libs.runtime.messaging import bus
from services.access.tests.builders import about


async def say(client: Client, contract: Contract, entity_id: UUID, version: int = 1) -> Envelope:
    """Publish a contract under the next message id, whether it was said before or not."""
    js = client.jetstream()
    await bus.ensure_stream(js, contract.producer())
    envelope = about(contract, entity_id, version)
    await js.publish(
        subject_of(contract.type, entity_id),
        contract.model_dump_json().encode(),
        headers=envelope.to_headers() | {"Nats-Msg-Id": str(uuid4())},
    )
    return envelope


async def heard(client: Client, service: str, count: int) -> list[tuple[Envelope, Contract]]:
    """The first events on the stream of a service, once that many are there."""
    js = client.jetstream()
    await bus.ensure_stream(js, service)
    await until_async(lambda: _messages(js, service), lambda said: said >= count)
    messages = [await js.get_msg(stream_of(service), n + 1) for n in range(count)]
    envelopes = [Envelope.from_headers(message.headers) for message in messages]
    return [
        (envelope, REGISTRY[envelope.type].model_validate_json(message.data or b""))
        for envelope, message in zip(envelopes, messages, strict=True)
    ]


async def _messages(js: Any, service: str) -> int:
    info = await js.stream_info(stream_of(service))
    return int(info.state.messages)


async def until_async(
    look: Callable[[], Any], is_there: Callable[[Any], bool], within_s: float = 15.0
) -> Any:
    deadline = time.monotonic() + within_s
    while not is_there(seen := await look()):
        assert time.monotonic() < deadline, f"it never came true; last seen: {seen}"
        await asyncio.sleep(0.02)
    return seen
