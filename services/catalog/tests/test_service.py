"""The catalog as a process: a creator's HTTP requests end as events on the bus."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import nats
import pytest

from libs.events.catalog import PassPublished
from libs.events.contract import stream_of
from libs.events.envelope import Envelope
from libs.runtime.scheduling.clock import SystemClock
from services.catalog.__main__ import catalog_service
from services.catalog.tests.conftest import Visitor, settings_for
from tests.servers import NatsServer, stored_messages

OWNER = UUID(int=7)


async def _published(nats_url: str, count: int) -> list[tuple[Envelope, bytes]]:
    client = await nats.connect(nats_url)
    try:
        js = client.jetstream()
        for _ in range(100):
            if await stored_messages(js, stream_of("catalog")) >= count:
                break
            await asyncio.sleep(0.05)
        messages = [
            await js.get_msg(stream_of("catalog"), sequence) for sequence in range(1, count + 1)
        ]
        return [(Envelope.from_headers(each.headers), each.data or b"") for each in messages]
    finally:
        await client.close()


@pytest.mark.slow(60, "starts a NATS of its own")
async def test_events_of_a_creator_are_published_in_order(
    database: str, own_nats: NatsServer
) -> None:
    service = catalog_service(settings_for(database, own_nats.url), SystemClock())
    async with service.running():
        transport = httpx.ASGITransport(service.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://catalog") as http:
            owner = Visitor(http, OWNER)
            pass_id = await _sell_a_season(owner)
        announced = await _published(own_nats.url, 5)

    assert [envelope.type for envelope, _ in announced] == [
        "catalog.creator_profile_opened.v1",
        "catalog.space_created.v1",
        "catalog.experience_added.v1",
        "catalog.space_published.v1",
        "catalog.pass_published.v1",
    ]
    envelope, data = announced[-1]
    told = PassPublished.model_validate_json(data)
    assert (str(told.pass_id), str(envelope.entity_id)) == (pass_id, pass_id)
    assert (told.slug, told.space_slug, told.terms.price_minor) == ("season", "anna", 1990)
    assert {envelope.actor for envelope, _ in announced} == {str(OWNER)}
    assert b"Anna Berg" not in b"".join(data for _, data in announced)


async def _sell_a_season(owner: Visitor) -> str:
    profile = {"username": "anna", "display_name": "Anna Berg"}
    space = {"slug": "anna", "name": "Anna", "currency": "EUR", "time_zone": "Europe/Vienna"}
    await owner.done("POST", "/creator-profiles", profile)
    await owner.done("POST", "/spaces", space)
    live: Any = await owner.done(
        "POST", "/spaces/anna/experiences", {"slug": "live", "name": "Live", "kind": "live"}
    )
    await owner.done("POST", "/spaces/anna/publish")
    season = {
        "slug": "season",
        "name": "Season",
        "experience_ids": [live["experience_id"]],
        "terms": {"pricing_type": "one_time", "price_minor": 1990},
    }
    drafted: Any = await owner.done("POST", "/spaces/anna/passes", season)
    await owner.done("POST", "/spaces/anna/passes/season/publish", {"expected_version": 1})
    return str(drafted["pass_id"])


async def test_the_catalog_says_when_it_is_ready(database: str, nats_url: str) -> None:
    service = catalog_service(settings_for(database, nats_url), SystemClock())
    async with service.running():
        transport = httpx.ASGITransport(service.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://catalog") as http:
            for _ in range(100):
                answer = await http.get("/health/ready")
                if answer.is_success:
                    break
                await asyncio.sleep(0.05)

    assert answer.json()["status"] == "ready"
