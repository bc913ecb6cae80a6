"""The chat's route as each kind of caller sees it."""

from collections.abc import Callable
from uuid import UUID, uuid4

import httpx
import pytest

from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from services.chat.application import INTRODUCE, Chat
from services.chat.domain import ChannelMember, ClosedFor, Role, SourceState
from services.chat.tests.builders import OPEN
from services.chat.tests.fakes import signed

OWNER, MEMBER, STRANGER, CREATOR = (UUID(int=n) for n in range(1, 5))
SPACE, EXPERIENCE = UUID(int=11), UUID(int=12)
PATH = f"/experiences/{EXPERIENCE}/chat"


def command(store: Store[Chat], decide: Callable[[], None]) -> None:
    store.execute(Cause(uuid4()), decide)


def confirm(store: Store[Chat], person_id: UUID) -> None:
    member = ChannelMember.create_id(person_id, EXPERIENCE)
    command(store, lambda: store.application.confirm_member(member, 1))


@pytest.fixture(autouse=True)
def opened(store: Store[Chat]) -> None:
    """A channel with its owner and a buyer in it; another creator has a channel of their own."""
    chat = store.application
    command(store, lambda: chat.change_team_role(SPACE, OWNER, Role.MODERATOR, 1))
    command(store, lambda: chat.add_experience(EXPERIENCE, SPACE, "Lounge"))
    command(store, lambda: chat.update_source(uuid4(), MEMBER, [EXPERIENCE], OPEN))
    command(store, lambda: chat.change_team_role(uuid4(), CREATOR, Role.MODERATOR, 1))


@pytest.mark.parametrize(
    ("person", "status", "code"),
    [
        (None, 401, "sign_in_required"),
        (STRANGER, 403, "no_access"),
        (CREATOR, 403, "no_access"),
        (MEMBER, 200, None),
        (OWNER, 200, None),
    ],
)
async def test_only_who_may_be_in_the_channel_gets_a_token(
    http: httpx.AsyncClient, person: UUID | None, status: int, code: str | None
) -> None:
    answer = await http.get(PATH, headers=signed(person) if person else {})

    assert (answer.status_code, answer.json().get("code")) == (status, code)
    assert ("token" in answer.json()) is (status == 200)


async def test_a_member_is_joining_until_the_provider_has_confirmed(
    http: httpx.AsyncClient, store: Store[Chat]
) -> None:
    before = await http.get(PATH, headers=signed(MEMBER))
    confirm(store, MEMBER)
    after = await http.get(PATH, headers=signed(MEMBER))

    assert (before.json()["state"], after.json()["state"]) == ("joining", "ready")
    assert after.json() == {
        "api_key": "key",
        "base_url": "https://chat.example",
        "user_id": str(MEMBER),
        "token": f"{MEMBER} from 2026-11-23T20:00:00+00:00 until 2026-11-23T21:00:00+00:00",
        "expires_at": "2026-11-23T21:00:00Z",
        "channel_type": "experience",
        "channel_id": str(EXPERIENCE),
        "role": "member",
        "state": "ready",
    }


async def test_who_lost_access_gets_no_token(http: httpx.AsyncClient, store: Store[Chat]) -> None:
    chat, source, ended = store.application, uuid4(), SourceState(2, 0, ClosedFor.ENDED)
    command(store, lambda: chat.update_source(source, STRANGER, [EXPERIENCE], OPEN))
    confirm(store, STRANGER)

    command(store, lambda: chat.update_source(source, STRANGER, [EXPERIENCE], ended))

    answer = await http.get(PATH, headers=signed(STRANGER))
    assert (answer.status_code, answer.json()["code"]) == (403, "no_access")


async def test_the_owner_is_a_moderator(http: httpx.AsyncClient) -> None:
    answer = await http.get(PATH, headers=signed(OWNER))

    assert answer.json()["role"] == "moderator"


async def test_an_unknown_experience_is_not_found(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"/experiences/{uuid4()}/chat", headers=signed(MEMBER))

    assert (answer.status_code, answer.json()["code"]) == (404, "experience_not_found")


async def test_what_is_no_id_is_an_invalid_request(http: httpx.AsyncClient) -> None:
    answer = await http.get("/experiences/lounge/chat", headers=signed(MEMBER))

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_whoever_opens_the_chat_is_introduced_by_name_once_in_a_while(
    http: httpx.AsyncClient, store: Store[Chat]
) -> None:
    for _ in range(3):
        await http.get(PATH, headers=signed(MEMBER))

    rows = store.query(
        lambda curs: curs.execute(
            "SELECT key FROM schedule WHERE kind = %s", (INTRODUCE,)
        ).fetchall()
    )
    assert rows == [{"key": str(MEMBER)}]
