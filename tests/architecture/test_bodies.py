"""Every JSON body is read strictly: `true` is no amount, and "yes" is no choice."""

from collections.abc import Iterator
from typing import Any, get_args
from unittest.mock import MagicMock
from uuid import uuid4

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError

import services.access.http
import services.catalog.http
import services.chat.http
import services.checkout.orders.http.buyers
import services.checkout.orders.team.http
import services.gateway.api.http
import services.identity.http
import services.notifications.http
import services.streaming.http
from libs.runtime.http.bodies import RequestBody
from services.access.http import Comp
from services.catalog.http.bodies import NewPass
from services.checkout.orders.team.http import NewRefund
from services.notifications.http import MailChoice

ANY = MagicMock()
ROUTERS: dict[str, list[APIRouter]] = {
    "access": [services.access.http.access_router(ANY)],
    "catalog": services.catalog.http.routers(ANY),
    "chat": [services.chat.http.chat_router(ANY, ANY)],
    "checkout": [
        services.checkout.orders.http.buyers.orders_router(ANY),
        services.checkout.orders.team.http.team_router(ANY, ANY),
    ],
    "gateway": [services.gateway.api.http.router()],
    "identity": [services.identity.http.router(ANY, ANY)],
    "notifications": [services.notifications.http.choices_router(ANY)],
    "streaming": [services.streaming.http.streaming_router(ANY, ANY, ANY)],
}


def bodies(router: APIRouter) -> Iterator[tuple[str, Any]]:
    for route in router.routes:
        if inner := getattr(route, "original_router", None):
            yield from bodies(inner)
        if isinstance(route, APIRoute):
            for field in route.dependant.body_params:
                yield f"{sorted(route.methods)} {route.path}", field.field_info.annotation


def is_strict(annotation: Any) -> bool:
    models = [each for each in (annotation, *get_args(annotation)) if isinstance(each, type)]
    read = [each for each in models if each is not type(None)]
    return bool(read) and all(issubclass(each, RequestBody) for each in read)


@pytest.mark.parametrize("service", ROUTERS)
def test_every_route_reads_its_body_strictly(service: str) -> None:
    found = [body for router in ROUTERS[service] for body in bodies(router)]

    assert [route for route, annotation in found if not is_strict(annotation)] == []
    assert found or service == "chat"


class Lenient(BaseModel):
    amount_minor: int


def test_the_check_finds_a_body_that_is_read_leniently() -> None:
    assert not is_strict(Lenient)
    assert Lenient.model_validate({"amount_minor": True}).amount_minor == 1


@pytest.mark.parametrize("amount", [True, "5", 5.0, 5.5])
def test_amount_must_be_an_integer(amount: object) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(NewRefund).validate_python({"amount_minor": amount})

    assert [error["loc"] for error in refused.value.errors()] == [("amount_minor",)]


@pytest.mark.parametrize("choice", [1, "true", "yes", None])
def test_choice_must_be_a_boolean(choice: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(MailChoice).validate_python({"mail": choice})


def test_ids_dates_and_nested_terms_are_read_from_their_text() -> None:
    person, experience = uuid4(), uuid4()
    comp = Comp.model_validate(
        {
            "person_id": str(person),
            "experience_ids": [str(experience)],
            "valid_until": "2026-06-01T12:00:00Z",
        }
    )
    sold: dict[str, Any] = {
        "slug": "season",
        "name": "Season",
        "experience_ids": [str(experience)],
        "terms": {"pricing_type": "one_time", "price_minor": 1990, "waitlist": False},
    }

    assert (comp.person_id, comp.experience_ids) == (person, [experience])
    assert NewPass.model_validate(sold).terms.price_minor == 1990
    for field, wrong in (("price_minor", True), ("waitlist", "yes"), ("trial_days", "3")):
        changed = sold | {"terms": sold["terms"] | {field: wrong}}
        with pytest.raises(ValidationError) as refused:
            NewPass.model_validate(changed)
        assert [error["loc"] for error in refused.value.errors()] == [("terms", field)]
