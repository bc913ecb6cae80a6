"""The contact bucket: addresses and names by person, in NATS but outside of events.

Only identity writes it, from its own database, and refills it after a loss. Other services look
people up at the moment of sending and store nothing. The history is 1, so that a purge leaves no
older value.
"""

from typing import Final
from uuid import UUID

from nats.aio.client import Client
from nats.js.api import KeyValueConfig, StorageType
from nats.js.errors import BucketNotFoundError, KeyNotFoundError
from nats.js.kv import KeyValue
from pydantic import BaseModel, ConfigDict

_BUCKET: Final = "contacts"


class Contact(BaseModel):
    """How to reach a person, and in which language."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    email: str
    display_name: str = ""
    locale: str = "en"


class Contacts:
    """Finds people in the bucket. Only identity calls `put` and `purge`."""

    def __init__(self, client: Client) -> None:
        self._js = client.jetstream(timeout=5)

    async def get(self, person_id: UUID) -> Contact | None:
        """Return how to reach the person, or None if the bucket does not know them yet."""
        bucket = await self._bucket()
        try:
            entry = await bucket.get(str(person_id))
        except KeyNotFoundError:
            return None
        return Contact.model_validate_json(entry.value) if entry.value else None

    async def put(self, person_id: UUID, contact: Contact) -> None:
        """Store how to reach the person."""
        bucket = await self._bucket()
        await bucket.put(str(person_id), contact.model_dump_json().encode())

    async def count(self) -> int:
        """Return the number of entries; a lost bucket is created anew and is empty."""
        status = await (await self._bucket()).status()
        return int(status.values)

    async def purge(self, person_id: UUID) -> None:
        """Forget the person, older values included."""
        bucket = await self._bucket()
        await bucket.purge(str(person_id))

    async def _bucket(self) -> KeyValue:
        # Looked up each time: a bucket that was lost with NATS's disk is created anew.
        try:
            return await self._js.key_value(_BUCKET)
        except BucketNotFoundError:
            return await self._js.create_key_value(
                KeyValueConfig(bucket=_BUCKET, history=1, storage=StorageType.FILE)
            )
