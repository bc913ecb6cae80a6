"""The services, composed as their own `__main__` does, on mortal stores."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast
from uuid import UUID

import services.access.http
import services.catalog.http
import services.chat.http
import services.checkout.http
import services.notifications.http
from libs.events.contract import Contract
from libs.runtime.messaging.contacts import Contact
from libs.runtime.messaging.handling import Handler, Reaction, with_views
from libs.runtime.messaging.relay import ToContract
from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.scheduling.schedule import Job, Schedule, Timer
from libs.runtime.service import Service
from libs.runtime.store.cause import Cause
from libs.runtime.store.connections import Connections
from libs.runtime.store.store import Store
from libs.runtime.views.view import View
from services import access, catalog, chat, checkout, notifications
from services.access.application import Access
from services.access.composition import application as access_application
from services.access.projections import VIEWS as ACCESS_VIEWS
from services.access.publishing import to_contract as access_says
from services.access.reactions import SUBSCRIPTIONS as ACCESS_REACTS
from services.access.timers import TIMERS as ACCESS_TIMERS
from services.catalog.composition import application as catalog_application
from services.catalog.projections import VIEWS as CATALOG_VIEWS
from services.catalog.publishing import to_contract as catalog_says
from services.catalog.reactions import SUBSCRIPTIONS as CATALOG_REACTS
from services.chat.application import Chat
from services.chat.composition import application as chat_application
from services.chat.jobs import Jobs as ChatJobs
from services.chat.projections import ChannelList, ChannelMemberList
from services.chat.publishing import to_contract as chat_says
from services.chat.reactions import SUBSCRIPTIONS as CHAT_REACTS
from services.chat.timers import TIMERS as CHAT_TIMERS
from services.checkout.application import Parts
from services.checkout.application import application as checkout_application
from services.checkout.flows import begin as checkout_begins
from services.checkout.flows import jobs as checkout_jobs
from services.checkout.flows import talking_to
from services.checkout.flows import timers as checkout_timers
from services.checkout.orders.charging.jobs import Charging
from services.checkout.orders.use_cases import Orders
from services.checkout.payments.provider.protocol import PaymentProvider
from services.checkout.payments.use_cases import Payments
from services.checkout.payments.webhooks.inbox import Webhooks
from services.checkout.projections import VIEWS as CHECKOUT_VIEWS
from services.checkout.publishing import to_contract as checkout_says
from services.checkout.reactions import SUBSCRIPTIONS as CHECKOUT_REACTS
from services.checkout.reconciliation.runs.lists import Reconciler
from services.checkout.stock.inventory import Counters
from services.notifications.composition import application as notifications_application
from services.notifications.jobs import Jobs as NotificationJobs
from services.notifications.mails import Mails
from services.notifications.projections import VIEWS as NOTIFICATION_VIEWS
from services.notifications.publishing import to_contract as notifications_say
from services.notifications.reactions import SUBSCRIPTIONS as NOTIFICATIONS_REACT
from services.notifications.texts import Texts
from services.notifications.timers import TIMERS as NOTIFICATION_TIMERS
from services.notifications.unsubscribe_tokens import UnsubscribeTokens
from tests.simulation.bank import Bank
from tests.simulation.bus import Writer
from tests.simulation.fault_injector import FaultInjector
from tests.simulation.outside import PostOffice, Room
from tests.simulation.workers import SimulatedWorker

CHAT_VIEWS: Final = (ChannelMemberList(), ChannelList())
SERVICES: Final = ("catalog", "checkout", "access", "chat", "notifications")
VIEWS: Final[Mapping[str, Sequence[View]]] = {
    "catalog": CATALOG_VIEWS,
    "checkout": CHECKOUT_VIEWS,
    "access": ACCESS_VIEWS,
    "chat": CHAT_VIEWS,
    "notifications": NOTIFICATION_VIEWS,
}
SUBSCRIPTIONS: Final[Mapping[str, Mapping[type[Contract], Reaction]]] = {
    "catalog": with_views(CATALOG_REACTS, CATALOG_VIEWS),
    "checkout": with_views(CHECKOUT_REACTS, CHECKOUT_VIEWS),
    "access": with_views(ACCESS_REACTS, ACCESS_VIEWS),
    "chat": with_views(CHAT_REACTS, CHAT_VIEWS),
    "notifications": with_views(NOTIFICATIONS_REACT, NOTIFICATION_VIEWS),
}

MakeStore = Callable[..., Store[Any]]


@dataclass
class Surroundings:
    """The dependencies of the services, with the parts that a control may replace."""

    injector: FaultInjector
    clock: FixedClock
    urls: Mapping[str, str]
    connections: Mapping[str, Connections]
    bank: Bank
    room: Room
    post: PostOffice
    contacts: Mapping[UUID, Contact]
    make_store: MakeStore
    make_counters: Callable[[], Counters]
    orders: type[Orders]
    payments: type[Payments]
    reconciler: type[Reconciler]
    provider: PaymentProvider
    access: type[Access]
    chat: type[Chat]
    mails: Mails = field(
        default_factory=lambda: Mails(
            "http://localhost:8000",
            "Backstage <post@backstage.test>",
            Texts(),
            UnsubscribeTokens("a secret of the simulation, of 32 signs"),
        )
    )


class Process:
    """One living service: its store, its subscriptions and publications, and its work."""

    def __init__(
        self,
        world: Surroundings,
        store: Store[Any],
        says: ToContract,
        timers: Mapping[str, Timer],
        jobs: Mapping[str, Job],
        refusals: Sequence[type[Exception]],
    ) -> None:
        self.store = store
        self.application = store.application
        self.writer = Writer(store, says)
        self.worker = SimulatedWorker(world.injector, store, timers, jobs, refusals)
        self.refusals = tuple(refusals)
        subscriptions = SUBSCRIPTIONS[store.service]
        self.handlers = {
            producer: Handler(
                store,
                f"{store.service}-{producer}",
                {
                    contract: act
                    for contract, act in subscriptions.items()
                    if contract.producer() == producer
                },
                refusals,
            )
            for producer in {contract.producer() for contract in subscriptions}
        }

    def die(self) -> None:
        """Forget everything but the database."""
        self.store.close()


class CheckoutProcess(Process):
    """The checkout, with the two entrances that its edge uses."""

    charging: Charging
    webhooks: Webhooks


def _store(
    world: Surroundings, service: str, application: Callable[..., Any], *, opening: bool
) -> Store[Any]:
    module = {
        "catalog": catalog,
        "checkout": checkout,
        "access": access,
        "chat": chat,
        "notifications": notifications,
    }[service]
    migrations = Path(str(module.__file__)).parent / "migrations"
    store = world.make_store(
        world.injector,
        world.connections[service],
        service,
        world.urls[service],
        application,
        views=VIEWS[service],
        migrations=migrations if migrations.exists() else None,
        clock=world.clock,
        pool_size=4,
    )
    if opening:
        store.open()
    return store


def begin_catalog(world: Surroundings, *, opening: bool) -> Process:
    """The catalog."""
    store = _store(
        world,
        "catalog",
        lambda env: catalog_application(env, world.clock),
        opening=opening,
    )
    return Process(world, store, catalog_says, {}, {}, tuple(services.catalog.http.REFUSALS))


def begin_checkout(world: Surroundings, *, opening: bool) -> CheckoutProcess:
    """The checkout."""
    store = _store(
        world,
        "checkout",
        lambda env: checkout_application(
            env,
            world.clock,
            Schedule(world.clock),
            Parts(counters=world.make_counters(), orders=world.orders, payments=world.payments),
        ),
        opening=opening,
    )
    workers = talking_to(world.provider, store, reconciler=world.reconciler)
    process = CheckoutProcess(
        world,
        store,
        checkout_says,
        checkout_timers(store, workers.webhooks),
        checkout_jobs(workers),
        tuple(services.checkout.http.REFUSALS),
    )
    process.charging, process.webhooks = workers.charging, workers.webhooks
    finish(checkout_begins(store)(cast(Service, None)))
    return process


def begin_access(world: Surroundings, *, opening: bool) -> Process:
    """Access."""
    store = _store(
        world,
        "access",
        lambda env: access_application(env, world.clock, Schedule(world.clock), world.access),
        opening=opening,
    )
    refusals = tuple(services.access.http.REFUSALS)
    return Process(world, store, access_says, ACCESS_TIMERS, {}, refusals)


def begin_chat(world: Surroundings, *, opening: bool) -> Process:
    """The chat."""
    store = _store(
        world,
        "chat",
        lambda env: chat_application(env, world.clock, Schedule(world.clock), world.chat),
        opening=opening,
    )
    jobs = ChatJobs(store, world.room, lambda _: None).by_kind()
    refusals = tuple(services.chat.http.REFUSALS)
    process = Process(world, store, chat_says, CHAT_TIMERS, jobs, refusals)
    store.execute(Cause(world.injector.new_id(), actor="chat"), store.application.prepare)
    return process


def begin_notifications(world: Surroundings, *, opening: bool) -> Process:
    """The notifications."""
    store = _store(
        world,
        "notifications",
        lambda env: notifications_application(env, world.clock, Schedule(world.clock)),
        opening=opening,
    )
    jobs = NotificationJobs(store, world.mails, world.post, world.contacts.get).by_kind()
    refusals = tuple(services.notifications.http.REFUSALS)
    return Process(world, store, notifications_say, NOTIFICATION_TIMERS, jobs, refusals)


BEGIN: Final[Mapping[str, Callable[..., Process]]] = {
    "catalog": begin_catalog,
    "checkout": begin_checkout,
    "access": begin_access,
    "chat": begin_chat,
    "notifications": begin_notifications,
}


def finish(coroutine: Any) -> Any:
    """Run a coroutine that never waits to its end."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits for something")
