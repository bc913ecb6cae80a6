"""The notifications service as a process."""

import asyncio
from pathlib import Path
from typing import Final
from uuid import UUID

from libs.runtime.messaging.contacts import Contact, Contacts
from libs.runtime.scheduling.clock import Clock, SystemClock
from libs.runtime.scheduling.schedule import Schedule
from libs.runtime.service import Service, run
from libs.runtime.store.store import Store
from services.notifications.composition import application
from services.notifications.http import (
    REFUSALS,
    choices_router,
    notices_router,
    unsubscribe_router,
)
from services.notifications.jobs import Jobs
from services.notifications.mails import Mails
from services.notifications.projections import VIEWS
from services.notifications.publishing import to_contract
from services.notifications.reactions import SUBSCRIPTIONS
from services.notifications.settings import Settings
from services.notifications.smtp_provider import SmtpProvider
from services.notifications.texts import Texts
from services.notifications.timers import TIMERS
from services.notifications.unsubscribe_tokens import UnsubscribeTokens

_LOOK_UP_WITHIN_S: Final = 2.0


class _ContactBook:
    """Finds people in the contact bucket, for jobs that run in threads."""

    def __init__(self) -> None:
        self._service: Service | None = None

    async def bind(self, service: Service) -> None:
        """Use the service's connection from now on."""
        self._service = service

    def of(self, person_id: UUID) -> Contact | None:
        """Return how to reach the person, or None if the bucket does not know them."""
        service = self._service
        if service is None or service.client is None or service.loop is None:
            raise RuntimeError("the bus is not connected")
        asked = Contacts(service.client).get(person_id)
        return asyncio.run_coroutine_threadsafe(asked, service.loop).result(_LOOK_UP_WITHIN_S)


def compose(settings: Settings, clock: Clock) -> Service:
    """Return the notifications service on its database, its bus and its mail server."""
    store = Store(
        "notifications",
        settings.database_url,
        lambda env: application(env, clock, Schedule(clock)),
        views=VIEWS,
        migrations=Path(__file__).parent / "migrations",
        clock=clock,
        pool_size=settings.store_pool_size,
    )
    texts, contacts = Texts(), _ContactBook()
    tokens = UnsubscribeTokens(settings.person_token_secret)
    mails = Mails(settings.public_url, settings.mail_from, texts, tokens)
    jobs = Jobs(store, mails, SmtpProvider(settings.smtp_url), contacts.of)
    return Service(
        settings,
        store,
        publishes=to_contract,
        subscriptions=SUBSCRIPTIONS,
        timers=TIMERS,
        jobs=jobs.by_kind(),
        routers=[
            notices_router(store, texts),
            choices_router(store),
            unsubscribe_router(store, texts, tokens),
        ],
        refusals=REFUSALS,
        on_start=[contacts.bind],
    )


if __name__ == "__main__":
    run(compose(Settings.model_validate({}), SystemClock()))
