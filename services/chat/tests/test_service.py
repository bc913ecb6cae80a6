"""The chat service as a process: from a purchase on the bus to a member at the provider."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from nats.js import JetStreamContext

from libs.events.chat import ChannelMemberAdded, ChannelMemberRemoved
from libs.events.contract import Contract, stream_of, subject_of
from libs.events.envelope import Envelope, event_id_of
from libs.events.identity import PersonRegistered
from libs.runtime.messaging import bus
from libs.runtime.messaging.contacts import Contact, Contacts
from libs.runtime.service import Service
from services.chat.__main__ import compose
from services.chat.settings import Settings
from services.chat.stream_provider import StreamProvider
from services.chat.tests.builders import (
    NOW,
    ban_lifted,
    ended,
    experience_added,
    person_banned,
    purchased,
)
from services.chat.tests.conftest import KEY, SECRET
from services.chat.tests.fakes import PERSON_SECRET
from tests.servers import NatsServer, stored_messages

BUYER, SPACE, EXPERIENCE = UUID(int=1), UUID(int=2), UUID(int=3)


@pytest.fixture
async def service(database: str, own_nats: NatsServer, getstream: str) -> AsyncIterator[Service]:
    settings = Settings(
        http_port=1,
        database_url=database,
        nats_url=own_nats.url,
        person_token_secret=PERSON_SECRET,
        stream_api_key=KEY,
        stream_api_secret=SECRET,
        stream_api_url=getstream,
    )
    async with compose(settings).running() as running:
        yield running


def js_of(service: Service) -> JetStreamContext:
    assert service.client is not None
    return service.client.jetstream()


async def announce(service: Service, contract: Contract, entity: UUID, version: int = 1) -> None:
    """Say it as the producing service would."""
    js = js_of(service)
    await bus.ensure_stream(js, contract.producer())
    about = Envelope(
        id=event_id_of(entity, version),
        type=contract.type,
        source=contract.producer(),
        entity_id=entity,
        entity_version=version,
        occurred_at=NOW,
        recorded_at=NOW,
        position=f"1.1-{version}",
        actor="system",
    )
    await js.publish(
        subject_of(contract.type, entity),
        contract.model_dump_json().encode(),
        headers=about.to_headers(),
    )


async def heard(service: Service, count: int) -> list[tuple[str, Any]]:
    """The first public events of the chat service, once there are that many."""
    js = js_of(service)
    for _ in range(400):
        if await stored_messages(js, stream_of("chat")) >= count:
            break
        await asyncio.sleep(0.02)
    messages = [await js.get_msg(stream_of("chat"), n) for n in range(1, count + 1)]
    return [(Envelope.from_headers(each.headers).type, each.data) for each in messages]


async def handled(service: Service, entity: UUID, version: int = 1) -> bool:
    """Whether the service has dealt with what was announced of an entity, within a while."""
    event_id = event_id_of(entity, version)
    for _ in range(400):
        row = service.store.query(
            lambda curs: curs.execute(
                "SELECT 1 FROM inbox WHERE event_id = %s", (event_id,)
            ).fetchone()
        )
        if row is not None:
            return True
        await asyncio.sleep(0.02)
    return False


async def is_member(provider: StreamProvider, experience: UUID, person: UUID) -> bool:
    """Whether the person joins the channel within a while."""
    for _ in range(200):
        if await asyncio.to_thread(provider.find_member, experience, person):
            return True
        await asyncio.sleep(0.05)
    return False


@pytest.mark.slow(60, "starts a NATS of its own and waits for many members")
async def test_a_buyer_joins_the_channel_and_leaves_it_with_the_membership(
    service: Service, provider: StreamProvider
) -> None:
    purchase = purchased(person_id=BUYER, space_id=SPACE, experience_ids=(EXPERIENCE,))
    assert service.client is not None
    await Contacts(service.client).put(BUYER, Contact(email="ada@example.org", display_name="Ada"))
    await announce(service, experience_added(SPACE, EXPERIENCE), EXPERIENCE)
    await announce(service, PersonRegistered(person_id=BUYER), BUYER)

    await announce(service, purchase, purchase.membership_id)
    [(joined, body)] = await heard(service, 1)
    member = provider.find_member(EXPERIENCE, BUYER)
    await announce(service, ended(purchase), purchase.membership_id, version=2)
    left = (await heard(service, 2))[1][0]

    assert joined == ChannelMemberAdded.type
    assert ChannelMemberAdded.model_validate_json(body).person_id == BUYER
    assert member is not None
    assert (member["user"]["name"], "ada@example.org" in str(member)) == ("Ada", False)
    assert left == ChannelMemberRemoved.type
    assert provider.find_member(EXPERIENCE, BUYER) is None


@pytest.mark.slow(60, "starts a NATS of its own and waits for many members")
async def test_a_ban_keeps_out_of_every_channel_of_its_space_until_it_is_lifted(
    service: Service, provider: StreamProvider
) -> None:
    person, space, ban = uuid4(), uuid4(), uuid4()
    first, second, later = uuid4(), uuid4(), uuid4()
    banned, lifted = person_banned(space, person), ban_lifted(space, person)
    for experience in (first, second):
        await announce(service, experience_added(space, experience), experience)
        bought = purchased(person_id=person, space_id=space, experience_ids=(experience,))
        await announce(service, bought, bought.membership_id)
    await heard(service, 2)

    await announce(service, banned, ban, version=2)
    left = (await heard(service, 4))[2:]
    members_at_first = [provider.find_member(each, person) for each in (first, second)]
    await announce(service, experience_added(space, later), later)
    again = purchased(person_id=person, space_id=space, experience_ids=(first, later))
    other = purchased(space_id=space, experience_ids=(later,))
    for bought in (again, other):
        await announce(service, bought, bought.membership_id)
        assert await handled(service, bought.membership_id)
    joined = await is_member(provider, later, other.person_id)
    members_by_purchase = [provider.find_member(each, person) for each in (first, later)]
    await announce(service, lifted, ban, version=3)
    back = [await is_member(provider, each, person) for each in (first, second, later)]

    assert [type_ for type_, _ in left] == [ChannelMemberRemoved.type] * 2
    assert members_at_first == [None, None]
    assert joined
    assert members_by_purchase == [None, None]
    assert all(back)


@pytest.mark.slow(60, "starts a NATS of its own and waits for many members")
async def test_forty_bans_in_one_space_at_once_all_count_without_conflicts(
    service: Service, provider: StreamProvider, caplog: pytest.LogCaptureFixture
) -> None:
    experience, space, people = uuid4(), uuid4(), [uuid4() for _ in range(40)]
    await announce(service, experience_added(space, experience), experience)
    for person in people:
        bought = purchased(person_id=person, space_id=space, experience_ids=(experience,))
        await announce(service, bought, bought.membership_id)
    await heard(service, 40)

    for person in people:
        await announce(service, person_banned(space, person), uuid4(), version=2)
    announced = (await heard(service, 80))[40:]

    out = {ChannelMemberRemoved.model_validate_json(body).person_id for _, body in announced}
    assert out == set(people)
    assert "Conflict" not in caplog.text
    assert not any(provider.find_member(experience, person) for person in people)


@pytest.mark.slow(60, "starts a NATS of its own and waits for many members")
async def test_forty_buyers_at_once_all_join(service: Service, provider: StreamProvider) -> None:
    experience, buyers = uuid4(), [uuid4() for _ in range(40)]
    await announce(service, experience_added(SPACE, experience), experience)

    for buyer in buyers:
        bought = purchased(person_id=buyer, experience_ids=(experience,))
        await announce(service, bought, bought.membership_id)
    announced = await heard(service, 40)

    members = {ChannelMemberAdded.model_validate_json(body).person_id for _, body in announced}
    assert members == set(buyers)
    assert all(provider.find_member(experience, buyer) for buyer in buyers)
