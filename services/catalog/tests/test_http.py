"""The catalog's routes as each kind of caller sees them, and its answers to bad input."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from libs.runtime.store.store import Store
from services.catalog.application import Catalog
from services.catalog.domain import Role
from services.catalog.tests.conftest import Visitor

OWNER, CREATOR, SUPPORT, STRANGER = (UUID(int=n) for n in range(1, 5))
SPACE = {"slug": "anna", "name": "Anna", "currency": "EUR", "time_zone": "Europe/Vienna"}
TERMS = {"pricing_type": "one_time", "price_minor": 1990}
EVERYONE = {
    "no_one": None,
    "stranger": STRANGER,
    "member": SUPPORT,
    "another_creator": CREATOR,
    "owner": OWNER,
}


@pytest.fixture
def visitor(http: httpx.AsyncClient) -> Callable[[str], Visitor]:
    return lambda who: Visitor(http, EVERYONE[who])


@pytest.fixture
async def owner(http: httpx.AsyncClient) -> Visitor:
    """The owner of a published space with an experience, a published and a drafted pass."""
    owner, creator = Visitor(http, OWNER), Visitor(http, CREATOR)
    await creator.done("POST", "/spaces", SPACE | {"slug": "bert"})
    await creator.done("POST", "/creator-profiles", {"username": "bert", "display_name": "B"})
    await owner.done("POST", "/creator-profiles", {"username": "anna", "display_name": "A"})
    await owner.done("POST", "/spaces", SPACE)
    await owner.done("POST", "/spaces/anna/team", {"person_id": str(SUPPORT), "role": Role.SUPPORT})
    added = await owner.done(
        "POST", "/spaces/anna/experiences", {"slug": "live", "name": "Live", "kind": "live"}
    )
    await owner.done("POST", "/spaces/anna/publish")
    for slug in ("season", "draft"):
        await owner.done(
            "POST",
            "/spaces/anna/passes",
            {
                "slug": slug,
                "name": slug.title(),
                "experience_ids": [added["experience_id"]],
                "terms": TERMS,
            },
        )
    await owner.done("POST", "/spaces/anna/passes/season/publish")
    return owner


PASS = {"slug": "other", "name": "Other", "terms": TERMS}
DETAILS = {"name": "Anna", "time_zone": "UTC", "expected_version": 4}
ROUTES: list[tuple[str, str, Any, tuple[int, int, int, int, int]]] = [
    # method, path, body, answers to: no one, stranger, support, another creator, owner
    ("GET", "/creator-profiles/anna", None, (200, 200, 200, 200, 200)),
    ("GET", "/creator-profiles/mine", None, (401, 404, 404, 200, 200)),
    (
        "POST",
        "/creator-profiles",
        {"username": "carla", "display_name": "C"},
        (401, 201, 201, 409, 409),
    ),
    ("PUT", "/creator-profiles/mine", {"display_name": "D"}, (401, 404, 404, 200, 200)),
    ("PUT", "/creator-profiles/anna/followers/me", None, (401, 204, 204, 204, 409)),
    ("DELETE", "/creator-profiles/anna/followers/me", None, (401, 204, 204, 204, 204)),
    ("POST", "/spaces", SPACE | {"slug": "carla"}, (401, 201, 201, 201, 201)),
    ("GET", "/spaces/mine", None, (401, 200, 200, 200, 200)),
    ("GET", "/spaces?id=8d937a53-6905-4171-b526-c202759dff9c", None, (200, 200, 200, 200, 200)),
    ("GET", "/spaces/anna", None, (200, 200, 200, 200, 200)),
    ("GET", "/spaces/bert", None, (404, 404, 404, 200, 404)),
    ("PUT", "/spaces/anna", DETAILS, (401, 403, 403, 403, 200)),
    ("PUT", "/spaces/bert", DETAILS, (401, 404, 404, 409, 404)),
    ("POST", "/spaces/anna/publish", None, (401, 403, 403, 403, 200)),
    ("POST", "/spaces/bert/publish", None, (401, 404, 404, 200, 403)),
    (
        "POST",
        "/spaces/anna/experiences",
        {"slug": "talk", "name": "Talk", "kind": "chat"},
        (401, 403, 403, 403, 201),
    ),
    ("GET", "/spaces/anna/team", None, (401, 403, 200, 403, 200)),
    ("GET", "/spaces/bert/team", None, (401, 404, 404, 200, 404)),
    (
        "POST",
        "/spaces/anna/team",
        {"username": "bert", "role": "admin"},
        (401, 403, 403, 403, 200),
    ),
    ("DELETE", f"/spaces/anna/team/{SUPPORT}", None, (401, 403, 403, 403, 200)),
    ("POST", "/spaces/anna/passes", PASS, (401, 403, 403, 403, 201)),
    ("GET", "/spaces/anna/passes/season", None, (200, 200, 200, 200, 200)),
    ("GET", "/spaces/anna/passes/draft", None, (404, 404, 200, 404, 200)),
    (
        "PUT",
        "/spaces/anna/passes/draft",
        {"name": "D", "terms": TERMS, "expected_version": 1},
        (401, 403, 403, 403, 200),
    ),
    ("POST", "/spaces/anna/passes/draft/publish", None, (401, 403, 403, 403, 200)),
    ("POST", "/spaces/anna/passes/season/archive", None, (401, 403, 403, 403, 200)),
]


@pytest.mark.parametrize("route", ROUTES, ids=[f"{r[0]} {r[1]}" for r in ROUTES])
async def test_each_route_answers_each_caller_as_it_should(
    owner: Visitor,
    visitor: Callable[[str], Visitor],
    store: Store[Catalog],
    route: tuple[str, str, Any, tuple[int, ...]],
) -> None:
    method, path, body, statuses = route
    for who, status in zip(EVERYONE, statuses, strict=True):
        before = _events(store)
        answer = await visitor(who).ask(method, path, body)

        assert answer.status_code == status, (who, answer.text)
        if status >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            assert _events(store) == before, who
        if (method, path, status) == ("POST", "/creator-profiles", 201):
            body = body | {"username": f"carla_{who}"}
        if (method, path, status) == ("POST", "/spaces", 201):
            body = body | {"slug": f"carla-{who.replace('_', '-')}"}


def _events(store: Store[Catalog]) -> int:
    row = store.query(lambda curs: curs.execute("SELECT count(*) AS n FROM events").fetchone())
    assert row is not None
    return int(row["n"])


async def test_a_banned_person_is_not_added_to_the_team(
    owner: Visitor, store: Store[Catalog]
) -> None:
    banned = uuid4()
    space = (await owner.done("GET", "/spaces/anna"))["space_id"]
    store.query(
        lambda curs: (
            curs.execute("INSERT INTO ban_list VALUES (%s, %s, true, 2)", (space, banned)) and None
        )
    )

    refused = await owner.ask(
        "POST", "/spaces/anna/team", {"person_id": str(banned), "role": "admin"}
    )
    other = await owner.ask(
        "POST", "/spaces/anna/team", {"person_id": str(uuid4()), "role": "admin"}
    )

    assert (refused.status_code, refused.json()["code"]) == (409, "banned")
    assert other.status_code == 200


async def test_the_public_sees_what_was_published_and_the_team_the_draft(
    owner: Visitor, visitor: Callable[[str], Visitor]
) -> None:
    page = await owner.done("GET", "/spaces/anna/passes/season")
    changed = TERMS | {"price_minor": 2990}
    body = {
        "name": "Dearer",
        "experience_ids": page["experience_ids"],
        "terms": changed,
        "expected_version": page["version"],
    }
    await owner.done("PUT", "/spaces/anna/passes/season", body)

    public = await visitor("no_one").done("GET", "/spaces/anna/passes/season")
    team = await owner.done("GET", "/spaces/anna/passes/season")

    assert (public["name"], public["terms"]["price_minor"]) == ("Season", 1990)
    assert (public["draft"], public["has_changes"], public["checklist"]) == (None, None, None)
    assert (team["name"], team["terms"]["price_minor"]) == ("Season", 1990)
    assert (team["draft"]["name"], team["draft"]["terms"]["price_minor"]) == ("Dearer", 2990)
    assert (team["has_changes"], team["checklist"], team["version"]) == (True, [], 3)


async def test_a_space_shows_what_is_on_sale_to_everyone(
    owner: Visitor, visitor: Callable[[str], Visitor]
) -> None:
    public = await visitor("no_one").done("GET", "/spaces/anna")
    team = await owner.done("GET", "/spaces/anna")

    assert [each["slug"] for each in public["passes"]] == ["season"]
    assert [each["slug"] for each in team["passes"]] == ["draft", "season"]
    assert public["passes"][0]["terms"] | TERMS == public["passes"][0]["terms"]
    assert public["passes"][0]["terms"]["currency_exponent"] == 2
    assert [each["slug"] for each in public["experiences"]] == ["live"]
    assert public["experiences"][0]["opened_by"] == [{"slug": "season", "name": "Season"}]
    assert public["owner"] == {"username": "anna", "display_name": "A"}
    assert (public["role"], team["role"]) == (None, "owner")


async def test_an_archived_pass_is_no_longer_listed_but_still_explains_itself(
    owner: Visitor, visitor: Callable[[str], Visitor]
) -> None:
    await owner.done("POST", "/spaces/anna/passes/season/archive")

    public = visitor("no_one")
    space = await public.done("GET", "/spaces/anna")
    assert (space["passes"], space["experiences"][0]["opened_by"]) == ([], [])
    assert (await public.done("GET", "/spaces/anna/passes/season"))["status"] == "archived"


async def test_a_profile_counts_its_followers_and_lists_what_is_public(
    owner: Visitor, visitor: Callable[[str], Visitor]
) -> None:
    await visitor("stranger").done("PUT", "/creator-profiles/anna/followers/me")
    await visitor("member").done("PUT", "/creator-profiles/anna/followers/me")
    await visitor("member").done("DELETE", "/creator-profiles/anna/followers/me")
    await owner.done("POST", "/spaces", SPACE | {"slug": "hidden", "visibility": "private"})
    await owner.done("POST", "/spaces/hidden/publish")
    await owner.done("POST", "/spaces", SPACE | {"slug": "unfinished"})

    profile = await visitor("stranger").done("GET", "/creator-profiles/anna")

    assert (profile["followers"], profile["following"]) == (1, True)
    assert [each["slug"] for each in profile["spaces"]] == ["anna"]
    assert (await visitor("no_one").done("GET", "/spaces/hidden"))["visibility"] == "private"


async def test_spaces_are_found_by_their_ids_for_the_member_area(
    owner: Visitor, visitor: Callable[[str], Visitor]
) -> None:
    ids = [(await owner.done("GET", "/spaces/anna"))["space_id"], str(uuid4())]
    draft = await visitor("another_creator").done("GET", "/spaces/bert")

    found = await visitor("stranger").done(
        "GET", f"/spaces?id={ids[0]}&id={ids[1]}&id={draft['space_id']}"
    )

    assert [each["slug"] for each in found] == ["anna"]
    assert [each["slug"] for each in found[0]["experiences"]] == ["live"]


async def test_redelivered_command_creates_one_space(
    visitor: Callable[[str], Visitor], store: Store[Catalog]
) -> None:
    first = await visitor("owner").ask("POST", "/spaces", SPACE, key="one click")
    second = await visitor("owner").ask("POST", "/spaces", SPACE, key="one click")

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert _events(store) == 1


async def test_of_many_who_want_a_slug_at_once_one_gets_it(
    http: httpx.AsyncClient, store: Store[Catalog]
) -> None:
    people = [Visitor(http, uuid4()) for _ in range(12)]

    answers = await asyncio.gather(
        *(each.ask("POST", "/spaces", SPACE | {"slug": "wanted"}) for each in people)
    )

    assert sorted(each.status_code for each in answers) == [201] + [409] * 11
    assert {each.json()["code"] for each in answers if each.status_code == 409} == {"slug_taken"}
    assert _events(store) == 1


async def test_without_the_constraint_many_would_get_the_same_slug(
    http: httpx.AsyncClient, store: Store[Catalog]
) -> None:
    """The positive control: with neither constraint the race has more than one winner."""
    store.query(
        lambda curs: curs.execute(
            "ALTER TABLE claimed_names DROP CONSTRAINT claimed_names_pkey;"
            "ALTER TABLE space_list DROP CONSTRAINT space_list_slug_key"
        )
    )
    people = [Visitor(http, uuid4()) for _ in range(12)]

    answers = await asyncio.gather(
        *(each.ask("POST", "/spaces", SPACE | {"slug": "wanted"}) for each in people)
    )

    assert [each.status_code for each in answers].count(201) > 1


async def test_concurrent_editor_is_refused_with_the_reason(owner: Visitor) -> None:
    bodies = [DETAILS | {"name": f"Editor {n}"} for n in range(6)]

    answers = await asyncio.gather(*(owner.ask("PUT", "/spaces/anna", body) for body in bodies))

    assert sorted(each.status_code for each in answers) == [200] + [409] * 5
    assert {each.json()["code"] for each in answers if each.status_code == 409} == {
        "changed_meanwhile"
    }


async def test_unready_pass_is_refused_with_its_open_points(
    owner: Visitor, visitor: Callable[[str], Visitor]
) -> None:
    creator = visitor("another_creator")
    await creator.done("POST", "/spaces/bert/passes", PASS)

    answer = await creator.ask("POST", "/spaces/bert/passes/other/publish")
    page = await creator.done("GET", "/spaces/bert/passes/other")

    assert (answer.status_code, answer.json()["code"]) == (409, "pass_not_ready")
    points = [(each["field"], each["code"]) for each in answer.json()["errors"]]
    assert points == [("space", "space_unpublished"), ("experience_ids", "no_experience")]
    assert [each["code"] for each in page["checklist"]] == ["space_unpublished", "no_experience"]


def _with_terms(**terms: Any) -> dict[str, Any]:
    return PASS | {"terms": TERMS | terms}


BAD_PASSES: list[tuple[Any, int, str, str | None]] = [
    (_with_terms(currency="XXX"), 422, "invalid_request", "terms.currency"),
    (_with_terms(currency_exponent=0), 422, "invalid_request", "terms.currency_exponent"),
    (_with_terms(price_minor=19.9), 422, "invalid_request", "terms.price_minor"),
    (_with_terms(price_minor="1990"), 422, "invalid_request", "terms.price_minor"),
    (_with_terms(price_minor=True), 422, "invalid_request", "terms.price_minor"),
    (_with_terms(price_minor=10**30), 422, "invalid_request", "terms.price_minor"),
    (_with_terms(price_minor=-1), 422, "invalid_request", "terms.price_minor"),
    (_with_terms(price="19.90"), 422, "invalid_request", "terms.price"),
    (_with_terms(sale_ends_at="2030-01-01T00:00"), 422, "invalid_request", "terms.sale_ends_at"),
    (_with_terms(redirect_url="http://a.example"), 422, "invalid_request", "terms.redirect_url"),
    (_with_terms(pricing_type="gift"), 422, "invalid_request", "terms.pricing_type"),
    (PASS | {"slug": "orders"}, 422, "invalid_request", "slug"),
    (PASS | {"slug": "season"}, 409, "slug_taken", "slug"),
    (PASS | {"name": "a\0b"}, 422, "invalid_request", "name"),
    (PASS | {"experience_ids": [str(uuid4())]}, 422, "invalid_request", "experience_ids"),
    (PASS | {"experience_ids": ["1"]}, 422, "invalid_request", "experience_ids.0"),
    ([], 422, "invalid_request", None),
]


async def test_what_is_wrong_is_told_in_the_language_of_the_one_who_asks(owner: Visitor) -> None:
    owner.http.headers["Accept-Language"] = "de-AT"

    refused = await owner.ask("POST", "/spaces/anna/passes", PASS | {"slug": "season"})
    await owner.done("POST", "/spaces/anna/passes", PASS | {"experience_ids": []})
    drafted = await owner.done("GET", f"/spaces/anna/passes/{PASS['slug']}")
    unready = await owner.ask("POST", f"/spaces/anna/passes/{PASS['slug']}/publish")

    taken = "Diese Adresse ist vergeben. Bitte wähl eine andere."
    assert [each["message"] for each in refused.json()["errors"]] == [taken]
    open_point = "Wähl mindestens ein Erlebnis, das der Pass öffnet."
    assert open_point in [each["message"] for each in drafted["checklist"]]
    assert open_point in [each["message"] for each in unready.json()["errors"]]


@pytest.mark.parametrize(("body", "status", "code", "field"), BAD_PASSES)
async def test_a_pass_that_cannot_be_taken_is_refused_beside_its_field(
    owner: Visitor, store: Store[Catalog], body: Any, status: int, code: str, field: str | None
) -> None:
    before = _events(store)

    answer = await owner.ask("POST", "/spaces/anna/passes", body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    if field is not None:
        assert [each["field"] for each in answer.json()["errors"]] == [field]
        assert answer.json()["errors"][0]["message"]
    assert _events(store) == before


BAD_REQUESTS: list[tuple[Callable[[Visitor], Awaitable[httpx.Response]], int, str]] = [
    (lambda v: v.ask("GET", "/spaces/no-such"), 404, "space_not_found"),
    (lambda v: v.ask("GET", "/spaces/a%00b"), 404, "space_not_found"),
    (lambda v: v.ask("GET", "/spaces/anna/passes/no-such"), 404, "pass_not_found"),
    (lambda v: v.ask("GET", "/spaces/anna/passes/%00"), 404, "pass_not_found"),
    (lambda v: v.ask("GET", "/creator-profiles/nobody"), 404, "profile_not_found"),
    (lambda v: v.ask("GET", "/creator-profiles/%F0%28"), 404, "profile_not_found"),
    (lambda v: v.ask("GET", "/spaces?id=1"), 422, "invalid_request"),
    (lambda v: v.ask("DELETE", "/spaces/anna/team/1"), 422, "invalid_request"),
    (lambda v: v.ask("PATCH", "/spaces/anna"), 405, "method_not_allowed"),
    (
        lambda v: v.ask("POST", "/spaces", SPACE | {"slug": "sign-in"}),
        422,
        "invalid_request",
    ),
    (
        lambda v: v.ask("POST", "/spaces/anna/team", {"role": "admin"}),
        422,
        "invalid_request",
    ),
    (
        lambda v: v.ask("POST", "/spaces/anna/team", {"person_id": str(uuid4()), "role": "owner"}),
        409,
        "owner_stays",
    ),
    (
        lambda v: v.ask("DELETE", f"/spaces/anna/team/{OWNER}"),
        409,
        "owner_stays",
    ),
    (
        lambda v: v.ask("POST", "/spaces/anna/passes/draft/archive"),
        409,
        "pass_not_published",
    ),
    (
        lambda v: v.http.post(
            "/spaces", content=b"{", headers={"Content-Type": "application/json"}
        ),
        400,
        "malformed_json",
    ),
]


@pytest.mark.parametrize(("send", "status", "code"), BAD_REQUESTS)
async def test_a_bad_request_gets_a_stable_code_and_writes_nothing(
    owner: Visitor,
    store: Store[Catalog],
    send: Callable[[Visitor], Awaitable[httpx.Response]],
    status: int,
    code: str,
) -> None:
    before = _events(store)

    answer = await send(owner)

    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert _events(store) == before


async def test_a_forged_token_is_nobody(http: httpx.AsyncClient) -> None:
    answer = await http.post("/spaces", json=SPACE, headers={"Authorization": "Bearer a.b.c"})

    assert (answer.status_code, answer.json()["code"]) == (401, "bad_token")
