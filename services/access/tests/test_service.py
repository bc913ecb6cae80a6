"""The whole service on real PostgreSQL and real NATS, hearing what checkout would say."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from libs.events.access import GrantExpired, GrantIssued, GrantRevoked
from libs.runtime.scheduling.clock import SystemClock
from libs.runtime.service import Service
from libs.runtime.settings import ServiceSettings
from services.access.__main__ import compose
from services.access.domain import Grant
from services.access.tests.builders import HOUR, NOON, a_purchase, an_end
from services.access.tests.bus import heard, say, until_async
from services.access.tests.conftest import SECRET
from tests.servers import NatsServer


@pytest.fixture
async def service(database: str, own_nats: NatsServer) -> AsyncIterator[Service]:
    settings = ServiceSettings(
        http_port=1,
        database_url=database,
        nats_url=own_nats.url,
        person_token_secret=SECRET,
        store_pool_size=4,
    )
    async with compose(settings, SystemClock()).running() as service:
        yield service


async def rows(service: Service, sql: str) -> list[Any]:
    return await service.store.ask(lambda curs: curs.execute(sql).fetchall())


async def handled(service: Service, count: int) -> None:
    async def in_inbox() -> int:
        return len(await rows(service, "SELECT 1 FROM inbox"))

    await until_async(in_inbox, lambda seen: seen >= count)


async def test_a_purchase_on_the_bus_becomes_grants_once_and_they_are_announced(
    service: Service,
) -> None:
    purchase = a_purchase(uuid4(), uuid4())

    said = await say(service.client, purchase, purchase.membership_id)
    announced = await heard(service.client, "access", 2)
    await say(service.client, purchase, purchase.membership_id)
    marker = a_purchase(uuid4())
    await say(service.client, marker, marker.membership_id)
    await handled(service, 2)

    assert [type(contract) for _, contract in announced] == [GrantIssued, GrantIssued]
    assert {contract.experience_id for _, contract in announced} == set(purchase.experience_ids)
    assert {envelope.actor for envelope, _ in announced} == {said.actor}
    grants = await rows(service, "SELECT person_id FROM grant_list")
    assert [row["person_id"] for row in grants].count(purchase.person_id) == 2


async def test_an_end_that_overtakes_its_purchase_leaves_nothing_open(
    service: Service,
) -> None:
    purchase = a_purchase(uuid4())

    await say(service.client, an_end(purchase), purchase.membership_id, version=2)
    await handled(service, 1)
    await say(service.client, purchase, purchase.membership_id, version=1)
    announced = await heard(service.client, "access", 2)

    assert [type(contract) for _, contract in announced] == [GrantIssued, GrantRevoked]
    (grant,) = await rows(service, "SELECT revoked_for FROM grant_list")
    assert grant["revoked_for"] == "refund"


async def test_a_window_that_has_closed_is_announced_by_the_clock(service: Service) -> None:
    purchase = a_purchase(uuid4(), access_from=NOON - 1000 * 24 * HOUR)
    ended = purchase.model_copy(update={"access_until": NOON - 999 * 24 * HOUR})

    await say(service.client, ended, ended.membership_id)
    announced = await heard(service.client, "access", 2)
    await asyncio.sleep(0.05)

    assert [type(contract) for _, contract in announced] == [GrantIssued, GrantExpired]
    assert announced[1][0].entity_id == Grant.create_id(
        ended.membership_id, ended.experience_ids[0]
    )
    assert await rows(service, "SELECT 1 FROM schedule") == []
