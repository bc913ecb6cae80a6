"""The streaming service as a process beside LiveKit, the real server and the sandbox's."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import nats
import pytest
from nats.aio.client import Client

from libs.events.contract import Contract, stream_of, subject_of
from libs.events.envelope import Envelope
from libs.events.streaming import StreamEnded, StreamWentLive
from libs.runtime.messaging import bus
from libs.runtime.scheduling.clock import SystemClock
from services.streaming.__main__ import compose
from services.streaming.livekit_provider import LiveKitProvider
from services.streaming.settings import Settings
from services.streaming.tests.builders import (
    about,
    ban_lifted,
    experience_added,
    grant_issued,
    grant_revoked,
    member_added,
    member_removed,
    person_banned,
    space_created,
)
from services.streaming.tests.conftest import (
    BOTH,
    KEY,
    SECRET,
    running_livekit,
    running_sandbox,
    serving,
)
from services.streaming.tests.fakes import PERSON_SECRET, signed
from services.streaming.tests.visitors import Visitors
from tests.servers import NatsServer, free_port, stored_messages

OWNER, MEMBER, STRANGER = (UUID(int=n) for n in range(1, 4))
SPACE, EXPERIENCE, GRANT, BAN = (UUID(int=n) for n in range(11, 15))
LONG_AGO = SystemClock().now() - timedelta(days=1)

pytestmark = pytest.mark.slow(60, "starts LiveKit and a NATS of its own")


async def until(true: Callable[[], Awaitable[bool]], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not await true():
        assert time.monotonic() < deadline, f"it did not come true in {within_s} s"
        await asyncio.sleep(0.02)


@dataclass
class Scene:
    """A running service, its LiveKit, and the bus of the other services."""

    http: httpx.AsyncClient
    nats: Client
    provider: LiveKitProvider
    visitors: Visitors

    async def announce(self, contract: Contract, entity: UUID, version: int = 1) -> None:
        js = self.nats.jetstream()
        await bus.ensure_stream(js, contract.producer())
        await js.publish(
            subject_of(contract.type, entity),
            contract.model_dump_json().encode(),
            headers=about(entity, version, contract.type).to_headers(),
        )

    async def ask(self, person: UUID, method: str, path: str, body: Any = None) -> httpx.Response:
        return await self.http.request(method, path, json=body, headers=signed(person))

    async def go_live(self) -> UUID:
        """Go live once the service knows the experience."""
        for _ in range(200):
            answer = await self.ask(OWNER, "POST", f"/experiences/{EXPERIENCE}/streams")
            if answer.status_code == 201:
                break
            await asyncio.sleep(0.05)
        assert (answer.status_code, answer.json()["state"]) == (201, "lobby")
        return UUID(answer.json()["stream_id"])

    async def state(self) -> Any:
        shown = await self.ask(OWNER, "GET", f"/experiences/{EXPERIENCE}/stream")
        return shown.json()

    async def identities(self, stream_id: UUID) -> set[str]:
        there = await asyncio.to_thread(self.provider.list_participants, stream_id)
        return {each.identity for each in there}

    async def is_empty(self, stream_id: UUID) -> bool:
        return not await self.identities(stream_id)

    async def has_no_room(self, stream_id: UUID) -> bool:
        return not await asyncio.to_thread(self.provider.has_room, stream_id)

    async def is_host_there(self, stream_id: UUID) -> bool:
        return any(each.startswith("host-") for each in await self.identities(stream_id))

    async def is_live(self) -> bool:
        return bool((await self.state())["state"] == "live")

    async def announced(self) -> list[str]:
        """Return the types of the public events so far."""
        js = self.nats.jetstream()
        return await self.told(await stored_messages(js, stream_of("streaming")))

    async def is_over(self) -> bool:
        return (await self.state())["state"] == "ended"

    async def told(self, count: int) -> list[str]:
        """Wait for so many public events of the service; returns their types."""
        js = self.nats.jetstream()
        for _ in range(200):
            if await stored_messages(js, stream_of("streaming")) >= count:
                break
            await asyncio.sleep(0.02)
        messages = [await js.get_msg(stream_of("streaming"), n) for n in range(1, count + 1)]
        return [Envelope.from_headers(each.headers).type for each in messages]


@pytest.fixture(params=BOTH)
def surroundings(
    request: pytest.FixtureRequest, tmp_path: Path, database: str, own_nats: NatsServer
) -> Iterator[tuple[str, str, LiveKitProvider]]:
    """The service on its port, a LiveKit that sends it webhooks, and a provider to inspect
    rooms."""
    port = free_port()
    run = running_livekit if request.param == "real" else running_sandbox
    with run(tmp_path, f"http://127.0.0.1:{port}/webhooks/livekit") as livekit_url:
        settings = Settings(
            http_port=port,
            database_url=database,
            nats_url=own_nats.url,
            person_token_secret=PERSON_SECRET,
            livekit_url=livekit_url,
            livekit_api_key=KEY,
            livekit_api_secret=SECRET,
        )
        provider = LiveKitProvider(livekit_url, KEY, SECRET)
        with serving(compose(settings, provider).app, port) as address:
            yield address, livekit_url, provider
        provider.close()


@pytest.fixture
async def scene(
    surroundings: tuple[str, str, LiveKitProvider], own_nats: NatsServer
) -> AsyncIterator[Scene]:
    address, livekit_url, provider = surroundings
    client = await nats.connect(own_nats.url)
    async with httpx.AsyncClient(base_url=f"http://{address}", timeout=10) as http:
        scene = Scene(http, client, provider, Visitors(livekit_url))
        await scene.announce(space_created(SPACE, OWNER), SPACE)
        await scene.announce(experience_added(EXPERIENCE, SPACE), EXPERIENCE)
        issued = grant_issued(GRANT, MEMBER, EXPERIENCE, valid_from=LONG_AGO)
        await scene.announce(issued, GRANT)
        yield scene
    await client.close()


async def test_person_with_a_revoked_grant_leaves_the_room_within_five_seconds(
    scene: Scene,
) -> None:
    stream_id = await scene.go_live()
    answer = await scene.ask(MEMBER, "POST", f"/streams/{stream_id}/tokens", {"role": "viewer"})
    token = scene.provider.token(stream_id, MEMBER, host=False)
    assert answer.json()["identity"] == token.identity

    async with scene.visitors.enter(token):
        before = await scene.identities(stream_id)
        await scene.announce(grant_revoked(GRANT, MEMBER, EXPERIENCE), GRANT, version=2)
        await until(lambda: scene.is_empty(stream_id), within_s=5)
    again = await scene.ask(MEMBER, "POST", f"/streams/{stream_id}/tokens", {"role": "viewer"})

    assert before == {str(MEMBER)}
    assert (again.status_code, again.json()["code"]) == (403, "no_access")


async def test_banned_person_leaves_within_five_seconds_and_returns_after_the_lifting(
    scene: Scene,
) -> None:
    stream_id = await scene.go_live()

    async def status_of_token() -> int:
        path = f"/streams/{stream_id}/tokens"
        return (await scene.ask(MEMBER, "POST", path, {"role": "viewer"})).status_code

    async def is_let_in() -> bool:
        return await status_of_token() == 200

    await until(is_let_in)
    async with scene.visitors.enter(scene.provider.token(stream_id, MEMBER, host=False)):
        before = await scene.identities(stream_id)
        await scene.announce(person_banned(SPACE, MEMBER), BAN, version=2)
        await until(lambda: scene.is_empty(stream_id), within_s=5)
    while_banned = await status_of_token()
    await scene.announce(ban_lifted(SPACE, MEMBER), BAN, version=3)
    await until(is_let_in)

    assert before == {str(MEMBER)}
    assert while_banned == 403


async def test_former_team_member_stops_hosting_within_five_seconds(scene: Scene) -> None:
    await scene.announce(member_added(SPACE, STRANGER), SPACE, version=2)
    stream_id = await scene.go_live()

    async with scene.visitors.enter(scene.provider.token(stream_id, STRANGER, host=True)):
        before = len(await scene.identities(stream_id))
        await scene.announce(member_removed(SPACE, STRANGER), SPACE, version=3)
        await until(lambda: scene.is_empty(stream_id), within_s=5)

    assert before == 1


async def test_end_closes_the_room_and_an_unseen_stream_is_not_announced(scene: Scene) -> None:
    stream_id = await scene.go_live()

    ended = await scene.ask(OWNER, "POST", f"/streams/{stream_id}/end")
    await until(lambda: scene.has_no_room(stream_id))

    assert ended.json()["state"] == "ended"
    assert await scene.announced() == []


# A real LiveKit needs media for this: the e2e tests show it in a browser.
@pytest.mark.parametrize("surroundings", ["sandbox"], indirect=True)
async def test_stream_is_announced_with_the_hosts_first_track(
    scene: Scene,
) -> None:
    stream_id = await scene.go_live()
    host = scene.provider.token(stream_id, OWNER, host=True)

    async with scene.visitors.enter(host):
        await until(lambda: scene.is_host_there(stream_id))
        before = await scene.announced()
        await scene.visitors.publish(host)
        await until(scene.is_live)
    await scene.ask(OWNER, "POST", f"/streams/{stream_id}/end")
    told = await scene.told(2)

    assert before == []
    assert told == [StreamWentLive.type, StreamEnded.type]


async def test_closed_room_is_reported_by_a_signed_webhook(scene: Scene) -> None:
    stream_id = await scene.go_live()
    token = scene.provider.token(stream_id, OWNER, host=True)

    async with scene.visitors.enter(token):
        await asyncio.to_thread(scene.provider.close_room, stream_id)
        await until(scene.is_over)

    assert (await scene.state())["cause"] == "room_closed"


# A real LiveKit reports a join once media flows: the e2e tests show it in a browser.
@pytest.mark.parametrize("surroundings", ["sandbox"], indirect=True)
async def test_participant_without_a_grant_is_removed_after_the_join_webhook(scene: Scene) -> None:
    stream_id = await scene.go_live()

    async with scene.visitors.enter(scene.provider.token(stream_id, STRANGER, host=False)):
        await until(lambda: scene.is_empty(stream_id))
