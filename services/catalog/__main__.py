"""The catalog as a process."""

from pathlib import Path
from typing import Final

from libs.runtime.scheduling.clock import Clock, SystemClock
from libs.runtime.service import Service, run
from libs.runtime.settings import ServiceSettings
from libs.runtime.store.store import Store
from services.catalog.application import Catalog
from services.catalog.composition import application
from services.catalog.http import REFUSALS, routers
from services.catalog.projections import VIEWS
from services.catalog.publishing import to_contract
from services.catalog.reactions import SUBSCRIPTIONS
from services.catalog.settings import Settings

_MIGRATIONS: Final = Path(__file__).parent / "migrations"


def catalog_store(settings: ServiceSettings, clock: Clock) -> Store[Catalog]:
    """Return the catalog on its database."""
    return Store(
        "catalog",
        settings.database_url,
        lambda env: application(env, clock),
        views=VIEWS,
        migrations=_MIGRATIONS,
        clock=clock,
        pool_size=settings.store_pool_size,
    )


def catalog_service(settings: ServiceSettings, clock: Clock) -> Service:
    """Return the catalog with its edge, relay and consumer."""
    store = catalog_store(settings, clock)
    return Service(
        settings,
        store,
        publishes=to_contract,
        subscriptions=SUBSCRIPTIONS,
        routers=routers(store),
        refusals=REFUSALS,
    )


if __name__ == "__main__":
    run(catalog_service(Settings.model_validate({}), SystemClock()))
