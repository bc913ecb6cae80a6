"""Mails go in by SMTP and come out as pages and JSON, even after a restart."""

import asyncio
import smtplib
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest
from aiosmtpd.smtp import Envelope

from sandbox.mailbox.post_office import PostOffice
from sandbox.state import State
from sandbox.tests.process import SandboxProcess, running_sandbox

pytestmark = pytest.mark.own_server


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory):
    data: Path = tmp_path_factory.mktemp("sandbox")
    with running_sandbox(data) as process:
        yield process


def send(sandbox: SandboxProcess, to: str, subject: str, *, html: str | None = None) -> None:
    message = EmailMessage()
    message["From"] = "Backstage Pass <hello@backstage.test>"
    message["To"] = to
    message["Subject"] = subject
    message["X-Notice"] = "welcome"
    message.set_content("Your code is 123456.\nhttps://backstage.test/in\n")
    if html is not None:
        message.add_alternative(html, subtype="html")
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port) as server:
        server.send_message(message)


def messages(sandbox: SandboxProcess, **query: str) -> list[dict]:
    answer = httpx.get(f"{sandbox.url}/mailbox/messages.json", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_mail_is_read_back_whole(sandbox):
    send(sandbox, "zoë@example.com", "Grüße ✓", html="<h1>Hello</h1>")

    (mail,) = messages(sandbox, to="ZOË@example.com")

    assert mail["subject"] == "Grüße ✓"
    assert mail["to"] == ["zoë@example.com"]
    assert mail["from"] == "hello@backstage.test"
    assert mail["text"].startswith("Your code is 123456.")
    assert mail["html"].strip() == "<h1>Hello</h1>"
    assert ["X-Notice", "welcome"] in mail["headers"]
    age = datetime.now(UTC) - datetime.fromisoformat(mail["received_at"])
    assert timedelta() <= age < timedelta(minutes=1)


def test_messages_are_chosen_by_address_and_time_newest_first(sandbox):
    send(sandbox, "chosen@example.com", "first")
    send(sandbox, "other@example.com", "else")
    send(sandbox, "chosen@example.com", "second")

    mine = messages(sandbox, to="chosen@example.com")
    since = messages(sandbox, to="chosen@example.com", since=mine[0]["received_at"])
    later = messages(sandbox, since="2999-01-01T00:00:00Z")
    by_seconds = messages(sandbox, to="chosen@example.com", since="1000000000")

    assert [mail["subject"] for mail in mine] == ["second", "first"]
    assert [mail["subject"] for mail in since] == ["second"]
    assert later == []
    assert len(by_seconds) == 2
    answer = httpx.get(f"{sandbox.url}/mailbox/messages.json", params={"since": "yesterday"})
    assert answer.status_code == 422


def test_pages_show_a_mail_and_sandbox_its_html(sandbox):
    hostile = "<script>document.title='caught'</script><p>Hi</p>"
    send(sandbox, "page@example.com", "<b>Sale</b> & more", html=hostile)
    (mail,) = messages(sandbox, to="page@example.com")

    listed = httpx.get(f"{sandbox.url}/mailbox?to=page@example.com")
    page = httpx.get(f"{sandbox.url}/mailbox/{mail['id']}")
    part = httpx.get(f"{sandbox.url}/mailbox/{mail['id']}/html")

    assert "&lt;b&gt;Sale&lt;/b&gt; &amp; more" in listed.text
    assert "Your code is 123456." in page.text
    assert 'href="https://backstage.test/in"' in page.text
    assert "<script" not in listed.text + page.text
    policy = part.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-popups")
    assert "allow-scripts" not in policy
    assert httpx.get(f"{sandbox.url}/mailbox/none").status_code == 404


def test_an_inbox_is_read_without_looking_through_the_mails_of_others(tmp_path):
    read = []

    class CountingState(State):
        def execute(self, sql, values):
            rows = super().execute(sql, values)
            if sql.startswith("SELECT"):
                read.append(len(rows))
            return rows

    state = CountingState(tmp_path / "state.sqlite3")
    office = PostOffice(state, lambda: datetime.now(UTC))
    mine = [deliver(office, "mine@example.com")]
    others = [deliver(office, f"{number}@example.com") for number in range(500)]
    read.clear()

    found = [mail["id"] for mail in office.mails(to="Mine@example.com")]
    rows_read = sum(read)
    everything = len(list(office.mails()))
    state.close()

    assert found == mine
    assert rows_read <= 3
    assert everything == 1 + len(others)


def test_mails_that_came_before_the_index_are_found(tmp_path):
    state = State(tmp_path / "state.sqlite3")
    old = {"id": "1", "to": ["Old@example.com"], "received_at": "2026-01-01T00:00:00Z"}
    state.collection("mailbox.mails").put("1", old)

    office = PostOffice(state, lambda: datetime.now(UTC))
    found = list(office.mails(to="old@example.com"))
    state.close()

    assert found == [old]


def deliver(office, to):
    envelope = Envelope()
    envelope.rcpt_tos, envelope.content = [to], b"Subject: x\r\n\r\nHello"
    answer = asyncio.run(office.handle_DATA(None, None, envelope))
    return answer.rpartition(" ")[2]


def test_mails_survive_kill_9(tmp_path):
    with running_sandbox(tmp_path) as sandbox:
        send(sandbox, "kept@example.com", "kept")

        sandbox.kill()
        sandbox.start()

        assert [mail["subject"] for mail in messages(sandbox)] == ["kept"]
