"""Every route, for no one, a stranger and the person it is about."""

from uuid import UUID, uuid4

import httpx
import pytest

from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from services.notifications.application import Notifications
from services.notifications.domain import Channel, Kind, Notice
from services.notifications.tests.builders import MINUTE, some_news
from services.notifications.tests.conftest import As
from services.notifications.unsubscribe_tokens import UnsubscribeTokens, Unsubscription


@pytest.fixture
def person() -> UUID:
    return uuid4()


@pytest.fixture
def notice_id(store: Store[Notifications], person: UUID, clock: FixedClock) -> UUID:
    """The newer of two notices: first a welcome, then a receipt."""
    for kind in (Kind.WELCOME, Kind.RECEIPT):
        news = some_news(kind)
        store.work(Cause(uuid4()), lambda n=news: store.application.tell([person], n))
        clock.advance(MINUTE)
    return Notice.create_id(news.about_event_id, person, Kind.RECEIPT, Channel.IN_APP)


ROUTES = [
    ("GET", "/notices", None),
    ("GET", "/notices/unread-count", None),
    ("POST", "/notices/{notice_id}/read", None),
    ("GET", "/preferences", None),
    ("PUT", f"/preferences/{uuid4()}", {"mail": False}),
]


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
async def test_no_one_gets_nothing(
    client: httpx.AsyncClient, notice_id: UUID, method: str, path: str, body: object
) -> None:
    answer = await client.request(method, path.format(notice_id=notice_id), json=body)

    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_required")


async def test_a_stranger_sees_and_reads_nothing_of_anybody_else(
    client: httpx.AsyncClient, signed: As, notice_id: UUID, person: UUID
) -> None:
    stranger = signed(uuid4())

    mine = await client.get("/notices", headers=stranger)
    unread = await client.get("/notices/unread-count", headers=stranger)
    read = await client.post(f"/notices/{notice_id}/read", headers=stranger)

    assert (mine.json(), unread.json()) == ([], {"count": 0})
    assert (read.status_code, read.json()["code"]) == (404, "notice_not_found")
    assert (await client.get("/notices/unread-count", headers=signed(person))).json() == {
        "count": 2
    }


async def test_a_person_sees_the_newest_first_in_words_and_reads_it(
    client: httpx.AsyncClient, signed: As, notice_id: UUID, person: UUID
) -> None:
    me = signed(person)

    newest, oldest = (await client.get("/notices", headers=me)).json()
    read = await client.post(f"/notices/{notice_id}/read", headers=me)
    again = await client.post(f"/notices/{notice_id}/read", headers=me)

    assert newest == {
        "notice_id": str(notice_id),
        "kind": "receipt",
        "title": "Receipt: Season pass",
        "body": "The Studio: you paid €19.90.",
        "url": "/account",
        "created_at": "2026-06-01T12:01:00Z",
        "read_at": None,
    }
    assert oldest["title"] == "Welcome to The Studio"
    assert (
        read.json()
        == again.json()
        == {
            "notice_id": str(notice_id),
            "read_at": "2026-06-01T12:02:00+00:00",
        }
    )
    assert (await client.get("/notices/unread-count", headers=me)).json() == {"count": 1}


async def test_older_notices_are_asked_for_by_time(
    client: httpx.AsyncClient, signed: As, notice_id: UUID, person: UUID
) -> None:
    me, before = signed(person), {"before": "2026-06-01T12:01:00Z"}

    page = (await client.get("/notices", params={"limit": 1}, headers=me)).json()
    older = (await client.get("/notices", params=before, headers=me)).json()
    wrong = await client.get("/notices", params={"limit": 0}, headers=me)

    assert [notice["kind"] for notice in page] == ["receipt"]
    assert [notice["kind"] for notice in older] == ["welcome"]
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_request")


async def test_a_mail_is_no_notice_in_the_app(
    client: httpx.AsyncClient, signed: As, store: Store[Notifications], person: UUID
) -> None:
    news = some_news()
    store.work(Cause(uuid4()), lambda: store.application.tell([person], news))
    mail = Notice.create_id(news.about_event_id, person, Kind.RECEIPT, Channel.EMAIL)

    answer = await client.post(f"/notices/{mail}/read", headers=signed(person))

    assert answer.status_code == 404


async def test_a_person_chooses_which_spaces_may_send_mail(
    client: httpx.AsyncClient, signed: As, person: UUID
) -> None:
    me, space = signed(person), uuid4()

    off = await client.put(f"/preferences/{space}", json={"mail": False}, headers=me)
    listed = (await client.get("/preferences", headers=me)).json()
    others = (await client.get("/preferences", headers=signed(uuid4()))).json()
    await client.put(f"/preferences/{space}", json={"mail": True}, headers=me)

    assert off.json() == {"space_id": str(space), "mail": False}
    assert (listed, others) == ([{"space_id": str(space), "mail": False}], [])
    assert (await client.get("/preferences", headers=me)).json() == []


async def choices(client: httpx.AsyncClient, headers: dict[str, str]) -> list[str]:
    return [
        choice["space_id"] for choice in (await client.get("/preferences", headers=headers)).json()
    ]


async def test_one_click_in_a_mail_program_unsubscribes_without_signing_in(
    client: httpx.AsyncClient, signed: As, tokens: UnsubscribeTokens, person: UUID
) -> None:
    of = Unsubscription(person, uuid4())
    path, me = f"/unsubscribe/{tokens.sign(of)}", signed(person)

    asked = await client.get(path)
    before = await choices(client, me)
    answers = [await client.post(path, data={"List-Unsubscribe": "One-Click"}) for _ in range(2)]

    assert (asked.status_code, before) == (200, [])
    assert "Do you want to stop" in asked.text
    assert [answer.status_code for answer in answers] == [200, 200]
    assert await choices(client, me) == [str(of.space_id)]


async def test_a_mistaken_unsubscription_is_undone_on_the_same_page(
    client: httpx.AsyncClient, signed: As, tokens: UnsubscribeTokens, person: UUID
) -> None:
    path = f"/unsubscribe/{tokens.sign(Unsubscription(person, uuid4()))}"

    done = await client.post(path, data={"choice": "stop"})
    undone = await client.post(path, data={"choice": "resume"})

    assert "send them again" in done.text
    assert "again" in undone.text
    assert await choices(client, signed(person)) == []


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_forged_link_says_so_and_changes_nothing(
    client: httpx.AsyncClient, store: Store[Notifications], method: str
) -> None:
    forged = UnsubscribeTokens("c" * 40).sign(Unsubscription(uuid4(), uuid4()))

    answer = await client.request(method, f"/unsubscribe/{forged}")

    assert answer.status_code == 404
    assert "not valid" in answer.text
    assert store.query(lambda c: c.execute("SELECT 1 FROM mail_opt_outs").fetchall()) == []
