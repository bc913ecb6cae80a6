"""Composes the chat service and runs it."""

import asyncio
from typing import Final
from uuid import UUID, uuid4

from libs.runtime.messaging.contacts import Contacts
from libs.runtime.scheduling.clock import Clock, SystemClock
from libs.runtime.scheduling.schedule import Schedule
from libs.runtime.service import Service, run
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from services.chat.application import Chat
from services.chat.composition import application
from services.chat.http import REFUSALS, chat_router
from services.chat.jobs import Jobs
from services.chat.projections import VIEWS
from services.chat.publishing import to_contract
from services.chat.reactions import SUBSCRIPTIONS
from services.chat.settings import Settings
from services.chat.stream_provider import StreamProvider
from services.chat.timers import TIMERS

_LOOK_UP_WITHIN_S: Final = 5.0


class _Names:
    """Finds display names in the contact bucket, for jobs that run in threads."""

    def __init__(self) -> None:
        self._service: Service | None = None

    async def bind(self, service: Service) -> None:
        """Use the connection of a running service."""
        self._service = service

    def of(self, person_id: UUID) -> str | None:
        """Return the display name that the person chose, if any."""
        service = self._service
        if service is None or service.client is None or service.loop is None:
            raise RuntimeError("the bus is not connected")
        asked = Contacts(service.client).get(person_id)
        contact = asyncio.run_coroutine_threadsafe(asked, service.loop).result(_LOOK_UP_WITHIN_S)
        return contact.display_name or None if contact else None


async def _prepare(service: Service) -> None:
    """Schedule the channel type and the sweep, so that a provider that is down delays no start."""
    store: Store[Chat] = service.store
    await store.command(Cause(uuid4(), actor="chat"), store.application.prepare)
    await store.command(Cause(uuid4(), actor="chat"), store.application.sweep_later)


def chat_store(database_url: str, clock: Clock, pool_size: int = 16) -> Store[Chat]:
    """The application with its views on a database."""
    return Store(
        "chat",
        database_url,
        lambda env: application(env, clock, Schedule(clock)),
        views=VIEWS,
        clock=clock,
        pool_size=pool_size,
    )


def compose(settings: Settings) -> Service:
    """The chat service on its database, its bus and its provider."""
    store = chat_store(settings.database_url, SystemClock(), settings.store_pool_size)
    provider = StreamProvider(
        settings.stream_api_key, settings.stream_api_secret, settings.stream_api_url
    )
    names = _Names()
    return Service(
        settings,
        store,
        publishes=to_contract,
        subscriptions=SUBSCRIPTIONS,
        timers=TIMERS,
        jobs=Jobs(store, provider, names.of).by_kind(),
        routers=[chat_router(store, provider)],
        refusals=REFUSALS,
        on_start=[names.bind, _prepare],
    )


if __name__ == "__main__":
    run(compose(Settings.model_validate({})))
