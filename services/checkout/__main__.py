"""Puts the checkout service together and runs it."""

from datetime import timedelta
from pathlib import Path

from libs.runtime.scheduling.clock import Clock, SystemClock
from libs.runtime.scheduling.schedule import Schedule
from libs.runtime.service import Service, run
from libs.runtime.store.store import Store
from services.checkout.application import Checkout
from services.checkout.http import (
    REFUSALS,
    Desk,
    Looks,
    Till,
    orders_router,
    team_router,
    webhook_router,
)
from services.checkout.jobs import Jobs
from services.checkout.payments import PaymentProvider, Payments
from services.checkout.projections import VIEWS
from services.checkout.publishing import to_contract
from services.checkout.reactions import SUBSCRIPTIONS
from services.checkout.rounds import Balancer, Reconciler
from services.checkout.settings import Settings
from services.checkout.stock import Counters, StockDoor
from services.checkout.stripe_provider import StripePayments, read_webhook
from services.checkout.tables import BookTables, StockTable
from services.checkout.timers import begin_rounds, timers
from services.checkout.waiting_room import WaitingRoom
from services.checkout.webhooks import Webhooks


def compose(
    settings: Settings,
    clock: Clock,
    provider: PaymentProvider,
    counters: Counters | None = None,
) -> Service:
    """The checkout service on its database, its bus and its payment provider."""
    store = Store(
        "checkout",
        settings.database_url,
        lambda env: Checkout(
            env,
            clock=clock,
            schedule=Schedule(clock),
            books=BookTables(),
            stock=StockDoor(counters or StockTable()),
            hold=timedelta(seconds=settings.hold_s),
        ),
        views=VIEWS,
        migrations=Path(__file__).parent / "migrations",
        clock=clock,
        pool_size=settings.store_pool_size,
    )
    payments = Payments(store, provider)
    webhooks = Webhooks(store, payments, store.schedule)
    room = WaitingRoom(store, payments, settings.payments_per_s)
    till = Till(
        store,
        Desk(store, tuple(REFUSALS)),
        Looks(payments, clock),
        settings.stripe_publishable_key,
        room,
    )
    return Service(
        settings,
        store,
        publishes=to_contract,
        subscriptions=SUBSCRIPTIONS,
        timers=timers(store, webhooks),
        jobs=Jobs(
            payments, webhooks, Reconciler(store, provider), Balancer(store, provider)
        ).by_kind(),
        routers=[
            orders_router(till),
            team_router(store),
            webhook_router(webhooks, read_webhook, settings.webhook_secrets),
        ],
        refusals=REFUSALS,
        on_start=[begin_rounds(store), room.open],
        on_stop=[room.close],
    )


if __name__ == "__main__":
    environment = Settings.model_validate({})
    stripe = StripePayments(environment.stripe_api_key, environment.stripe_api_url)
    run(compose(environment, SystemClock(), stripe))
