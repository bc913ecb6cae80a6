"""Mails go in by SMTP and come out as pages and JSON, restart or not."""

import smtplib
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

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


def test_the_pages_show_a_mail_and_cage_its_html(sandbox):
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


def test_mails_survive_kill_9(tmp_path):
    with running_sandbox(tmp_path) as sandbox:
        send(sandbox, "kept@example.com", "kept")

        sandbox.kill()
        sandbox.start()

        assert [mail["subject"] for mail in messages(sandbox)] == ["kept"]
