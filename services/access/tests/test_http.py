"""Every route, asked by no one, a stranger, a member, another creator, and the team."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from libs.events.catalog import ExperienceAdded, SpaceCreated, TeamMemberAdded
from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.store.store import Store
from services.access.application import Access
from services.access.domain import Grant
from services.access.tests.builders import (
    HOUR,
    NOON,
    a_purchase,
    a_space,
    about,
    an_end,
    an_experience,
)
from services.access.tests.conftest import As, Hear


@dataclass
class World:
    """A space with its team, an experience, and a member who bought it."""

    owner: UUID = field(default_factory=uuid4)
    analyst: UUID = field(default_factory=uuid4)
    other_creator: UUID = field(default_factory=uuid4)
    stranger: UUID = field(default_factory=uuid4)
    member: UUID = field(default_factory=uuid4)

    def __post_init__(self) -> None:
        self.space: SpaceCreated = a_space(self.owner)
        self.other_space: SpaceCreated = a_space(self.other_creator)
        self.experience: ExperienceAdded = an_experience(self.space.space_id)
        self.purchase = a_purchase(
            self.experience.experience_id,
            person_id=self.member,
            space_id=self.space.space_id,
            access_until=NOON + HOUR,
        )
        self.grant_id = Grant.create_id(self.purchase.membership_id, self.experience.experience_id)

    def who(self, name: str) -> UUID:
        return getattr(self, name)


@pytest.fixture
def world(hear: Hear) -> World:
    world = World()
    hear(world.space, world.other_space, world.experience, world.purchase)
    joined = TeamMemberAdded(space_id=world.space.space_id, person_id=world.analyst, role="analyst")
    hear(joined, envelope=about(joined, world.space.space_id, version=2))
    return world


def events(store: Store[Access]) -> int:
    return store.query(lambda c: c.execute("SELECT count(*) AS n FROM events").fetchone()["n"])


def routes(world: World) -> dict[str, tuple[str, str, Any]]:
    space = f"/spaces/{world.space.space_id}"
    experience = f"/experiences/{world.experience.experience_id}"
    comp = {
        "person_id": str(world.stranger),
        "experience_ids": [str(world.experience.experience_id)],
    }
    return {
        "mine": ("GET", "/grants/mine", None),
        "entry": ("GET", f"{experience}/entry", None),
        "admission": ("GET", f"{space}/admission", None),
        "own explanation": ("GET", f"{experience}/explanation", None),
        "explanation": ("GET", f"{experience}/explanation?person_id={world.member}", None),
        "revoke": ("POST", f"/grants/{world.grant_id}/revoke", {}),
        "comp": ("POST", "/comps", comp),
        "members": ("GET", f"{space}/members", None),
        "ban": ("POST", f"{space}/bans", {"person_id": str(world.stranger)}),
        "lift": ("DELETE", f"{space}/bans/{world.stranger}", None),
    }


EVERYONE = {"stranger": 200, "member": 200, "other_creator": 200, "analyst": 200, "owner": 200}
TEAM = {"stranger": 403, "member": 403, "other_creator": 403, "analyst": 403}
ALLOWED = {
    "mine": EVERYONE,
    "entry": EVERYONE,
    "admission": EVERYONE,
    "own explanation": EVERYONE,
    "explanation": TEAM | {"member": 200, "owner": 200},
    "revoke": TEAM | {"owner": 200},
    "comp": TEAM | {"owner": 201},
    "members": TEAM | {"owner": 200},
    "ban": TEAM | {"owner": 201},
    "lift": TEAM | {"owner": 404},
}


@pytest.mark.parametrize("route", ALLOWED)
async def test_each_route_answers_each_role_as_it_should(
    route: str, world: World, client: httpx.AsyncClient, signed: As, store: Store[Access]
) -> None:
    method, path, body = routes(world)[route]
    stored = events(store)

    answers = {"no one": (await client.request(method, path, json=body)).status_code}
    for role in ALLOWED[route]:
        if ALLOWED[route][role] < 300 and method != "GET":
            assert events(store) == stored, f"someone before {role} wrote something"
        answer = await client.request(method, path, json=body, headers=signed(world.who(role)))
        answers[role] = answer.status_code

    assert answers == {"no one": 401} | ALLOWED[route]


@pytest.mark.parametrize("role", ["owner", "admin", "moderator", "support"])
async def test_a_banned_team_member_neither_lifts_their_own_ban_nor_works_on(
    role: str, world: World, client: httpx.AsyncClient, signed: As, hear: Hear
) -> None:
    space_id, person = world.space.space_id, uuid4()
    bans = f"/spaces/{space_id}/bans"
    banned = await client.post(bans, json={"person_id": str(person)}, headers=signed(world.owner))
    joined = TeamMemberAdded(space_id=space_id, person_id=person, role=role)
    hear(joined, envelope=about(joined, space_id, version=3))

    refused = [
        await client.delete(f"{bans}/{person}", headers=signed(person)),
        await client.post(bans, json={"person_id": str(world.member)}, headers=signed(person)),
        await client.get(f"/spaces/{space_id}/members", headers=signed(person)),
    ]
    lifted = await client.delete(f"{bans}/{person}", headers=signed(world.owner))
    again = await client.get(f"/spaces/{space_id}/members", headers=signed(person))

    assert banned.status_code == 201
    assert {(r.status_code, r.json()["code"]) for r in refused} == {(403, "banned")}
    assert (lifted.status_code, again.status_code) == (200, 200)


async def test_a_member_sees_the_own_grants_and_may_enter(
    world: World, client: httpx.AsyncClient, signed: As
) -> None:
    experience = world.experience.experience_id

    mine = (await client.get("/grants/mine", headers=signed(world.member))).json()
    entry = await client.get(f"/experiences/{experience}/entry", headers=signed(world.member))
    shut = await client.get(f"/experiences/{experience}/entry", headers=signed(world.stranger))

    assert mine == [
        {
            "grant_id": str(world.grant_id),
            "experience_id": str(experience),
            "space_id": str(world.space.space_id),
            "reason": "purchase",
            "valid_from": "2026-06-01T12:00:00Z",
            "valid_until": "2026-06-01T13:00:00Z",
        }
    ]
    assert entry.json() == {"allowed": True, "because": "grant"}
    assert shut.json() == {"allowed": False, "because": "no_grant"}


async def test_a_revoked_grant_shuts_the_door_and_says_why(
    world: World, client: httpx.AsyncClient, signed: As
) -> None:
    path = f"/grants/{world.grant_id}/revoke"
    experience = f"/experiences/{world.experience.experience_id}"

    revoked = await client.post(path, json={"cause": "abuse"}, headers=signed(world.owner))
    again = await client.post(path, json={"cause": "abuse"}, headers=signed(world.owner))
    explained = await client.get(f"{experience}/explanation", headers=signed(world.member))

    assert revoked.json() == {"grant_id": str(world.grant_id), "status": "revoked"}
    assert (again.status_code, again.json()["code"]) == (409, "grant_not_active")
    assert (explained.json()["allowed"], explained.json()["because"]) == (False, "revoked")
    assert explained.json()["timeline"][-1]["sentence"].endswith("because of abuse.")


async def test_the_explanation_answers_for_a_past_instant(
    world: World, client: httpx.AsyncClient, signed: As
) -> None:
    path = f"/experiences/{world.experience.experience_id}/explanation"
    asked = {"person_id": str(world.member), "at": "2026-06-01T11:59:59+00:00"}

    explained = await client.get(path, params=asked, headers=signed(world.owner))
    naive = await client.get(
        path, params=asked | {"at": "2026-06-01T11:59:59"}, headers=signed(world.owner)
    )

    assert (explained.json()["because"], explained.json()["timeline"]) == ("no_grant", [])
    assert (naive.status_code, naive.json()["code"]) == (422, "invalid_request")


async def test_the_same_comp_sent_twice_is_one_comp(
    world: World, client: httpx.AsyncClient, signed: As, store: Store[Access]
) -> None:
    _, path, body = routes(world)["comp"]
    headers = signed(world.owner) | {"Idempotency-Key": "comp-1"}

    first = await client.post(path, json=body, headers=headers)
    stored = events(store)
    again = await client.post(path, json=body, headers=headers)

    assert first.json() == again.json()
    assert events(store) == stored
    mine = await client.get("/grants/mine", headers=signed(world.stranger))
    assert [g["reason"] for g in mine.json()] == ["comp"]


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"experience_ids": [str(uuid4())]}, (404, "experience_not_found")),
        ({"experience_ids": []}, (422, "invalid_request")),
        ({"valid_until": "2026-06-01T12:00:00Z"}, (422, "window_not_open")),
        ({"valid_until": "tomorrow"}, (422, "invalid_request")),
        ({"person_id": "me"}, (422, "invalid_request")),
    ],
)
async def test_a_comp_that_makes_no_sense_writes_nothing(
    world: World,
    client: httpx.AsyncClient,
    signed: As,
    store: Store[Access],
    change: dict[str, Any],
    refused: tuple[int, str],
) -> None:
    _, path, body = routes(world)["comp"]
    stored = events(store)

    answer = await client.post(path, json=body | change, headers=signed(world.owner))

    assert (answer.status_code, answer.json()["code"]) == refused
    assert events(store) == stored


async def test_a_comp_reaches_into_one_space_only(
    world: World, client: httpx.AsyncClient, signed: As, hear: Hear
) -> None:
    elsewhere = an_experience(world.other_space.space_id)
    hear(elsewhere)
    _, path, body = routes(world)["comp"]
    both = {"experience_ids": [*body["experience_ids"], str(elsewhere.experience_id)]}

    answer = await client.post(path, json=body | both, headers=signed(world.owner))

    assert (answer.status_code, answer.json()["code"]) == (422, "several_spaces")


async def test_a_ban_shuts_the_door_outlives_a_purchase_and_can_be_lifted(
    world: World, client: httpx.AsyncClient, signed: As, hear: Hear
) -> None:
    bans = f"/spaces/{world.space.space_id}/bans"
    entry = f"/experiences/{world.experience.experience_id}/entry"
    owner, member = signed(world.owner), signed(world.member)
    body = {"person_id": str(world.member), "reason_code": "spam"}

    banned = await client.post(bans, json=body, headers=owner)
    again = await client.post(bans, json=body, headers=owner)
    hear(world.purchase.model_copy(update={"membership_id": uuid4()}))
    shut = (await client.get(entry, headers=member)).json()
    mine = (await client.get("/grants/mine", headers=member)).json()
    lifted = await client.delete(f"{bans}/{world.member}", headers=owner)
    opened = (await client.get(entry, headers=member)).json()

    assert (banned.status_code, again.json()["code"]) == (201, "already_banned")
    assert (shut, mine) == ({"allowed": False, "because": "banned"}, [])
    assert (lifted.status_code, opened["allowed"]) == (200, True)


async def test_those_who_work_in_a_space_cannot_be_banned_from_it(
    world: World, client: httpx.AsyncClient, signed: As
) -> None:
    path = f"/spaces/{world.space.space_id}/bans"

    answer = await client.post(
        path, json={"person_id": str(world.analyst)}, headers=signed(world.owner)
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "on_team")


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("POST", f"/grants/{uuid4()}/revoke", "grant_not_found"),
        ("GET", f"/experiences/{uuid4()}/explanation", "experience_not_found"),
        ("GET", f"/spaces/{uuid4()}/members", "space_not_found"),
    ],
)
async def test_what_does_not_exist_is_not_found(
    world: World, client: httpx.AsyncClient, signed: As, method: str, path: str, code: str
) -> None:
    body = {} if method == "POST" else None

    answer = await client.request(method, path, json=body, headers=signed(world.owner))

    assert (answer.status_code, answer.json()["code"]) == (404, code)


async def test_members_are_listed_with_their_grants(
    world: World, client: httpx.AsyncClient, signed: As
) -> None:
    path = f"/spaces/{world.space.space_id}/members"

    (member,) = (await client.get(path, headers=signed(world.owner))).json()

    assert member["person_id"] == str(world.member)
    assert (member["status"], member["reason"]) == ("active", "purchase")
    assert member["source_id"] == str(world.purchase.membership_id)
    assert [grant["grant_id"] for grant in member["grants"]] == [str(world.grant_id)]


async def test_a_person_learns_how_they_stand_to_a_space_and_who_ended_it(
    world: World, client: httpx.AsyncClient, signed: As, clock: FixedClock
) -> None:
    space = f"/spaces/{world.space.space_id}"
    owner, member = signed(world.owner), signed(world.member)

    async def state(who: dict[str, str] = member) -> str:
        answer = await client.get(f"{space}/admission", headers=who)
        return str(answer.json()["state"])

    assert (await state(signed(world.stranger)), await state()) == ("none", "open")
    clock.advance(HOUR)
    assert await state() == "expired"
    clock.advance(-HOUR)
    await client.post(f"{space}/bans", json={"person_id": str(world.member)}, headers=owner)
    assert await state() == "banned"
    await client.delete(f"{space}/bans/{world.member}", headers=owner)
    await client.post(f"/grants/{world.grant_id}/revoke", json={}, headers=owner)
    answer = await client.get(f"{space}/admission", headers=member)

    assert answer.json() == {
        "state": "removed",
        "removed_source_ids": [str(world.purchase.membership_id)],
    }


async def test_what_went_with_a_refund_was_not_removed_by_the_team(
    world: World, client: httpx.AsyncClient, signed: As, hear: Hear
) -> None:
    hear(an_end(world.purchase))

    answer = await client.get(
        f"/spaces/{world.space.space_id}/admission", headers=signed(world.member)
    )

    assert answer.json() == {"state": "refunded", "removed_source_ids": []}
