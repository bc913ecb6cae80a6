"""LiveKit in the sandbox: rooms, participants, signed webhooks, no media."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from livekit.api import AccessToken, LiveKitAPI, TokenVerifier, VideoGrants, WebhookReceiver
from livekit.protocol import egress as eg
from livekit.protocol import room as rm
from livekit.protocol.webhook import WebhookEvent
from starlette.applications import Starlette
from starlette.routing import Mount

from sandbox import livekit
from sandbox.livekit import NO_MEDIA
from sandbox.settings import Settings
from sandbox.state import State
from sandbox.tests.serving import serving

KEY, SECRET = "rooms", "a-secret-of-more-than-thirty-two-bytes"


class Hooks:
    """A webhook address that verifies what it gets; answers with the next status given."""

    def __init__(self) -> None:
        self.events: list[WebhookEvent] = []
        self.statuses: list[int] = []
        receiver = WebhookReceiver(TokenVerifier(KEY, SECRET))
        hooks = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                status = hooks.statuses.pop(0) if hooks.statuses else 200
                if status == 200:
                    hooks.events.append(receiver.receive(body, self.headers["authorization"]))
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks/livekit"

    def names(self) -> list[str]:
        return [event.event for event in self.events]


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    hooks = Hooks()
    thread = threading.Thread(target=hooks.server.serve_forever)
    thread.start()
    yield hooks
    hooks.server.shutdown()
    thread.join()
    hooks.server.server_close()


@contextmanager
def running(folder: Path, hooks_url: str = "") -> Iterator[str]:
    settings = Settings(
        livekit_api_key=KEY, livekit_api_secret=SECRET, sandbox_livekit_webhook_url=hooks_url
    )
    with closing(State(folder / "state.db")) as state:
        part = livekit.router(state, settings)
        app = Starlette(
            routes=[Mount("/livekit", part)],
            lifespan=lambda _: part.router.lifespan_context(part),
        )
        with serving(app) as url:
            yield f"{url}/livekit"


def sdk(url: str) -> LiveKitAPI:
    return LiveKitAPI(url, KEY, SECRET, failover=False)


def token(identity: str, room: str = "show", **grants: Any) -> str:
    allowed = VideoGrants(room_join=True, room=room, **grants)
    return AccessToken(KEY, SECRET).with_identity(identity).with_grants(allowed).to_jwt()


def control(url: str, verb: str, **body: str) -> httpx.Response:
    return httpx.post(f"{url}/_control/{verb}", json=body)


def validated(url: str, path: str, bearer: str) -> httpx.Response:
    return httpx.get(f"{url}/{path}/validate", params={"access_token": bearer})


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end, "not true within 10 s"
        time.sleep(0.02)


async def test_joins_and_leaves_are_reported_in_order_by_signed_webhooks(
    tmp_path: Path, hooks: Hooks
) -> None:
    with running(tmp_path, hooks.url) as url:
        async with sdk(url) as api:
            await api.room.create_room(rm.CreateRoomRequest(name="show"))
            control(url, "join", token=token("ann"))
            control(url, "publish", room="show", identity="ann", source="camera")
            control(url, "join", token=token("bob"))
            control(url, "leave", room="show", identity="bob")
            await api.room.delete_room(rm.DeleteRoomRequest(room="show"))
        until(lambda: "room_finished" in hooks.names())

    assert hooks.names() == [
        "room_started",
        "participant_joined",
        "track_published",
        "participant_joined",
        "participant_left",
        "participant_left",
        "room_finished",
    ]
    assert hooks.events[1].participant.identity == "ann"
    assert hooks.events[1].room.name == "show"
    assert len({event.id for event in hooks.events}) == 7


def test_a_webhook_that_nobody_takes_is_sent_again(tmp_path: Path, hooks: Hooks) -> None:
    hooks.statuses = [500, 503]

    with running(tmp_path, hooks.url) as url:
        control(url, "join", token=token("ann"))
        until(lambda: len(hooks.events) == 2)

    assert hooks.names() == ["room_started", "participant_joined"]


def test_second_connection_of_a_person_disconnects_the_first(tmp_path: Path, hooks: Hooks) -> None:
    with running(tmp_path, hooks.url) as url:
        first = control(url, "join", token=token("ann")).json()
        second = control(url, "join", token=token("ann")).json()
        until(lambda: len(hooks.events) == 4)

    assert first["sid"] != second["sid"]
    assert hooks.names()[2:] == ["participant_left", "participant_joined"]
    assert hooks.events[2].participant.sid == first["sid"]


async def test_a_full_room_takes_nobody_else(tmp_path: Path) -> None:
    with running(tmp_path) as url:
        async with sdk(url) as api:
            await api.room.create_room(rm.CreateRoomRequest(name="show", max_participants=1))
        taken = control(url, "join", token=token("ann"))
        refused = control(url, "join", token=token("bob"))

    assert (taken.status_code, refused.status_code) == (200, 403)


def test_a_viewer_without_the_grant_cannot_publish(tmp_path: Path) -> None:
    with running(tmp_path) as url:
        control(url, "join", token=token("ann", can_publish=False))
        refused = control(url, "publish", room="show", identity="ann", source="camera")

    assert refused.status_code == 403


async def test_rooms_and_people_survive_a_restart(tmp_path: Path) -> None:
    with running(tmp_path) as url:
        async with sdk(url) as api:
            made = await api.room.create_room(rm.CreateRoomRequest(name="show", metadata="m"))
        control(url, "join", token=token("ann"))

    with running(tmp_path) as url:
        async with sdk(url) as api:
            rooms = await api.room.list_rooms(rm.ListRoomsRequest())
            asked = rm.ListParticipantsRequest(room="show")
            people = await api.room.list_participants(asked)

    assert [(room.sid, room.metadata) for room in rooms.rooms] == [(made.sid, "m")]
    assert [person.identity for person in people.participants] == ["ann"]


async def test_a_room_that_stands_empty_is_closed_after_its_timeout(
    tmp_path: Path, hooks: Hooks
) -> None:
    with running(tmp_path, hooks.url) as url:
        async with sdk(url) as api:
            asked = rm.CreateRoomRequest(name="show", empty_timeout=600, departure_timeout=1)
            await api.room.create_room(asked)
            control(url, "join", token=token("ann"))
            control(url, "leave", room="show", identity="ann")
            until(lambda: "room_finished" in hooks.names())
            left = await api.room.list_rooms(rm.ListRoomsRequest())

    assert list(left.rooms) == []


async def test_browser_gets_the_reason_why_there_is_no_video(tmp_path: Path) -> None:
    with running(tmp_path) as url:
        address = f"{url.replace('http', 'ws')}/rtc/v1?access_token={token('ann')}"
        with pytest.raises(websockets.InvalidStatus):
            async with websockets.connect(address):
                pass
        reason = validated(url, "rtc/v1", token("ann"))
        stranger = validated(url, "rtc", "forged")

    assert (reason.status_code, reason.text) == (403, NO_MEDIA)
    assert stranger.status_code == 401


async def test_a_recording_ends_as_failed_since_nothing_was_recorded(
    tmp_path: Path, hooks: Hooks
) -> None:
    file = eg.EncodedFileOutput(filepath="show.mp4")
    asked = eg.RoomCompositeEgressRequest(room_name="show", file_outputs=[file])

    with running(tmp_path, hooks.url) as url:
        async with sdk(url) as api:
            await api.room.create_room(rm.CreateRoomRequest(name="show"))
            started = await api.egress.start_room_composite_egress(asked)
            active = await api.egress.list_egress(
                eg.ListEgressRequest(room_name="show", active=True)
            )
            stop = eg.StopEgressRequest(egress_id=started.egress_id)
            ended = await api.egress.stop_egress(stop)
        until(lambda: "egress_ended" in hooks.names())

    assert [info.egress_id for info in active.items] == [started.egress_id]
    assert ended.status == eg.EgressStatus.EGRESS_FAILED
    assert "nothing was recorded" in ended.error
