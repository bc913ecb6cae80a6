"""The consuming services, composed without jobs, worker or providers.

A replayed event schedules its provider calls as always. Only the service itself works on its
schedule and can make these calls.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from libs.runtime.scheduling.clock import SystemClock
from libs.runtime.scheduling.schedule import Schedule
from libs.runtime.store.store import Store
from ops import stores

COMPOSITIONS: Final = ("access", "catalog", "chat", "checkout", "notifications", "streaming")
"""The services that subscribe to others."""


def compose(service: str, url: str) -> Store[Any]:
    """Return the store of a service with its views; nothing of it is started or opened."""
    clock = SystemClock()
    # One service at a time is imported.
    module = "application" if service == "checkout" else "composition"
    application = import_module(f"services.{service}.{module}").application
    return Store(
        service,
        url,
        lambda env: application(env, clock, Schedule(clock)),
        views=stores.views_of(service),
        clock=clock,
        pool_size=2,
    )


def refusals_of(service: str) -> tuple[type[Exception], ...]:
    """Return what the reactions of a service may refuse."""
    return tuple(import_module(f"services.{service}.http").REFUSALS)


def reactions_of(service: str) -> Mapping[Any, Any]:
    """Return the reactions of a service, by contract."""
    return stores.subscriptions_of(service)
