from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Form
from pydantic import BaseModel

from libs.runtime.http import person_token
from libs.runtime.http.app import CommandCause, Person, create_app
from libs.runtime.http.problems import Refusal

SECRET = "a secret of at least thirty-two characters"
router = APIRouter()


class SoldOut(Exception):
    """No seat is left."""


class Order(BaseModel):
    seats: int


@router.post("/orders")
async def order(body: Order, person: Person, cause: CommandCause) -> Mapping[str, Any]:
    if body.seats > 5:
        raise SoldOut
    return {"person": str(person.id), "command": str(cause.command_id), "actor": cause.actor}


@router.post("/orders/{order}/refund")
async def refund(order: str, cause: CommandCause) -> Mapping[str, Any]:
    return {"command": str(cause.command_id), "request": cause.request}


@router.post("/choices")
async def choose(choice: Annotated[str, Form()], cause: CommandCause) -> Mapping[str, Any]:
    return {"command": str(cause.command_id), "request": cause.request}


@router.get("/broken")
async def broken() -> None:
    raise RuntimeError("a fault")


async def ready() -> Mapping[str, Any]:
    return {"status": "ready"}


def an_app() -> FastAPI:
    return create_app(
        "shop",
        person_token_secret=SECRET,
        routers=[router],
        refusals={SoldOut: Refusal(409, "sold_out", "No seat is left")},
        ready=ready,
    )


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(an_app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        yield client


def bearer(person: UUID, secret: str = SECRET, at: datetime | None = None) -> dict[str, str]:
    token = person_token.sign(secret, person, "session", at or datetime.now(UTC))
    return {"Authorization": f"Bearer {token}"}


async def test_a_signed_person_is_known(client: httpx.AsyncClient) -> None:
    person = uuid4()

    answer = await client.post("/orders", json={"seats": 1}, headers=bearer(person))

    assert answer.json()["person"] == answer.json()["actor"] == str(person)


async def test_the_same_idempotency_key_of_the_same_person_is_the_same_command(
    client: httpx.AsyncClient,
) -> None:
    one, other = bearer(uuid4()), bearer(uuid4())
    key = {"Idempotency-Key": "k1"}

    answers = [
        (await client.post("/orders", json={"seats": 1}, headers=who | key)).json()["command"]
        for who in (one, one, other)
    ]

    assert answers[0] == answers[1] != answers[2]


async def test_the_same_key_on_another_route_is_another_command(client: httpx.AsyncClient) -> None:
    key = bearer(uuid4()) | {"Idempotency-Key": "k1"}

    commands = [
        (await client.post(path, json={"seats": 1}, headers=key)).json()["command"]
        for path in ("/orders", "/orders/1/refund", "/orders/2/refund")
    ]

    assert len(set(commands)) == 3


async def test_command_with_a_key_carries_a_digest_of_its_request(
    client: httpx.AsyncClient,
) -> None:
    async def asked(key: str | None = "k", query: str = "", **parts: Any) -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        answer = await client.post(f"/orders/1/refund{query}", headers=headers, **parts)
        return answer.json()["request"]

    first = await asked(json={"amount": 1})

    assert first == await asked(json={"amount": 1})
    assert (
        len({first, await asked(json={"amount": 2}), await asked(), await asked(query="?a")}) == 4
    )
    assert await asked(key=None) is None


async def test_digest_of_a_form_covers_its_fields(client: httpx.AsyncClient) -> None:
    async def asked(choice: str) -> Any:
        key = {"Idempotency-Key": "k"}
        return (await client.post("/choices", data={"choice": choice}, headers=key)).json()

    first, again, other = await asked("stop"), await asked("stop"), await asked("go")

    assert first == again
    assert first["command"] == other["command"]
    assert first["request"] != other["request"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        bearer(uuid4(), secret="another secret of at least thirty-two characters"),
        bearer(uuid4(), at=datetime.now(UTC) - timedelta(minutes=5)),
        {"Authorization": "Bearer nonsense"},
    ],
    ids=["no token", "forged", "expired", "nonsense"],
)
async def test_unsigned_request_is_refused(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await client.post("/orders", json={"seats": 1}, headers=headers)

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b'{"seats": 6}', 409, "sold_out"),
        (b'{"seats": "many"}', 422, "invalid_request"),
        (b'{"seats": ', 400, "malformed_json"),
        (b"x" * (1024 * 1024 + 1), 413, "body_too_large"),
    ],
    ids=["refused", "wrong field", "no JSON", "too large"],
)
async def test_bad_input_gets_a_problem_with_a_stable_code(
    client: httpx.AsyncClient, content: bytes, status: int, code: str
) -> None:
    headers = bearer(uuid4()) | {"Content-Type": "application/json"}

    answer = await client.post("/orders", content=content, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_body_without_a_length_is_counted(client: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100_000

    headers = bearer(uuid4()) | {"Content-Type": "application/json"}
    answer = await client.post("/orders", content=chunks(), headers=headers)

    assert answer.json()["code"] == "body_too_large"


async def test_wrong_field_is_named(client: httpx.AsyncClient) -> None:
    answer = await client.post("/orders", json={"seats": "many"}, headers=bearer(uuid4()))

    assert [error["field"] for error in answer.json()["errors"]] == ["seats"]


async def test_fault_reveals_no_internals(client: httpx.AsyncClient) -> None:
    answer = await client.get("/broken")

    assert answer.status_code == 500
    assert "a fault" not in answer.text


@pytest.mark.parametrize("name", ["Host", "User-Agent", "traceparent", "baggage", "Cookie"])
async def test_undecodable_header_is_no_server_error(client: httpx.AsyncClient, name: str) -> None:
    for value in (b"\xe9", b"\xff\\", b"\\N{\xff"):
        answer = await client.get("/health/live", headers={name: value})
        asked = await client.post("/orders/1/refund", headers={name: value})

        assert (answer.status_code, asked.status_code) == (200, 200)


async def test_undecodable_query_is_no_server_error() -> None:
    answers: list[int] = []

    async def send(message: Any) -> None:
        answers.append(message.get("status", 0))

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": "/health/live",
        "query_string": b"a=\xff\\&b=%C3%A4",
        "headers": [(b"host", b"shop")],
        "server": ("shop", 80),
    }
    await an_app()(scope, receive, send)

    assert answers[0] == 200
    assert scope["query_string"] == b"a=%FF\\&b=%C3%A4"


async def test_an_unknown_route_is_a_problem(client: httpx.AsyncClient) -> None:
    answer = await client.get("/nowhere")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
