"""The contact bucket: addresses and names by person, kept in NATS beside the events, not in them.

Identity alone writes it, from its own database, and refills it; the others look people up at the
moment of sending and keep nothing. History is 1, so that a purge leaves no older value behind.
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
    """Looks people up in the bucket; `put` and `purge` are identity's alone."""

    def __init__(self, client: Client) -> None:
        self._js = client.jetstream(timeout=5)

    async def get(self, person_id: UUID) -> Contact | None:
        """How to reach the person, or None when the bucket does not know (yet)."""
        bucket = await self._bucket()
        try:
            entry = await bucket.get(str(person_id))
        except KeyNotFoundError:
            return None
        return Contact.model_validate_json(entry.value) if entry.value else None

    async def put(self, person_id: UUID, contact: Contact) -> None:
        """Say how to reach the person from now on."""
        bucket = await self._bucket()
        await bucket.put(str(person_id), contact.model_dump_json().encode())

    async def count(self) -> int:
        """How many entries the bucket holds; one that was lost is made again, and empty."""
        status = await (await self._bucket()).status()
        return int(status.values)

    async def purge(self, person_id: UUID) -> None:
        """Forget the person; no older value stays behind."""
        bucket = await self._bucket()
        await bucket.purge(str(person_id))

    async def _bucket(self) -> KeyValue:
        # Asked for each time: a bucket that was lost with the disk of NATS is made again.
        try:
            return await self._js.key_value(_BUCKET)
        except BucketNotFoundError:
            return await self._js.create_key_value(
                KeyValueConfig(bucket=_BUCKET, history=1, storage=StorageType.FILE)
            )
