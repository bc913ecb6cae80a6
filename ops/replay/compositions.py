"""The services that hear others, put together without jobs, worker or providers.

What a replayed event asks of a provider is written down as always; only the service itself, which
works its schedule off, can call one. Nothing here can.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final, TypeAlias

from eventsourcing.application import Application

from libs.runtime.scheduling.clock import Clock, SystemClock
from libs.runtime.scheduling.schedule import Schedule
from libs.runtime.store.store import Store
from ops import stores

Build: TypeAlias = Callable[[dict[str, str], Clock, Schedule], Application[Any]]


def _access(env: dict[str, str], clock: Clock, schedule: Schedule) -> Application[Any]:
    from services.access.application import Access  # noqa: PLC0415

    return Access(env, clock=clock, schedule=schedule)


def _catalog(env: dict[str, str], clock: Clock, schedule: Schedule) -> Application[Any]:  # noqa: ARG001
    from services.catalog.application import Catalog  # noqa: PLC0415
    from services.catalog.tables import BanTable, NameTable, ProfileTextTable  # noqa: PLC0415

    return Catalog(env, clock=clock, names=NameTable(), texts=ProfileTextTable(), bans=BanTable())


def _chat(env: dict[str, str], clock: Clock, schedule: Schedule) -> Application[Any]:
    from services.chat.application import Chat  # noqa: PLC0415
    from services.chat.tables import TurnLocks  # noqa: PLC0415

    return Chat(env, clock=clock, schedule=schedule, turns=TurnLocks())


def _checkout(env: dict[str, str], clock: Clock, schedule: Schedule) -> Application[Any]:
    from services.checkout.application import application  # noqa: PLC0415

    return application(env, clock, schedule)


def _notifications(env: dict[str, str], clock: Clock, schedule: Schedule) -> Application[Any]:
    from services.notifications.application import Notifications  # noqa: PLC0415
    from services.notifications.tables import (  # noqa: PLC0415
        AudienceTable,
        CatalogueTable,
        OptOutTable,
    )

    return Notifications(
        env,
        clock=clock,
        schedule=schedule,
        audience=AudienceTable(),
        catalogue=CatalogueTable(),
        opt_outs=OptOutTable(),
    )


def _streaming(env: dict[str, str], clock: Clock, schedule: Schedule) -> Application[Any]:
    from services.streaming.application import Streaming  # noqa: PLC0415
    from services.streaming.tables import StageTable, WebhookTable  # noqa: PLC0415

    return Streaming(env, clock=clock, schedule=schedule, stage=StageTable(), inbox=WebhookTable())


COMPOSITIONS: Final[Mapping[str, Build]] = {
    "access": _access,
    "catalog": _catalog,
    "chat": _chat,
    "checkout": _checkout,
    "notifications": _notifications,
    "streaming": _streaming,
}
"""Each imports what it needs when it is asked for: one service at a time."""


def compose(service: str, url: str) -> Store[Any]:
    """The store of a service with its views; nothing of it is started or opened."""
    clock = SystemClock()
    build = COMPOSITIONS[service]
    return Store(
        service,
        url,
        lambda env: build(env, clock, Schedule(clock)),
        views=stores.views_of(service),
        clock=clock,
        pool_size=2,
    )


def refusals_of(service: str) -> tuple[type[Exception], ...]:
    """What the reactions of a service may refuse."""
    return tuple(import_module(f"services.{service}.http").REFUSALS)


def reactions_of(service: str) -> Mapping[Any, Any]:
    """The reactions of a service, by contract."""
    subscriptions: Mapping[Any, Any] = import_module(f"services.{service}.reactions").SUBSCRIPTIONS
    return subscriptions
