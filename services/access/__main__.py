"""Composes the access service and runs it."""

from libs.runtime.scheduling.clock import Clock, SystemClock
from libs.runtime.scheduling.schedule import Schedule
from libs.runtime.service import Service, run
from libs.runtime.settings import ServiceSettings
from libs.runtime.store.store import Store
from services.access.composition import application
from services.access.http import REFUSALS, access_router
from services.access.projections import VIEWS
from services.access.publishing import to_contract
from services.access.reactions import SUBSCRIPTIONS
from services.access.settings import Settings
from services.access.timers import TIMERS


def compose(settings: ServiceSettings, clock: Clock) -> Service:
    """The access service on its database and its bus."""
    store = Store(
        "access",
        settings.database_url,
        lambda env: application(env, clock, Schedule(clock)),
        views=VIEWS,
        clock=clock,
        pool_size=settings.store_pool_size,
    )
    return Service(
        settings,
        store,
        publishes=to_contract,
        subscriptions=SUBSCRIPTIONS,
        timers=TIMERS,
        routers=[access_router(store)],
        refusals=REFUSALS,
    )


if __name__ == "__main__":
    run(compose(Settings.model_validate({}), SystemClock()))
