"""The aggregates and private events of each service, found in its code."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from eventsourcing.domain import Aggregate, CanMutateAggregate
from eventsourcing.utils import get_topic

_NEVER_STORED = {"Event", "Created", "Snapshot"}


def aggregates(service: str) -> set[type[Aggregate]]:
    """Return all aggregates of a service."""
    return {
        found
        for module in _domain_modules(service)
        for _, found in inspect.getmembers(module, inspect.isclass)
        if issubclass(found, Aggregate) and found.__module__.startswith(f"services.{service}.")
    }


def private_events(service: str) -> set[type]:
    """Return all events that the aggregates of a service can store."""
    return {
        member
        for aggregate in aggregates(service)
        for _, member in inspect.getmembers(aggregate, inspect.isclass)
        if issubclass(member, CanMutateAggregate)
        and member.__module__.startswith(f"services.{service}.")
        and member.__name__ not in _NEVER_STORED
    }


def stored_names(service: str) -> set[str]:
    """Return the names under which they are stored."""
    return {get_topic(event) for event in private_events(service)}


def _domain_modules(service: str) -> Iterator[ModuleType]:
    """Return the service's `domain`, or all of its modules if it is cut by capability."""
    package = importlib.import_module(f"services.{service}")
    if (Path("services") / service / "domain.py").exists():
        yield importlib.import_module(f"services.{service}.domain")
        return
    under = "domain." if Path("services", service, "domain/__init__.py").exists() else ""
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        wanted = module.name.startswith(f"{package.__name__}.{under}".rstrip("."))
        if wanted and not re.search(r"\.(tests|__main__)\b", module.name):
            yield importlib.import_module(module.name)
