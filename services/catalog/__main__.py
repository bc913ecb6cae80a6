"""The catalog as a process."""

from pathlib import Path
from typing import Final

from libs.runtime.scheduling.clock import Clock, SystemClock
from libs.runtime.service import Service, run
from libs.runtime.settings import ServiceSettings
from libs.runtime.store.store import Store
from services.catalog.application import Catalog
from services.catalog.http import REFUSALS, routers
from services.catalog.projections import VIEWS
from services.catalog.publishing import to_contract
from services.catalog.reactions import SUBSCRIPTIONS
from services.catalog.settings import Settings
from services.catalog.tables import BanTable, NameTable, ProfileTextTable

_MIGRATIONS: Final = Path(__file__).parent / "migrations"


def catalog_store(settings: ServiceSettings, clock: Clock) -> Store[Catalog]:
    """The catalog on its database."""
    return Store(
        "catalog",
        settings.database_url,
        lambda env: Catalog(
            env, clock=clock, names=NameTable(), texts=ProfileTextTable(), bans=BanTable()
        ),
        views=VIEWS,
        migrations=_MIGRATIONS,
        clock=clock,
        pool_size=settings.store_pool_size,
    )


def catalog_service(settings: ServiceSettings, clock: Clock) -> Service:
    """The catalog with its edge, its relay and its consumer."""
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
