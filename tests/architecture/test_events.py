"""A new event is not done until it is mapped, heard by its right name, and remembered."""

import importlib
import inspect
import json
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from eventsourcing.domain import Aggregate, CanMutateAggregate
from eventsourcing.utils import get_topic

from libs.events.catalogue import contracts
from libs.events.contract import REGISTRY

SERVICES = sorted(p.parent.name for p in Path("services").glob("*/publishing.py"))
STORED = Path("tests/contract/stored_topics.json")


def domain_modules(service: str) -> Iterator[ModuleType]:
    """The service's `domain`, or all that it has when it is cut by capability."""
    package = importlib.import_module(f"services.{service}")
    if (Path("services", service) / "domain.py").exists():
        yield importlib.import_module(f"services.{service}.domain")
        return
    under = "domain." if Path("services", service, "domain/__init__.py").exists() else ""
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        wanted = module.name.startswith(f"{package.__name__}.{under}".rstrip("."))
        if wanted and not re.search(r"\.(tests|__main__)\b", module.name):
            yield importlib.import_module(module.name)


def aggregates(service: str) -> set[type[Aggregate]]:
    return {
        found
        for module in domain_modules(service)
        for _, found in inspect.getmembers(module, inspect.isclass)
        if issubclass(found, Aggregate) and found.__module__.startswith(f"services.{service}.")
    }


def domain_events(service: str) -> set[type]:
    return {
        member
        for aggregate in aggregates(service)
        for _, member in inspect.getmembers(aggregate, inspect.isclass)
        if issubclass(member, CanMutateAggregate)
        and member.__module__.startswith(f"services.{service}.")
        and member.__name__ not in {"Event", "Created", "Snapshot"}
    }


def test_every_service_is_checked() -> None:
    assert {
        "access",
        "catalog",
        "chat",
        "checkout",
        "identity",
        "notifications",
        "streaming",
    } <= set(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
def test_every_domain_event_is_declared_public_or_private(service: str) -> None:
    publishing = importlib.import_module(f"services.{service}.publishing")

    undeclared = [
        event.__qualname__
        for event in domain_events(service)
        if event not in publishing.to_contract.registry
    ]

    assert domain_events(service)
    assert not undeclared, f"declare in services/{service}/publishing.py: {undeclared}"


@pytest.mark.parametrize("service", SERVICES)
def test_stored_names_are_pinned_and_not_those_of_the_code(service: str) -> None:
    names = {get_topic(event) for event in domain_events(service)}
    names |= {get_topic(aggregate) for aggregate in aggregates(service)}

    assert not [name for name in names if ":" in name], "give each class a TOPIC"


def test_no_stored_event_is_renamed_or_forgotten() -> None:
    remembered = set(json.loads(STORED.read_text()))
    actual = {get_topic(event) for service in SERVICES for event in domain_events(service)}

    assert remembered <= actual, f"old streams can no longer be read: {remembered - actual}"
    assert actual <= remembered, f"remember these in {STORED}: {sorted(actual - remembered)}"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_publishes_its_own_contracts_alone(service: str) -> None:
    contracts()
    publishing = importlib.import_module(f"services.{service}.publishing")

    imported = {
        member.type.split(".")[0]
        for _, member in inspect.getmembers(publishing, inspect.isclass)
        if member in REGISTRY.values()
    }

    assert imported <= {service}
