"""The whole service on real PostgreSQL, real NATS and a real SMTP server."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.events.contract import stream_of
from libs.events.envelope import Envelope
from libs.events.notifications import NoticeDelivered
from libs.runtime.messaging import bus
from libs.runtime.messaging.contacts import Contact, Contacts
from libs.runtime.scheduling.clock import SystemClock
from libs.runtime.service import Service
from services.notifications.__main__ import compose
from services.notifications.settings import Settings
from services.notifications.tests.builders import (
    MINUTE,
    a_grant,
    a_live_stream,
    a_purchase,
    a_space,
    an_experience,
)
from services.notifications.tests.bus import say
from services.notifications.tests.conftest import SECRET
from services.notifications.tests.mailserver import MailServer
from tests.servers import NatsServer


@pytest.fixture
async def service(
    database: str, own_nats: NatsServer, mail_server: MailServer
) -> AsyncIterator[Service]:
    settings = Settings(
        http_port=1,
        database_url=database,
        nats_url=own_nats.url,
        person_token_secret=SECRET,
        store_pool_size=4,
        smtp_url=mail_server.url,
    )
    async with compose(settings, SystemClock()).running() as service:
        yield service


async def rows(service: Service, sql: str) -> list[Any]:
    return await service.store.ask(lambda curs: curs.execute(sql).fetchall())


async def until(look: Callable[[], Awaitable[Any]], within_s: float = 15.0) -> Any:
    deadline = time.monotonic() + within_s
    while not (seen := await look()):
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.02)
    return seen


async def settled(service: Service, count: int) -> list[Any]:
    async def look() -> list[Any]:
        done = await rows(service, "SELECT * FROM notice_list WHERE status <> 'requested'")
        return done if len(done) >= count else []

    return await until(look)


async def someone(service: Service, address: str) -> UUID:
    person = uuid4()
    await Contacts(service.client).put(person, Contact(email=address, display_name="Ada"))
    return person


async def announced(service: Service) -> list[tuple[Envelope, NoticeDelivered]]:
    js = service.client.jetstream()
    await bus.ensure_stream(js, "notifications")
    count = (await js.stream_info(stream_of("notifications"))).state.messages
    messages = [await js.get_msg(stream_of("notifications"), n + 1) for n in range(count)]
    return [
        (Envelope.from_headers(m.headers), NoticeDelivered.model_validate_json(m.data or b""))
        for m in messages
    ]


async def test_redelivered_purchase_notifies_the_buyer_once_per_channel(
    service: Service, mail_server: MailServer
) -> None:
    ada, bob = [await someone(service, f"{name}@example.org") for name in ("ada", "bob")]
    purchase, later = a_purchase(person_id=ada), a_purchase(person_id=bob)

    said = await say(service.client, purchase, purchase.order_id)
    await settled(service, 4)
    await say(service.client, purchase, purchase.order_id)
    await say(service.client, later, later.order_id)
    await settled(service, 8)
    await until(lambda: _as_async(len(mail_server.mails) >= 4))

    subjects = sorted(str(mail["Subject"]) for mail in mail_server.to("ada@example.org"))
    assert subjects == ["Welcome to The Studio", "Your receipt for Season pass"]
    told = [n for _, n in await _until_announced(service, 8) if n.person_id == ada]
    assert sorted((n.kind, n.channel) for n in told) == [
        ("receipt", "email"),
        ("receipt", "in_app"),
        ("welcome", "email"),
        ("welcome", "in_app"),
    ]
    assert {n.about_event_id for n in told} == {said.id}


async def _as_async(value: bool) -> bool:
    return value


async def _until_announced(service: Service, count: int) -> Any:
    async def look() -> Any:
        said = await announced(service)
        return said if len(said) >= count else []

    return await until(look)


async def test_late_contact_gets_the_mails_of_its_purchase(
    service: Service, mail_server: MailServer
) -> None:
    purchase = a_purchase()

    await say(service.client, purchase, purchase.order_id)
    await until(lambda: rows(service, "SELECT 1 FROM schedule WHERE last_error IS NOT NULL"))
    contact = Contact(email="late@example.org")
    await Contacts(service.client).put(purchase.person_id, contact)
    await settled(service, 4)

    assert len(mail_server.to("late@example.org")) == 2
    assert await rows(service, "SELECT 1 FROM schedule") == []


async def test_mail_with_a_lost_250_is_sent_again_with_the_same_message_id(
    service: Service, mail_server: MailServer
) -> None:
    mail_server.loses_answer = 1
    ada = await someone(service, "ada@example.org")
    purchase = a_purchase(person_id=ada)

    await say(service.client, purchase, purchase.order_id)
    await settled(service, 4)

    ids = [str(mail["Message-ID"]) for mail in mail_server.mails]
    assert (len(ids), len(set(ids))) == (3, 2)


async def test_only_people_with_access_are_notified_of_a_live_stream(
    service: Service, mail_server: MailServer
) -> None:
    space, experience = uuid4(), uuid4()
    members = [await someone(service, f"member{n}@example.org") for n in range(3)]
    await someone(service, "stranger@example.org")
    await say(service.client, a_space(space), space)
    await say(service.client, an_experience(experience, space), experience)
    for member in members:
        grant = a_grant(experience, member, space_id=space)
        await say(service.client, grant, grant.grant_id)
    await until(
        lambda: rows(
            service,
            "SELECT 1 FROM (SELECT count(*) AS n FROM audience_list) a,"
            " (SELECT count(*) AS n FROM name_list) b WHERE a.n = 3 AND b.n = 2",
        )
    )
    now = SystemClock().now()
    live = a_live_stream(experience, space).model_copy(update={"started_at": now})

    await say(service.client, live, live.stream_id)
    done = await settled(service, 6)

    assert {row["status"] for row in done} == {"delivered"}
    assert sorted(str(mail["To"]) for mail in mail_server.mails) == [
        f"member{n}@example.org" for n in range(3)
    ]
    assert {str(mail["Subject"]) for mail in mail_server.mails} == {"Rehearsals is live now"}
    assert all(mail["List-Unsubscribe-Post"] for mail in mail_server.mails)


async def test_a_live_notice_that_comes_too_late_is_dropped_for_everyone_with_the_reason(
    service: Service, mail_server: MailServer
) -> None:
    experience, member = uuid4(), await someone(service, "member@example.org")
    grant = a_grant(experience, member)
    await say(service.client, grant, grant.grant_id)
    await until(lambda: rows(service, "SELECT 1 FROM audience_list"))
    long_ago = SystemClock().now() - 11 * MINUTE
    live = a_live_stream(experience).model_copy(update={"started_at": long_ago})

    await say(service.client, live, live.stream_id)
    done = await settled(service, 2)

    assert {(row["channel"], row["status"], row["because"]) for row in done} == {
        ("in_app", "dropped", "too_late"),
        ("email", "dropped", "too_late"),
    }
    assert mail_server.mails == []
