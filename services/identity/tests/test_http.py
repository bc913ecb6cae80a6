"""The routes over real PostgreSQL, NATS and SMTP: each for no one, a stranger and the owner."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from nats.js.errors import NotFoundError
from psycopg import sql

from libs.events.contract import stream_of
from libs.runtime.messaging.contacts import Contact, Contacts
from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.service import Service
from services.identity.tests.browser import ADA, Browser, Mailbox, problem, until
from services.identity.tests.builders import wrong


async def test_a_stranger_signs_in_by_the_code_in_the_mail(
    browser: Browser, mailbox: Mailbox, clock: FixedClock
) -> None:
    await browser.sign_in(" Ada@Example.org")

    current = await browser.current()

    assert current.json() | {"last_seen_at": None} == {
        "session_id": str(browser.session_id),
        "person_id": str(browser.person_id),
        "display_name": "",
        "email": ADA,
        "locale": "en",
        "fresh_until": (clock.now() + timedelta(minutes=15)).isoformat().replace("+00:00", "Z"),
        "last_seen_at": None,
    }
    mail = mailbox.mails[0]
    assert mail["To"] == ADA
    text, html = (part.get_content() for part in mail.iter_parts())
    code = mail["Subject"].split()[0]
    assert code in text
    assert code in html
    assert "You get this mail because" in text


async def test_the_registration_is_published_and_the_address_is_in_the_bucket(
    browser: Browser, service: Service
) -> None:
    await browser.sign_in("grace@example.org")
    assert service.client is not None
    contacts, js = Contacts(service.client), service.client.jetstream()

    contact = await until(lambda: contacts.get(browser.person_id))
    found = await until(lambda: _last(js, f"bp.identity.person_registered.v1.{browser.person_id}"))

    assert contact == Contact(email="grace@example.org")
    assert found.data == f'{{"person_id":"{browser.person_id}"}}'.encode()
    assert b"grace" not in str(found.headers).encode()


async def _last(js: Any, subject: str) -> Any:
    try:
        return await js.get_last_msg(stream_of("identity"), subject)
    except NotFoundError:
        return None


async def test_a_lost_bucket_is_filled_again(
    browser: Browser, service: Service, clock: FixedClock
) -> None:
    await browser.sign_in("grace@example.org")
    assert service.client is not None
    contacts = Contacts(service.client)
    await until(lambda: contacts.get(browser.person_id))
    await contacts.purge(browser.person_id)
    assert await contacts.get(browser.person_id) is None

    clock.advance(timedelta(minutes=11))

    assert await until(lambda: contacts.get(browser.person_id))


async def test_a_bucket_that_nats_lost_is_filled_again_without_anyones_help(
    service: Service, browser: Browser, clock: FixedClock
) -> None:
    await browser.sign_in("grace@example.org")
    assert service.client is not None
    contacts = Contacts(service.client)
    await until(lambda: contacts.get(browser.person_id))

    await service.client.jetstream().delete_key_value("contacts")
    clock.advance(timedelta(seconds=6))

    assert await until(lambda: contacts.get(browser.person_id))


async def test_wrong_codes_are_counted_in_the_database_and_burn_the_code(
    browser: Browser,
) -> None:
    code = await browser.code()

    told = [problem(await browser.type(wrong(code))) for _ in range(5)]
    right = problem(await browser.type(code))

    assert told == [(422, "wrong_code")] * 4 + [(422, "code_burned")]
    assert right == (422, "code_burned")


async def test_a_code_opens_one_session_even_when_typed_in_two_tabs_at_once(
    browser: Browser,
) -> None:
    code = await browser.code()

    answers = await asyncio.gather(*(browser.type(code) for _ in range(6)))

    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 5


async def test_a_repeated_command_gets_the_same_token_and_starts_no_second_session(
    browser: Browser, clock: FixedClock
) -> None:
    code = await browser.code()
    key = {"Idempotency-Key": str(uuid4())}

    first, second = await browser.type(code, **key), await browser.type(code, **key)

    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()


async def test_the_key_of_a_command_opens_nothing_without_its_code(
    client: httpx.AsyncClient, mailbox: Mailbox, browser: Browser
) -> None:
    code = await browser.code()
    key = {"Idempotency-Key": "guessed"}
    await browser.type(code, **key)
    thief = Browser(client, mailbox, "another browser")

    assert problem(await browser.type(wrong(code), **key)) == (422, "code_expired")
    assert problem(await thief.type(code, **key)) == (422, "wrong_code")


async def test_known_and_unknown_addresses_get_the_same_answer(
    browser: Browser, client: httpx.AsyncClient, mailbox: Mailbox
) -> None:
    await browser.sign_in()
    stranger = Browser(client, mailbox, "stranger")

    known, unknown = await stranger.ask(ADA), await stranger.ask("new@example.org")
    wrong_known = await stranger.type("000000", ADA)
    wrong_unknown = await stranger.type("000000", "nobody@example.org")

    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json()) == (202, {})
    assert wrong_known.json() == wrong_unknown.json() or "wrong_code" in wrong_known.text


async def test_the_sixth_mail_of_an_hour_is_refused_with_the_time_to_come_back(
    browser: Browser, clock: FixedClock
) -> None:
    for _ in range(5):
        await browser.ask()
    clock.advance(timedelta(minutes=20))

    refused = await browser.ask()

    assert problem(refused) == (429, "too_many_codes")
    assert refused.headers["retry-after"] == "2400"


async def test_six_requests_at_once_send_five_mails(browser: Browser, mailbox: Mailbox) -> None:
    answers = await asyncio.gather(*(browser.ask() for _ in range(6)))

    assert sorted(answer.status_code for answer in answers) == [202] * 5 + [429]


async def test_a_mail_server_that_is_busy_is_asked_again(
    browser: Browser, mailbox: Mailbox, clock: FixedClock
) -> None:
    mailbox.refuse = 1
    await browser.ask()
    await until(lambda: not mailbox.refuse)
    await asyncio.sleep(0.2)
    assert not mailbox.mails

    clock.advance(timedelta(seconds=2))

    await until(lambda: mailbox.mails)


async def test_a_newer_code_silences_the_mail_of_an_older_one(
    browser: Browser, mailbox: Mailbox, clock: FixedClock, service: Service
) -> None:
    mailbox.refuse = 1
    await browser.ask()
    await until(lambda: not mailbox.refuse)
    await browser.ask()
    await until(lambda: mailbox.mails)
    clock.advance(timedelta(seconds=2))

    await until(lambda: _scheduled(service, "mail_sign_in_code") == 0)

    assert len(mailbox.mails) == 1


async def test_a_mail_that_is_refused_for_good_is_kept_as_such_and_not_tried_again(
    browser: Browser, mailbox: Mailbox, service: Service
) -> None:
    mailbox.refuse_for_good = True

    await browser.ask()
    await until(lambda: _scheduled(service, "mail_sign_in_code") == 0)

    kept = service.store.query(
        lambda curs: curs.execute("SELECT refused_with FROM sign_in_codes").fetchall()
    )
    assert [row["refused_with"] for row in kept] == [550]
    assert mailbox.mails == []


async def test_attacker_with_new_browsers_and_networks_cannot_lock_the_owner_out(
    browser: Browser, client: httpx.AsyncClient, mailbox: Mailbox
) -> None:
    await browser.sign_in()
    attacks = [
        await Browser(client, mailbox, f"attacker {n}").ask(network_address=f"198.51.100.{n}")
        for n in range(12)
    ]
    assert 429 in {answer.status_code for answer in attacks}

    await browser.sign_in()

    assert (await browser.current()).status_code == 200


def _scheduled(service: Service, kind: str) -> int:
    row = service.store.query(
        lambda curs: curs.execute(
            "SELECT count(*) AS n FROM schedule WHERE kind = %s", (kind,)
        ).fetchone()
    )
    return int(row["n"])


async def test_nothing_kept_in_the_database_holds_the_code_or_the_token(
    browser: Browser, mailbox: Mailbox, service: Service
) -> None:
    await browser.sign_in()
    code = str(mailbox.mails[0]["Subject"]).split()[0]

    def everything(curs: Any) -> str:
        tables = ("events", "commands", "schedule", "sign_in_codes", "sessions", "people")
        selects = [
            sql.SQL("SELECT t::text AS row FROM {} t").format(sql.Identifier(t)) for t in tables
        ]
        return str([curs.execute(select).fetchall() for select in selects])

    kept = service.store.query(everything)

    assert browser.token not in kept
    assert f'"{code}"' not in kept
    assert f",{code}," not in kept
    events = service.store.query(
        lambda curs: curs.execute(
            "SELECT string_agg(state::text, '') AS all FROM events"
        ).fetchone()
    )
    assert ADA.encode().hex() not in events["all"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"email": "no address", "browser_id": "b"}, "invalid_address"),
        ({"email": ADA}, "invalid_request"),
        ({"email": "a" * 400, "browser_id": "b"}, "invalid_request"),
        ({"email": ADA, "browser_id": "b", "locale": "../en"}, "invalid_request"),
    ],
)
async def test_a_bad_request_for_a_code_is_refused(
    client: httpx.AsyncClient, body: dict[str, str], code: str
) -> None:
    answer = await client.post("/sign-in-codes", json=body)

    assert problem(answer) == (422, code)
    assert answer.json()["errors"][0]["field"]


async def test_malformed_json_is_a_problem(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/sign-in-codes", content=b"{", headers={"Content-Type": "application/json"}
    )

    assert problem(answer) == (400, "malformed_json")


async def test_without_room_nobody_new_is_registered_and_the_code_works_later(
    service: Service, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = await Browser(browser.client, browser.mailbox, "known").sign_in("known@example.org")
    short: list[str | None] = ["no room"]
    monkeypatch.setattr(service.app.state.intake, "short_of_room", lambda: short[0])
    code = await browser.code()

    refused = await browser.type(code)
    again = await Browser(browser.client, browser.mailbox, "known").sign_in("known@example.org")
    short[0] = None
    later = await browser.type(code)

    assert problem(refused) == (503, "storage_low")
    assert again.person_id == known.person_id
    assert later.status_code == 201
