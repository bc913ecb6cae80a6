"""Each stand-in's answer while its disk is full: try again later, never a final refusal."""

import errno
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiosmtpd.smtp import Envelope
from fastapi import APIRouter
from starlette.requests import Request

from sandbox.app import create_app
from sandbox.mailbox.post_office import PostOffice
from sandbox.r2 import Endpoint, _signed
from sandbox.r2.signatures import Keys
from sandbox.settings import Settings
from sandbox.state import State, StorageFull


@pytest.fixture
def full(tmp_path: Path):
    """A state in which not one more page can be written."""
    state = State(tmp_path / "state.sqlite3")
    (pages,) = state.execute("PRAGMA page_count", ())[0]
    state.execute(f"PRAGMA max_page_count = {pages}", ())
    yield state
    state.close()


async def test_unstorable_mail_is_refused_temporarily(full: State):
    mail = Envelope()
    mail.content = b"Subject: receipt\r\n\r\n" + b"x" * 100_000
    mail.rcpt_tos = ["fan@example.com"]
    office: Any = PostOffice(full, lambda: datetime.now(UTC))

    answer = await office.handle_DATA(None, None, mail)

    assert answer.startswith("452 ")


async def test_an_api_answers_503_with_the_reason(full: State):
    def build(state: State, _: Settings) -> APIRouter:
        router = APIRouter()

        @router.post("/things")
        async def keep() -> None:
            state.collection("things").put("a", {"name": "x" * 100_000})

        return router

    app = create_app(full, Settings.model_construct(), {"/part": build})
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        answer = await client.post("/part/things")

    assert answer.status_code == 503
    assert "disk of the sandbox is full" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "fault", [StorageFull("full"), OSError(errno.ENOSPC, "No space left on device")]
)
async def test_an_upload_without_room_is_refused_and_may_be_sent_again(
    fault: Exception, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sandbox.r2.check", lambda *_: None)

    async def write(_: Request) -> Any:
        raise fault

    endpoint: Endpoint = _signed(Keys("id", "secret"), write)
    scope = {"type": "http", "method": "PUT", "path": "/b/k", "query_string": b"", "headers": []}
    answer = await endpoint(Request(scope | {"server": ("r2", 80), "scheme": "http"}))

    assert answer.status_code == 503
    assert b"ServiceUnavailable" in bytes(answer.body)
    assert b"make room" in bytes(answer.body)
