"""A new event is not done until it is mapped, heard by its right name, and remembered."""

import ast
import importlib
import inspect
import textwrap
from pathlib import Path
from typing import get_type_hints

import pytest
from eventsourcing.utils import get_topic

from libs.events.access import GrantExpired, GrantIssued, GrantRevoked
from libs.events.catalogue import contracts
from libs.events.contract import REGISTRY, Contract
from libs.runtime.views.view import View
from ops.stores import hears_of, views_of
from tests.contract.private_events import aggregates, private_events, stored_names

SERVICES = sorted(p.parent.name for p in Path("services").glob("*/publishing.py"))


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


def contracts_named_in(view: View) -> set[type[Contract]]:
    """Return the contracts that the methods of a view mention."""
    names = vars(inspect.getmodule(type(view)))
    (class_,) = ast.parse(textwrap.dedent(inspect.getsource(type(view)))).body
    spoken_of = {
        names.get(node.id)
        for method in class_.body
        if isinstance(method, ast.FunctionDef)
        for node in ast.walk(method)
        if isinstance(node, ast.Name)
    }
    return {each for each in spoken_of if inspect.isclass(each) and issubclass(each, Contract)}


@pytest.mark.parametrize("service", SERVICES)
def test_a_view_subscribes_to_the_contracts_that_it_shows(service: str) -> None:
    wrong = {
        view.name: contracts_named_in(view) ^ set(view.subscriptions)
        for view in views_of(service)
        if contracts_named_in(view) != set(view.subscriptions)
    }

    assert not wrong


def test_a_view_that_forgets_a_subscription_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    view = next(view for view in views_of("streaming") if view.name == "door_list")
    monkeypatch.setattr(type(view), "subscriptions", (GrantIssued, GrantRevoked))

    assert contracts_named_in(view) - set(view.subscriptions) == {GrantExpired}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_subscribes_to_others_alone(service: str) -> None:
    assert service not in {contract.producer() for contract in hears_of(service)}


@pytest.mark.parametrize("service", [name for name in SERVICES if hears_of(name)])
def test_a_reaction_is_named_after_the_event_that_it_takes(service: str) -> None:
    reactions = importlib.import_module(f"services.{service}.reactions").SUBSCRIPTIONS

    wrong = {
        react.__name__
        for contract, react in reactions.items()
        if react.__name__ != f"on_{contract.type.split('.')[1]}"
        or next(iter(get_type_hints(react).values())) is not contract
    }

    assert not wrong
