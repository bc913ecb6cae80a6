"""The HTTP edge of the identity service: codes, sessions, one's own profile."""

from typing import Annotated, Final
from uuid import UUID, uuid5

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel, Field

from libs.runtime.http.app import CommandCause, Person
from libs.runtime.http.bodies import RequestBody
from libs.runtime.http.intake import NO_ROOM, TheIntake
from libs.runtime.http.problems import Problem, Refusal
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from services.identity.application import Guess, Identity, NoRoomForMore
from services.identity.domain import (
    InvalidAddress,
    InvalidDisplayName,
    PersonNotFound,
    SessionNotFound,
    TooManyCodes,
    Verdict,
    network_of,
    normalise_address,
)
from services.identity.keyed_hashing import KeyedHashing, token_hash
from services.identity.queries import (
    CurrentSession,
    NoSession,
    Profile,
    SessionListItem,
    get_current_session,
    get_profile,
    list_sessions_of,
)

REFUSALS: Final = {
    InvalidAddress: Refusal(422, "invalid_address", "This is no e-mail address"),
    InvalidDisplayName: Refusal(422, "invalid_display_name", "This name can't be shown"),
    NoSession: Refusal(401, "no_session", "No one is signed in by this token"),
    SessionNotFound: Refusal(404, "session_not_found", "You have no such session"),
    PersonNotFound: Refusal(404, "person_not_found", "There is no such person"),
}
_VERDICTS: Final = {
    Verdict.WRONG: Refusal(422, "wrong_code", "This is not the newest code for this browser"),
    Verdict.EXPIRED: Refusal(422, "code_expired", "This code is used or older than 10 minutes"),
    Verdict.BURNED: Refusal(422, "code_burned", "Too many wrong tries; ask for a new code"),
    Verdict.TOO_MANY_TRIES: Refusal(429, "too_many_tries", "Too many wrong tries in an hour"),
}
_USER_AGENT_LENGTH: Final = 300

Text = Annotated[str, Field(min_length=1, max_length=320)]
Locale = Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]


class CodeRequest(RequestBody):
    """A request for a code: an address, and the browser and network that ask."""

    email: Text
    browser_id: Text
    network_address: Annotated[str, Field(max_length=64)] = ""
    locale: Locale = "en"


class SessionRequest(RequestBody):
    """A typed code, from the browser that asked for it."""

    email: Text
    code: Annotated[str, Field(max_length=32)]
    browser_id: Text
    user_agent: str = ""


class SessionStarted(BaseModel):
    """A new session; its token is shown only once."""

    session_token: str
    session_id: UUID
    person_id: UUID


class ProfileChange(RequestBody):
    """Changes of one's own profile; absent fields stay."""

    display_name: Annotated[str, Field(max_length=400)] | None = None
    locale: Locale | None = None


def router(store: Store[Identity], hashing: KeyedHashing) -> APIRouter:
    """Return the routes of the service."""
    routes = APIRouter()
    routes.include_router(_sign_in(store, hashing))
    routes.include_router(_sessions(store))
    routes.include_router(_profile(store))
    return routes


def _sign_in(store: Store[Identity], hashing: KeyedHashing) -> APIRouter:
    routes = APIRouter()

    def attempt(cause: Cause, *typed: str) -> Cause:
        """Return the request's digest: a repeated key gets the stored answer only for the same
        input."""
        command_id = uuid5(cause.command_id, hashing.attempt_name(*typed))
        return Cause(command_id, cause.actor, cause.traceparent)

    @routes.post("/sign-in-codes", status_code=202)
    async def request_code(asked: CodeRequest, cause: CommandCause) -> dict[str, str]:
        """Mail a code; the same answer for known and unknown addresses. 429 too_many_codes."""
        once = attempt(cause, asked.email, asked.browser_id)
        network = network_of(asked.network_address)

        def decide() -> None:
            store.application.request_code(
                once.command_id, asked.email, asked.browser_id, network, asked.locale
            )

        try:
            await store.command(once, decide)
        except TooManyCodes as many:
            raise _later("too_many_codes", "Too many codes were asked for", many) from None
        return {}

    @routes.post("/sessions", status_code=201)
    async def sign_in(
        typed: SessionRequest, cause: CommandCause, intake: TheIntake
    ) -> SessionStarted:
        """Start a session. 422 wrong_code, code_expired, code_burned; 429 too_many_tries.

        503 storage_low to a new person. Only somebody who typed the right code learns by it whether
        the address is known. The code stays valid.
        """
        once = attempt(cause, typed.email, typed.code, typed.browser_id)
        token = hashing.session_token(once.command_id, typed.browser_id)
        guess = Guess(
            address=normalise_address(typed.email),
            code="".join(typed.code.split()),
            browser_id=typed.browser_id,
            user_agent=typed.user_agent[:_USER_AGENT_LENGTH],
            token_hash=token_hash(token),
            may_register=intake.short_of_room() is None,
        )
        try:
            outcome = await store.command(once, lambda: store.application.sign_in(guess))
        except NoRoomForMore:
            raise NO_ROOM from None
        verdict = Verdict(outcome["verdict"])
        if verdict is not Verdict.RIGHT:
            wrong = _VERDICTS[verdict]
            raise Problem(wrong.status, wrong.code, wrong.title)
        return SessionStarted(
            session_token=token,
            session_id=UUID(outcome["session_id"]),
            person_id=UUID(outcome["person_id"]),
        )

    return routes


def _later(code: str, title: str, many: TooManyCodes) -> Problem:
    seconds = max(1, round(many.retry_after.total_seconds()))
    return Problem(429, code, title, headers={"Retry-After": str(seconds)})


def _sessions(store: Store[Identity]) -> APIRouter:
    routes = APIRouter()

    @routes.get("/sessions/current")
    async def current(x_session_token: Annotated[str, Header()] = "") -> CurrentSession:
        """Return whom a session token stands for. 401 no_session."""
        now = store.clock.now()
        hashed = token_hash(x_session_token)
        session = await store.ask(lambda curs: get_current_session(curs, hashed, now))
        if session.was_last_seen_long_before(now):
            hour = uuid5(session.session_id, now.strftime("%Y-%m-%dT%H"))
            cause = Cause(hour, str(session.person_id))
            await store.command(cause, lambda: store.application.note_seen(session.session_id))
        return session

    @routes.get("/sessions")
    async def list_mine(person: Person) -> list[SessionListItem]:
        """Return one's own open sessions."""
        now = store.clock.now()
        return await store.ask(
            lambda curs: list_sessions_of(curs, person.id, person.session_id, now)
        )

    @routes.delete("/sessions/{session_id}", status_code=204)
    async def end(session_id: UUID, person: Person, cause: CommandCause) -> Response:
        """End one of one's own sessions. 404 session_not_found."""
        await store.command(cause, lambda: store.application.end_session(person.id, session_id))
        return Response(status_code=204)

    @routes.delete("/sessions", status_code=204)
    async def end_all(person: Person, cause: CommandCause) -> Response:
        """End all of one's own sessions, the present one included."""
        await store.command(cause, lambda: store.application.end_all_sessions(person.id))
        return Response(status_code=204)

    return routes


def _profile(store: Store[Identity]) -> APIRouter:
    routes = APIRouter()

    @routes.get("/people/me")
    async def me(person: Person) -> Profile:
        """Return one's own profile."""
        return await store.ask(lambda curs: get_profile(curs, person.id))

    @routes.patch("/people/me")
    async def change(wanted: ProfileChange, person: Person, cause: CommandCause) -> Profile:
        """Change one's name or language. 422 invalid_display_name."""

        def decide() -> None:
            store.application.change_profile(person.id, wanted.display_name, wanted.locale)

        await store.command(cause, decide)
        return await store.ask(lambda curs: get_profile(curs, person.id))

    return routes
