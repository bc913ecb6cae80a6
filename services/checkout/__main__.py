"""Puts the checkout service together and runs it."""

from datetime import timedelta
from functools import partial
from pathlib import Path

from libs.runtime.scheduling.clock import Clock, SystemClock
from libs.runtime.scheduling.schedule import Schedule
from libs.runtime.service import Service, run
from libs.runtime.store.store import Store
from services.checkout.application import Parts, application
from services.checkout.flows import begin, jobs, talking_to, timers
from services.checkout.http import REFUSALS
from services.checkout.orders.http.batching import OrderBatcher
from services.checkout.orders.http.buyers import OrderRoutes, orders_router
from services.checkout.orders.http.status_poller import StatusPoller
from services.checkout.orders.team.http import team_router
from services.checkout.payments.provider.protocol import PaymentProvider
from services.checkout.payments.provider.stripe import StripePayments, read_webhook
from services.checkout.payments.queue.waiting_room import WaitingRoom, queue_for, spare_turn
from services.checkout.payments.webhooks.http import webhook_router
from services.checkout.projections import VIEWS
from services.checkout.publishing import to_contract
from services.checkout.reactions import SUBSCRIPTIONS
from services.checkout.settings import Settings
from services.checkout.stock.inventory import Counters
from services.checkout.stock.tables import StockTable


def compose(
    settings: Settings,
    clock: Clock,
    provider: PaymentProvider,
    counters: Counters | None = None,
) -> Service:
    """The checkout service on its database, its bus and its payment provider."""
    parts = Parts(hold=timedelta(seconds=settings.hold_s), counters=counters or StockTable())
    store = Store(
        "checkout",
        settings.database_url,
        lambda env: application(env, clock, Schedule(clock), parts),
        views=VIEWS,
        migrations=Path(__file__).parent / "migrations",
        clock=clock,
        pool_size=settings.store_pool_size,
    )
    queue = queue_for(settings.payments_per_s)
    workers = talking_to(provider, store, before_making=partial(spare_turn, queue))
    room = WaitingRoom(store, queue, workers.charging.ensure)
    checkout = store.application
    routes = OrderRoutes(
        store,
        checkout.orders,
        OrderBatcher(store, tuple(REFUSALS)),
        StatusPoller(workers.charging, clock),
        settings.stripe_publishable_key,
        room,
    )
    return Service(
        settings,
        store,
        publishes=to_contract,
        subscriptions=SUBSCRIPTIONS,
        timers=timers(store, workers.webhooks),
        jobs=jobs(workers),
        routers=[
            orders_router(routes),
            team_router(store, checkout.refunds),
            webhook_router(workers.webhooks, read_webhook, settings.webhook_secrets),
        ],
        refusals=REFUSALS,
        on_start=[begin(store), room.open],
        on_stop=[room.close],
    )


if __name__ == "__main__":
    environment = Settings.model_validate({})
    stripe = StripePayments(environment.stripe_api_key, environment.stripe_api_url)
    run(compose(environment, SystemClock(), stripe))
