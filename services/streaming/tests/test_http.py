"""The routes of the streaming service as each kind of caller sees them."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from libs.events.catalog import ExperienceKind, TeamMemberAdded, TeamMemberRemoved
from libs.runtime.http.intake import Intake
from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from services.streaming.application import HANDLE_WEBHOOK, Streaming
from services.streaming.provider import VideoServerState
from services.streaming.tests.builders import (
    NOW,
    ban_lifted,
    experience_added,
    grant_expired,
    grant_issued,
    grant_revoked,
    person_banned,
    space_created,
)
from services.streaming.tests.conftest import tell
from services.streaming.tests.fakes import VideoServerInMemory, signed

OWNER, COLLABORATOR, MEMBER, STRANGER, CREATOR = (UUID(int=n) for n in range(1, 6))
WATCHING, COUNTING = (UUID(int=n) for n in range(6, 8))
SPACE, OTHER_SPACE, EXPERIENCE, CHAT_ONLY, GRANT, STREAM = (UUID(int=n) for n in range(11, 17))
EVERYONE = {
    "no_one": None,
    "stranger": STRANGER,
    "member": MEMBER,
    "another_creator": CREATOR,
    "team": COLLABORATOR,
    "owner": OWNER,
    "moderator": WATCHING,
    "analyst": COUNTING,
}
Ask = Callable[..., Any]


@pytest.fixture(autouse=True)
def world(store: Store[Streaming]) -> None:
    """A space with its team, a buyer, and a stream on air; another creator elsewhere."""
    tell(
        store,
        space_created(SPACE, OWNER),
        TeamMemberAdded(space_id=SPACE, person_id=COLLABORATOR, role="collaborator"),
        TeamMemberAdded(space_id=SPACE, person_id=WATCHING, role="moderator"),
        TeamMemberAdded(space_id=SPACE, person_id=COUNTING, role="analyst"),
        space_created(OTHER_SPACE, CREATOR),
        experience_added(EXPERIENCE, SPACE),
        experience_added(CHAT_ONLY, SPACE, ExperienceKind.CHAT),
        grant_issued(GRANT, MEMBER, EXPERIENCE),
    )


@pytest.fixture
def on_air(store: Store[Streaming]) -> UUID:
    streaming = store.application
    for decide in (
        lambda: streaming.go_live(STREAM, EXPERIENCE, SPACE, OWNER) and None,
        lambda: streaming.confirm_room(STREAM),
        lambda: streaming.confirm_live(STREAM),
    ):
        store.execute(Cause(uuid4()), decide)
    return STREAM


@pytest.fixture
def ask(http: httpx.AsyncClient) -> Ask:
    async def ask(
        person: UUID | None, method: str, path: str, body: Any = None, key: str | None = None
    ) -> tuple[int, Any]:
        headers = signed(person) if person else {}
        headers |= {"Idempotency-Key": key} if key else {}
        answer = await http.request(method, path, json=body, headers=headers)
        return answer.status_code, answer.json()

    return ask


ROUTES = {
    "show": ("GET", f"/experiences/{EXPERIENCE}/stream", None),
    "end": ("POST", f"/streams/{STREAM}/end", None),
    "watch": ("POST", f"/streams/{STREAM}/tokens", {"role": "viewer"}),
    "host": ("POST", f"/streams/{STREAM}/tokens", {"role": "host"}),
    "go_live": ("POST", f"/experiences/{EXPERIENCE}/streams", None),
}
NOBODY, FOREIGN, TEAM_ONLY = "sign_in_required", "no_access", "not_on_team"
ROLE = "role_not_allowed"
TABLE = {
    "show": [NOBODY, FOREIGN, None, FOREIGN, None, None, None, FOREIGN],
    "watch": [NOBODY, FOREIGN, None, FOREIGN, None, None, None, FOREIGN],
    "host": [NOBODY, TEAM_ONLY, TEAM_ONLY, TEAM_ONLY, None, None, ROLE, ROLE],
    "end": [NOBODY, TEAM_ONLY, TEAM_ONLY, TEAM_ONLY, None, None, ROLE, ROLE],
    "go_live": [
        NOBODY,
        TEAM_ONLY,
        TEAM_ONLY,
        TEAM_ONLY,
        "already_live",
        "already_live",
        ROLE,
        ROLE,
    ],
}
CASES = [
    pytest.param(route, who, code, id=f"{route}-{who}")
    for route, codes in TABLE.items()
    for who, code in zip(EVERYONE, codes, strict=True)
]


@pytest.mark.parametrize("lifted", [False, True])
async def test_a_banned_team_member_goes_live_only_once_the_ban_is_lifted(
    ask: Ask, store: Store[Streaming], lifted: bool
) -> None:
    tell(store, person_banned(SPACE, COLLABORATOR))
    if lifted:
        tell(store, person_banned(SPACE, COLLABORATOR), ban_lifted(SPACE, COLLABORATOR))

    status, answer = await ask(COLLABORATOR, *ROUTES["go_live"])

    assert status == (201 if lifted else 403)
    assert lifted or answer["code"] == "no_access"


@pytest.mark.usefixtures("on_air")
async def test_a_banned_team_member_takes_no_stream_off_air(
    ask: Ask, store: Store[Streaming]
) -> None:
    tell(store, person_banned(SPACE, COLLABORATOR))

    refused, answer = await ask(COLLABORATOR, *ROUTES["end"])
    ended, _ = await ask(OWNER, *ROUTES["end"])

    assert (refused, answer["code"], ended) == (403, "no_access", 200)


@pytest.mark.usefixtures("on_air")
@pytest.mark.parametrize(
    ("route", "who"), [("show", "member"), ("watch", "member"), ("watch", "team"), ("host", "team")]
)
async def test_a_ban_shuts_the_door_to_members_and_team_even_if_a_grant_comes_later(
    ask: Ask, store: Store[Streaming], route: str, who: str
) -> None:
    person = EVERYONE[who]
    assert person is not None
    method, path, body = ROUTES[route]
    before, _ = await ask(person, method, path, body)

    tell(store, person_banned(SPACE, person), grant_issued(uuid4(), person, EXPERIENCE))
    status, answer = await ask(person, method, path, body)

    assert (before, status, answer["code"]) == (200, 403, "no_access")


@pytest.mark.usefixtures("on_air")
@pytest.mark.parametrize(("route", "who", "code"), CASES)
async def test_each_route_answers_each_kind_of_caller(
    ask: Ask, route: str, who: str, code: str | None
) -> None:
    method, path, body = ROUTES[route]

    status, answer = await ask(EVERYONE[who], method, path, body)

    expected = {
        NOBODY: 401,
        FOREIGN: 403,
        TEAM_ONLY: 403,
        ROLE: 403,
        "already_live": 409,
        None: 200,
    }
    assert (status, answer.get("code")) == (expected[code], code)


async def test_going_live_twice_by_one_command_makes_one_stream(ask: Ask) -> None:
    path = f"/experiences/{EXPERIENCE}/streams"

    first = await ask(OWNER, "POST", path, key="click")
    again = await ask(OWNER, "POST", path, key="click")
    other = await ask(OWNER, "POST", path, key="another")

    assert first[0] == again[0] == 201
    assert first[1]["stream_id"] == again[1]["stream_id"]
    assert (first[1]["state"], first[1]["recording"]) == ("opening", "requested")
    assert (other[0], other[1]["detail"]) == (409, first[1]["stream_id"])


@pytest.mark.parametrize(
    "state", [VideoServerState("preparing", about_minutes=4), VideoServerState("absent")]
)
async def test_nobody_goes_live_before_the_video_server_is_ready(
    ask: Ask, http: httpx.AsyncClient, video_server: VideoServerInMemory, state: VideoServerState
) -> None:
    path = f"/experiences/{EXPERIENCE}/streams"
    video_server.said = state

    refused = await http.post(path, headers=signed(OWNER) | {"Idempotency-Key": "early"})
    _, shown = await ask(OWNER, "GET", f"/experiences/{EXPERIENCE}/stream")
    video_server.said = VideoServerState("ready")
    begun = await ask(OWNER, "POST", path, key="early")

    assert (refused.status_code, refused.json()["code"]) == (503, "video_server_not_ready")
    assert refused.headers["retry-after"] == "60"
    assert shown["state"] == "off"
    assert begun[0] == 201


async def test_a_stranger_learns_nothing_new_from_a_video_server_that_is_not_ready(
    ask: Ask, video_server: VideoServerInMemory
) -> None:
    video_server.said = VideoServerState("absent")

    status, answer = await ask(STRANGER, "POST", f"/experiences/{EXPERIENCE}/streams", key="x")

    assert (status, answer["code"]) == (403, "not_on_team")


async def test_whoever_is_signed_in_sees_how_far_the_video_server_is(
    ask: Ask, video_server: VideoServerInMemory
) -> None:
    video_server.said = VideoServerState("preparing", 4, "compiling: 7 of 790 packages")

    nobody = await ask(None, "GET", "/video-server")
    anybody = await ask(STRANGER, "GET", "/video-server")

    assert (nobody[0], nobody[1]["code"]) == (401, "sign_in_required")
    assert anybody == (
        200,
        {
            "state": "preparing",
            "about_minutes": 4,
            "progress": "compiling: 7 of 790 packages",
        },
    )


async def test_no_stream_begins_while_storage_is_short(
    ask: Ask, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.state, "intake", Intake(short_of_room=lambda: "no room"))

    status, answer = await ask(OWNER, "POST", f"/experiences/{EXPERIENCE}/streams")

    assert (status, answer["code"]) == (503, "storage_low")


async def test_before_the_first_stream_an_experience_is_off_air(ask: Ask) -> None:
    status, shown = await ask(MEMBER, "GET", f"/experiences/{EXPERIENCE}/stream")

    assert (status, shown["state"], shown["stream_id"]) == (200, "off", None)


async def test_a_viewer_gets_a_token_for_the_room(ask: Ask, on_air: UUID) -> None:
    _, token = await ask(MEMBER, "POST", f"/streams/{on_air}/tokens", {"role": "viewer"})

    assert token == {
        "url": "ws://live",
        "token": f"for {MEMBER}",
        "room": str(on_air),
        "identity": str(MEMBER),
        "expires_at": "2026-11-23T20:10:00Z",
    }


async def test_a_stream_that_ended_lets_nobody_in_and_says_so(ask: Ask, on_air: UUID) -> None:
    _, ended = await ask(OWNER, "POST", f"/streams/{on_air}/end")

    status, answer = await ask(MEMBER, "POST", f"/streams/{on_air}/tokens", {"role": "viewer"})
    shown = (await ask(MEMBER, "GET", f"/experiences/{EXPERIENCE}/stream"))[1]

    assert (ended["state"], ended["cause"]) == ("ended", "team")
    assert (status, answer["code"]) == (409, "not_live")
    assert (shown["state"], shown["stream_id"]) == ("ended", str(on_air))


async def test_revoked_grant_opens_no_door_even_if_its_issue_arrives_later(
    ask: Ask, store: Store[Streaming], on_air: UUID
) -> None:
    tell(
        store,
        grant_revoked(UUID(int=99), STRANGER, EXPERIENCE),
        grant_issued(UUID(int=99), STRANGER, EXPERIENCE),
        grant_expired(GRANT, MEMBER, EXPERIENCE),
    )

    for person in (STRANGER, MEMBER):
        status, answer = await ask(person, "POST", f"/streams/{on_air}/tokens", {"role": "viewer"})
        assert (status, answer["code"]) == (403, "no_access")


async def test_one_of_two_grants_keeps_the_door_open(
    ask: Ask, store: Store[Streaming], on_air: UUID
) -> None:
    tell(
        store,
        grant_issued(UUID(int=98), MEMBER, EXPERIENCE),
        grant_revoked(GRANT, MEMBER, EXPERIENCE),
    )

    status, _ = await ask(MEMBER, "POST", f"/streams/{on_air}/tokens", {"role": "viewer"})

    assert status == 200


async def test_a_window_opens_and_closes_by_the_clock(
    ask: Ask, store: Store[Streaming], clock: FixedClock, on_air: UUID
) -> None:
    hour = timedelta(hours=1)
    tell(
        store,
        grant_issued(
            uuid4(), STRANGER, EXPERIENCE, valid_from=NOW + hour, valid_until=NOW + 2 * hour
        ),
    )

    seen = []
    for _ in range(3):
        answer = await ask(STRANGER, "POST", f"/streams/{on_air}/tokens", {"role": "viewer"})
        seen.append(answer[0])
        clock.advance(hour)

    assert seen == [403, 200, 403]


async def test_former_team_member_cannot_host(
    ask: Ask, store: Store[Streaming], on_air: UUID
) -> None:
    contract = TeamMemberRemoved(space_id=SPACE, person_id=COLLABORATOR)
    tell(store, space_created(uuid4(), CREATOR), space_created(uuid4(), CREATOR), contract)

    status, answer = await ask(COLLABORATOR, "POST", f"/streams/{on_air}/tokens", {"role": "host"})

    assert (status, answer["code"]) == (403, "not_on_team")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", f"/experiences/{uuid4()}/streams", None, 404, "experience_not_found"),
        ("GET", f"/experiences/{uuid4()}/stream", None, 404, "experience_not_found"),
        ("POST", f"/experiences/{CHAT_ONLY}/streams", None, 409, "not_a_live_experience"),
        ("POST", f"/streams/{uuid4()}/end", None, 404, "stream_not_found"),
        ("POST", f"/streams/{uuid4()}/tokens", {"role": "host"}, 404, "stream_not_found"),
        ("POST", f"/streams/{STREAM}/tokens", {"role": "king"}, 422, "invalid_request"),
        ("POST", f"/streams/{STREAM}/tokens", {"x": 1}, 422, "invalid_request"),
        ("POST", "/streams/mine/end", None, 422, "invalid_request"),
    ],
)
async def test_bad_input_gets_a_problem_with_a_stable_code(
    ask: Ask, method: str, path: str, body: Any, status: int, code: str
) -> None:
    answer = await ask(OWNER, method, path, body)

    assert (answer[0], answer[1]["code"]) == (status, code)


async def test_a_webhook_is_stored_once_and_one_that_is_forged_is_not(
    http: httpx.AsyncClient, store: Store[Streaming], on_air: UUID
) -> None:
    body = json.dumps(
        {"id": "EV_1", "kind": "participant_joined", "room": str(on_air), "who": str(MEMBER)}
    )
    ours, forged = {"Authorization": "ours"}, {"Authorization": "theirs"}

    refused = await http.post("/webhooks/livekit", content=body, headers=forged)
    garbage = await http.post("/webhooks/livekit", content=b"\xff", headers=ours)
    empty_before = store.query(webhooks)
    taken = [
        (await http.post("/webhooks/livekit", content=body, headers=ours)).status_code
        for _ in range(2)
    ]

    assert (refused.status_code, refused.json()["code"]) == (401, "bad_signature")
    assert (garbage.status_code, empty_before) == (401, [])
    assert taken == [204, 204]
    assert store.query(webhooks) == [("EV_1", body, HANDLE_WEBHOOK)]


def webhooks(curs: Any) -> list[tuple[str, str, str]]:
    rows = curs.execute(
        "SELECT event_id, body, s.kind FROM webhook_inbox JOIN schedule s ON s.key = event_id"
    )
    return [tuple(row.values()) for row in rows]
