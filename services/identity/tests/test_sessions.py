"""Sessions and profiles over HTTP: for no one, a stranger and the owner."""

from datetime import timedelta
from uuid import uuid4

import httpx
import pytest

from libs.runtime.messaging.contacts import Contacts
from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.service import Service
from services.identity.tests.browser import ADA, Browser, Mailbox, problem, until


async def test_a_forged_token_stands_for_no_one(browser: Browser) -> None:
    await browser.sign_in()
    for forged in ("", "0" * 64, browser.token[:-1], browser.token.upper()):
        browser.token = forged
        assert problem(await browser.current()) == (401, "no_session")


async def test_a_session_ends_when_it_is_too_old(browser: Browser, clock: FixedClock) -> None:
    await browser.sign_in()
    clock.advance(timedelta(days=29))
    assert (await browser.current()).status_code == 200
    clock.advance(timedelta(days=29))
    assert (await browser.current()).status_code == 200
    clock.advance(timedelta(days=29))
    assert (await browser.current()).status_code == 200
    clock.advance(timedelta(days=4))

    assert problem(await browser.current()) == (401, "no_session")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/sessions"),
        ("DELETE", "/sessions"),
        ("DELETE", f"/sessions/{uuid4()}"),
        ("GET", "/people/me"),
        ("PATCH", "/people/me"),
    ],
)
async def test_no_one_is_asked_to_sign_in(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    unsigned = await client.request(method, path, json={})
    forged = await client.request(method, path, json={}, headers={"Authorization": "Bearer x"})

    assert problem(unsigned) == (401, "sign_in_required")
    assert problem(forged) == (401, "bad_token")


async def test_the_owner_lists_and_ends_sessions_and_a_stranger_does_not(
    client: httpx.AsyncClient, mailbox: Mailbox, browser: Browser, clock: FixedClock
) -> None:
    await browser.sign_in()
    phone = await Browser(client, mailbox, "phone").sign_in()
    eve = await Browser(client, mailbox, "eve's").sign_in("eve@example.org")

    listed = (await client.get("/sessions", headers=browser.signed(clock))).json()
    theft = await client.delete(f"/sessions/{phone.session_id}", headers=eve.signed(clock))
    ended = await client.delete(f"/sessions/{phone.session_id}", headers=browser.signed(clock))

    assert {(row["session_id"], row["is_current"]) for row in listed} == {
        (str(browser.session_id), True),
        (str(phone.session_id), False),
    }
    assert {row["user_agent"] for row in listed} == {"Firefox"}
    assert problem(theft) == (404, "session_not_found")
    assert ended.status_code == 204
    assert problem(await phone.current()) == (401, "no_session")
    assert (await browser.current()).status_code == 200


async def test_all_sessions_end_together(
    client: httpx.AsyncClient, mailbox: Mailbox, browser: Browser, clock: FixedClock
) -> None:
    await browser.sign_in()
    phone = await Browser(client, mailbox, "phone").sign_in()
    eve = await Browser(client, mailbox, "eve's").sign_in("eve@example.org")

    await client.delete("/sessions", headers=browser.signed(clock))

    states = [(await one.current()).status_code for one in (browser, phone, eve)]
    assert states == [401, 401, 200]


async def test_a_person_changes_their_own_name(
    client: httpx.AsyncClient, browser: Browser, clock: FixedClock, service: Service
) -> None:
    await browser.sign_in()
    signed = browser.signed(clock)
    clock.advance(timedelta(seconds=1))

    changed = await client.patch("/people/me", json={"display_name": " Ada  L."}, headers=signed)
    refused = await client.patch("/people/me", json={"display_name": "x" * 81}, headers=signed)

    assert changed.json() == {
        "person_id": str(browser.person_id),
        "email": ADA,
        "display_name": "Ada L.",
        "locale": "en",
    }
    assert problem(refused) == (422, "invalid_display_name")
    assert (await client.get("/people/me", headers=signed)).json()["display_name"] == "Ada L."
    assert service.client is not None
    contacts = Contacts(service.client)

    async def name() -> str:
        contact = await contacts.get(browser.person_id)
        return contact.display_name if contact else ""

    assert await until(name) == "Ada L."
