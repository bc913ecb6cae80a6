"""Publishes on the bus as other services do."""

from uuid import UUID, uuid4

from nats.aio.client import Client

from libs.events.contract import Contract, subject_of
from libs.events.envelope import Envelope
from libs.runtime.messaging import bus
from services.notifications.tests.builders import about


async def say(client: Client, contract: Contract, entity_id: UUID, version: int = 1) -> Envelope:
    """Publish a contract under the next message id, even if it was published before."""
    js = client.jetstream()
    await bus.ensure_stream(js, contract.producer())
    envelope = about(contract, entity_id, version)
    await js.publish(
        subject_of(contract.type, entity_id),
        contract.model_dump_json().encode(),
        headers=envelope.to_headers() | {"Nats-Msg-Id": str(uuid4())},
    )
    return envelope
