"""The identity service as a process: `python -m services.identity`."""

import asyncio
import concurrent.futures
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import uuid4

from libs.runtime.messaging.contacts import Contact, Contacts
from libs.runtime.messaging.smtp import SmtpServer
from libs.runtime.scheduling.clock import Clock, SystemClock
from libs.runtime.scheduling.schedule import Schedule
from libs.runtime.service import Service, run
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from services.identity.application import Identity
from services.identity.domain import Limits
from services.identity.http import REFUSALS, router
from services.identity.jobs import Jobs
from services.identity.keyed_hashing import KeyedHashing
from services.identity.mails import Mails
from services.identity.publishing import to_contract
from services.identity.queries import Profile
from services.identity.settings import Settings
from services.identity.tables import tables
from services.identity.timers import TIMERS

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_PATIENCE_S: Final = 8.0
_LOOK_UP_EVERY_S: Final = 0.25

T = TypeVar("T")


class ContactWriter:
    """Reaches the contact bucket from the threads of the jobs, over the service's loop."""

    def __init__(self) -> None:
        self._service: Service | None = None

    def begin(self, service: Service) -> None:
        """Use this bucket from now on."""
        self._service = service

    def put(self, profile: Profile) -> None:
        """Write one contact and wait until the bucket has it."""
        contact = Contact(
            email=profile.email, display_name=profile.display_name, locale=profile.locale
        )
        self._wait_for(lambda contacts: contacts.put(profile.person_id, contact))

    def count(self) -> int:
        """Return how many contacts the bucket holds."""
        return self._wait_for(lambda contacts: contacts.count())

    def _wait_for(self, ask: Callable[[Contacts], Coroutine[Any, Any, T]]) -> T:
        service = self._service
        if service is None or service.loop is None or service.client is None:
            raise ConnectionError("the bus is not connected yet")
        asking = asyncio.wait_for(ask(Contacts(service.client)), _PATIENCE_S)
        answer = asyncio.run_coroutine_threadsafe(asking, service.loop)
        while not answer.done():
            concurrent.futures.wait([answer], _LOOK_UP_EVERY_S)
            # While the process ends, its loop may stand still and wait for this very thread.
            if service.client.is_closed:
                answer.cancel()
        return answer.result()


def build_store(settings: Settings, clock: Clock, hashing: KeyedHashing) -> Store[Identity]:
    """Return the application on its database."""
    limits = Limits(
        sends_per_browser=settings.sign_in_sends_per_browser,
        sends_per_network=settings.sign_in_sends_per_network,
        sends_in_total=settings.sign_in_sends_in_total,
        free_sends_per_inbox=settings.sign_in_free_sends_per_inbox,
        failures_per_browser=settings.sign_in_failures_per_browser,
    )
    return Store(
        "identity",
        settings.database_url,
        lambda env: Identity(
            env,
            clock=clock,
            schedule=Schedule(clock),
            tables=tables(),
            hashing=hashing,
            limits=limits,
        ),
        migrations=_MIGRATIONS,
        clock=clock,
        pool_size=settings.store_pool_size,
    )


def build(settings: Settings, clock: Clock) -> Service:
    """Return the whole service."""
    hashing = KeyedHashing(settings.pepper)
    store = build_store(settings, clock, hashing)
    writer = ContactWriter()

    async def begin_chores(service: Service) -> None:
        writer.begin(service)
        cause = Cause(uuid4(), actor="identity")
        await store.command(cause, store.application.begin_chores)

    return Service(
        settings,
        store,
        publishes=to_contract,
        timers=TIMERS,
        jobs=Jobs(
            store,
            hashing,
            Mails(settings.public_url, settings.mail_from),
            SmtpServer(settings.smtp_url),
            writer,
        ).by_kind(),
        routers=[router(store, hashing)],
        refusals=REFUSALS,
        on_start=[begin_chores],
    )


if __name__ == "__main__":
    run(build(Settings.model_validate({}), SystemClock()))
