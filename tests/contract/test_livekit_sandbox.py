"""The sandbox's LiveKit answers the official SDK as a real `livekit-server` does."""

import json
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from google.protobuf.json_format import MessageToDict
from livekit.api import AccessToken, LiveKitAPI, ServerError, VideoGrants
from livekit.protocol import room as rm
from livekit.protocol import rtc
from livekit.protocol.models import ParticipantPermission
from starlette.applications import Starlette
from starlette.routing import Mount

from sandbox import livekit
from sandbox.settings import Settings
from sandbox.state import State
from sandbox.tests.serving import free_port, serving

KEY, SECRET = "contract", "a-secret-of-more-than-thirty-two-bytes"
ROOM = "livekit.RoomService"


def token(secret: str = SECRET, key: str = KEY, **grants: Any) -> str:
    signed = AccessToken(key, secret).with_identity("ann").with_name("Ann")
    described = signed.with_metadata("viewer").with_attributes({"seat": "7"})
    return described.with_grants(VideoGrants(**grants)).to_jwt()


@dataclass(frozen=True)
class Server:
    """One of the two servers, and how a person enters there."""

    url: str
    entering: Callable[[str, str], Any]

    def sdk(self, secret: str = SECRET) -> LiveKitAPI:
        return LiveKitAPI(self.url, KEY, secret, failover=False)

    def post(self, path: str, bearer: str, body: bytes = b"", kind: str = "protobuf") -> Any:
        headers = {"Content-Type": f"application/{kind}"}
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        return httpx.post(f"{self.url}/twirp/{path}", content=body, headers=headers)


@asynccontextmanager
async def by_signalling(url: str, bearer: str) -> AsyncIterator[None]:
    address = url.replace("http", "ws") + f"/rtc?access_token={bearer}&protocol=15&sdk=js"
    async with websockets.connect(address) as socket:
        first = rtc.SignalResponse.FromString(await socket.recv())  # type: ignore[arg-type]
        assert first.WhichOneof("message") == "join"
        yield


@asynccontextmanager
async def by_control(url: str, bearer: str) -> AsyncIterator[None]:
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{url}/_control/join", json={"token": bearer})
    assert answer.status_code == 200, answer.text
    yield


@pytest.fixture(scope="module")
def real(livekit_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    port, tcp, udp = free_port(), free_port(), free_port()
    folder = tmp_path_factory.mktemp("livekit")
    config = {
        "port": port,
        "bind_addresses": ["127.0.0.1"],
        "rtc": {"tcp_port": tcp, "udp_port": udp, "node_ip": "127.0.0.1"},
        "keys": {KEY: SECRET},
        "logging": {"level": "error"},
    }
    (folder / "livekit.yaml").write_text(json.dumps(config))
    command = [livekit_program, "--config", str(folder / "livekit.yaml")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _until_up(f"http://127.0.0.1:{port}", process)
        yield Server(f"http://127.0.0.1:{port}", by_signalling)
    finally:
        process.terminate()
        process.wait(10)


def _until_up(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 15
    while time.monotonic() < end:
        assert process.poll() is None, "livekit-server ended by itself"
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("livekit-server did not come up")


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("sandbox")
    settings = Settings(livekit_api_key=KEY, livekit_api_secret=SECRET)
    with closing(State(folder / "state.db")) as state:
        app = Starlette(routes=[Mount("/livekit", livekit.router(state, settings))])
        with serving(app) as url:
            yield Server(f"{url}/livekit", by_control)


CHANGING = {"sid", "creationTime", "creationTimeMs", "turnPassword", "joinedAt", "joinedAtMs"}
MEDIA = {"state", "version"}


def shown(message: Any) -> Any:
    """Return a message without what differs from run to run, or needs media; ids by prefix."""
    return _plain(MessageToDict(message))


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    changing = {name: str(value[name])[:3] for name in CHANGING & set(value) & {"sid"}}
    kept = {name: _plain(item) for name, item in value.items() if name not in CHANGING | MEDIA}
    return {**kept, **changing, "has": sorted(CHANGING & set(value))}


async def refused(call: Awaitable[Any]) -> Any:
    with pytest.raises(ServerError) as error:
        await call
    return error.value.code, error.value.status, error.value.message


async def a_room_is_opened_listed_changed_and_ended(server: Server) -> Any:
    async with server.sdk() as sdk:
        asked = rm.CreateRoomRequest(name="r", empty_timeout=60, max_participants=9, metadata="m")
        made = await sdk.room.create_room(asked)
        again = await sdk.room.create_room(rm.CreateRoomRequest(name="r", metadata="other"))
        listed = await sdk.room.list_rooms(rm.ListRoomsRequest(names=["r"]))
        none = await sdk.room.list_rooms(rm.ListRoomsRequest(names=["nothing"]))
        update = rm.UpdateRoomMetadataRequest(room="r", metadata="new")
        changed = await sdk.room.update_room_metadata(update)
        ended = await sdk.room.delete_room(rm.DeleteRoomRequest(room="r"))
        left = await sdk.room.list_rooms(rm.ListRoomsRequest(names=["r"]))
    same = made.sid == again.sid == listed.rooms[0].sid
    return same, [shown(one) for one in (made, again, listed, none, changed, ended, left)]


async def a_room_without_settings_gets_the_defaults(server: Server) -> Any:
    async with server.sdk() as sdk:
        made = await sdk.room.create_room(rm.CreateRoomRequest(name="defaults"))
        await sdk.room.delete_room(rm.DeleteRoomRequest(room="defaults"))
    return shown(made)


async def unknown_rooms_and_people_are_refused(server: Server) -> Any:
    async with server.sdk() as sdk:
        await sdk.room.create_room(rm.CreateRoomRequest(name="known"))
        nobody = rm.RoomParticipantIdentity(room="known", identity="x")
        nowhere = rm.RoomParticipantIdentity(room="nowhere", identity="x")
        change = rm.UpdateParticipantRequest(room="known", identity="x", metadata="y")
        metadata = rm.UpdateRoomMetadataRequest(room="nowhere", metadata="y")
        empty = await sdk.room.list_participants(rm.ListParticipantsRequest(room="nowhere"))
        found = [
            await refused(sdk.room.get_participant(nobody)),
            await refused(sdk.room.get_participant(nowhere)),
            await refused(sdk.room.remove_participant(nobody)),
            await refused(sdk.room.remove_participant(nowhere)),
            await refused(sdk.room.update_participant(change)),
            await refused(sdk.room.update_room_metadata(metadata)),
            await refused(sdk.room.delete_room(rm.DeleteRoomRequest(room="nowhere"))),
        ]
        await sdk.room.delete_room(rm.DeleteRoomRequest(room="known"))
    return shown(empty), found


async def data_for_a_room_that_is_not_there_finds_no_server(server: Server) -> Any:
    async with server.sdk() as sdk:
        await sdk.room.create_room(rm.CreateRoomRequest(name="data"))
        sent = await sdk.room.send_data(rm.SendDataRequest(room="data", data=b"x"))
        lost = await refused(sdk.room.send_data(rm.SendDataRequest(room="nowhere", data=b"x")))
    return shown(sent), lost


async def a_person_in_the_room_is_seen_changed_and_removed(server: Server) -> Any:
    bearer = token(room_join=True, room="people", can_publish=False)
    async with server.sdk() as sdk, server.entering(server.url, bearer):
        asked = rm.ListParticipantsRequest(room="people")
        who = rm.RoomParticipantIdentity(room="people", identity="ann")
        listed = await sdk.room.list_participants(asked)
        got = await sdk.room.get_participant(who)
        change = rm.UpdateParticipantRequest(
            room="people",
            identity="ann",
            name="Anna",
            metadata="host",
            attributes={"row": "1", "seat": ""},
            permission=ParticipantPermission(can_subscribe=True, can_publish=True),
        )
        changed = await sdk.room.update_participant(change)
        track = rm.MuteRoomTrackRequest(
            room="people", identity="ann", track_sid="TR_unknown", muted=True
        )
        muted = await sdk.room.mute_published_track(track)
        removed = await sdk.room.remove_participant(who)
        left = await sdk.room.list_participants(asked)
    return [shown(one) for one in (listed, got, changed, muted, removed, left)]


async def bad_tokens_and_missing_grants_are_refused(server: Server) -> Any:
    asked = rm.ListParticipantsRequest(room="z").SerializeToString()
    admin = token(room_admin=True, room="z")
    elsewhere = token(room_admin=True, room="y")
    expired = (
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjEsImlzcyI6ImNvbnRyYWN0In0.c2lnbmF0dXJl"
    )
    answers = [
        server.post(f"{ROOM}/ListRooms", ""),
        server.post(f"{ROOM}/ListRooms", "abc"),
        server.post(f"{ROOM}/ListRooms", token(room_join=True, room="z")),
        server.post(f"{ROOM}/CreateRoom", token(room_list=True)),
        server.post(f"{ROOM}/ListParticipants", elsewhere, asked),
        server.post(f"{ROOM}/ListParticipants", admin, asked),
    ]
    foreign = [
        server.post(f"{ROOM}/ListRooms", token("another-secret-of-thirty-two-bytes!!")),
        server.post(f"{ROOM}/ListRooms", token(key="another-key", room_list=True)),
        server.post(f"{ROOM}/ListRooms", expired),
    ]
    texts = [(answer.status_code, answer.text.replace(" ", "")) for answer in answers]
    return texts, [answer.status_code for answer in foreign]


async def wrong_requests_are_refused(server: Server) -> Any:
    bearer = token(room_create=True)
    answers = [
        server.post(f"{ROOM}/CreateRoom", bearer, b"\xff\xff\xff"),
        server.post(f"{ROOM}/CreateRoom", bearer, b"{}", kind="text"),
        server.post(f"{ROOM}/Nothing", bearer),
    ]
    return [(answer.status_code, answer.json()) for answer in answers]


async def json_is_spoken_too(server: Server) -> Any:
    body = b'{"name": "json", "emptyTimeout": 30}'
    answer = server.post(f"{ROOM}/CreateRoom", token(room_create=True), body, kind="json")
    made = answer.json()
    kept = ("name", "empty_timeout", "departure_timeout", "max_participants", "metadata")
    # Go writes an unset message as null, Python omits it: readers accept both.
    fields = sorted(set(made) - {"version"})
    return answer.status_code, {name: made[name] for name in kept}, fields


SCENARIOS = (
    a_room_is_opened_listed_changed_and_ended,
    a_room_without_settings_gets_the_defaults,
    unknown_rooms_and_people_are_refused,
    data_for_a_room_that_is_not_there_finds_no_server,
    a_person_in_the_room_is_seen_changed_and_removed,
    bad_tokens_and_missing_grants_are_refused,
    wrong_requests_are_refused,
    json_is_spoken_too,
)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
async def test_the_sandbox_answers_as_the_real_server_does(
    scenario: Callable[[Server], Awaitable[Any]], real: Server, ours: Server
) -> None:
    expected = await scenario(real)

    answered = await scenario(ours)

    assert answered == expected
