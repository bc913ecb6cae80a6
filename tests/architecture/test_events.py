"""A new event is not done until it is mapped, heard by its right name, and remembered."""

import importlib
import inspect
from pathlib import Path

import pytest
from eventsourcing.utils import get_topic

from libs.events.catalogue import contracts
from libs.events.contract import REGISTRY
from tests.contract.private_events import aggregates, private_events, stored_names

SERVICES = sorted(p.parent.name for p in Path("services").glob("*/publishing.py"))


def test_every_service_is_looked_at() -> None:
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
        for event in private_events(service)
        if event not in publishing.to_contract.registry
    ]

    assert private_events(service)
    assert not undeclared, f"declare in services/{service}/publishing.py: {undeclared}"


@pytest.mark.parametrize("service", SERVICES)
def test_stored_names_are_pinned_and_not_those_of_the_code(service: str) -> None:
    names = stored_names(service) | {get_topic(aggregate) for aggregate in aggregates(service)}

    assert not [name for name in names if ":" in name], "give each class a TOPIC"


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
