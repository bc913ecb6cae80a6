"""The HTTP edge of the streaming service: go live, watch, end, and LiveKit's webhooks."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from fastapi import APIRouter, Depends, Header, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict

from libs.runtime.failpoints import failpoint
from libs.runtime.http.app import CommandCause, Person
from libs.runtime.http.bodies import RequestBody
from libs.runtime.http.intake import needs_room
from libs.runtime.http.problems import Problem, Refusal
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from libs.runtime.views.view import ViewCursor
from services.streaming import queries
from services.streaming.application import Streaming, StreamNotFound
from services.streaming.domain import AlreadyLive, EndCause
from services.streaming.provider import (
    ForgedWebhook,
    VideoProvider,
    VideoServer,
    VideoServerNotReady,
)
from services.streaming.queries import (
    ExperienceNotFound,
    NoAccess,
    NotALiveExperience,
    NotOnTeam,
    RoleNotAllowed,
    StreamSeen,
)

LIVE_WITHIN_S: Final = 2.0
"""How long going live waits for its room before it answers `opening`."""
_POLL_S: Final = 0.02

REFUSALS: Final[Mapping[type[Exception], Refusal]] = {
    ExperienceNotFound: Refusal(404, "experience_not_found", "There is no such experience"),
    StreamNotFound: Refusal(404, "stream_not_found", "There is no such stream"),
    NotOnTeam: Refusal(403, "not_on_team", "Only the team of the space may do this"),
    RoleNotAllowed: Refusal(403, "role_not_allowed", "Your role in this space does not go live"),
    NoAccess: Refusal(403, "no_access", "You have no access to this experience"),
    AlreadyLive: Refusal(409, "already_live", "This experience is on air already"),
    NotALiveExperience: Refusal(409, "not_a_live_experience", "This experience has no video"),
    VideoServerNotReady: Refusal(
        503, "video_server_not_ready", "The video server is not ready yet", retry_after_s=60
    ),
}


class StreamShown(BaseModel):
    """A stream. `state` is `off` (without an id) before the first stream, and `lobby` while the
    room is open and no host was seen.

    `recording` is `requested` until a recording exists.
    """

    state: Literal["off", "opening", "lobby", "live", "back_soon", "ended"]
    experience_id: UUID
    stream_id: UUID | None = None
    started_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    cause: str | None = None
    recording: str | None = None


class VideoServerShown(BaseModel):
    """Whether streams can start here; `about_minutes` is the duration of the preparation."""

    model_config = ConfigDict(from_attributes=True)
    state: Literal["ready", "preparing", "absent"]
    about_minutes: int | None = None
    progress: str | None = None


class TokenRequest(RequestBody):
    """The role in which somebody wants to enter."""

    model_config = ConfigDict(extra="forbid")
    role: Literal["viewer", "host"]


class TokenIssued(BaseModel):
    """A token for one room, valid for ten minutes; each attempt to enter needs a new one."""

    model_config = ConfigDict(from_attributes=True)
    url: str
    token: str
    room: str
    identity: str
    expires_at: AwareDatetime


class _Routes:
    """The routes: check who asks, carry out one use case or query, answer."""

    def __init__(
        self,
        store: Store[Streaming],
        provider: VideoProvider,
        video_server: VideoServer,
        live_within_s: float,
    ) -> None:
        self._live_within_s = live_within_s
        self._video_server = video_server
        self._store = store
        self._provider = provider
        self._streaming = store.application

    async def show_video_server(self, person: Person) -> VideoServerShown:
        """Return whether streams can start here now."""
        return VideoServerShown.model_validate(self._video_server.state())

    async def show_stream(self, experience_id: UUID, person: Person) -> StreamShown:
        """Return the newest stream of an experience to people who may watch it."""

        def read(curs: ViewCursor) -> StreamSeen | None:
            queries.get_experience(curs, experience_id)
            queries.require_access(curs, experience_id, person.id, self._store.clock.now())
            return queries.find_newest_stream(curs, experience_id)

        return _shown(experience_id, await self._store.ask(read))

    async def go_live(
        self, experience_id: UUID, person: Person, cause: CommandCause
    ) -> StreamShown:
        """Put an experience on air; for team members who may go live."""

        def check(curs: ViewCursor) -> UUID:
            experience = queries.get_experience(curs, experience_id)
            queries.require_host(curs, experience.space_id, person.id)
            if experience.kind != "live":
                raise NotALiveExperience(experience_id)
            return experience.space_id

        space_id = await self._store.ask(check)
        if self._video_server.state().state != "ready":
            raise VideoServerNotReady
        stream_id = uuid5(cause.command_id, "stream")
        answer = await self._store.command(
            cause,
            lambda: self._streaming.go_live(stream_id, experience_id, space_id, person.id),
        )
        return _shown(experience_id, await self._until_open(UUID(answer)))

    async def _until_open(self, stream_id: UUID) -> StreamSeen:
        """Wait a moment for the provider's room, so that most answers say `lobby`."""
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + self._live_within_s
        while True:
            stream = await self._store.ask(lambda curs: queries.get_stream(curs, stream_id))
            if stream.state != "opening" or loop.time() > give_up_at:
                return stream
            await asyncio.sleep(_POLL_S)

    async def end_stream(self, stream_id: UUID, person: Person, cause: CommandCause) -> StreamShown:
        """End a stream; idempotent."""
        stream = await self._store.ask(lambda curs: _for_host(curs, stream_id, person.id))
        await self._store.command(
            cause, lambda: self._streaming.end_stream(stream_id, EndCause.TEAM)
        )
        ended = await self._store.ask(lambda curs: queries.get_stream(curs, stream_id))
        return _shown(stream.experience_id, ended)

    async def issue_token(
        self, stream_id: UUID, wanted: TokenRequest, person: Person
    ) -> TokenIssued:
        """Issue a token after checking grants, bans and team role at this moment."""
        host = wanted.role == "host"

        def check(curs: ViewCursor) -> StreamSeen:
            stream = queries.get_stream(curs, stream_id)
            if host:
                queries.require_host(curs, stream.space_id, person.id)
            now = self._store.clock.now()
            queries.require_access(curs, stream.experience_id, person.id, now)
            return stream

        stream = await self._store.ask(check)
        if stream.is_over:
            raise Problem(409, "not_live", "This stream is over")
        token = self._provider.token(stream_id, person.id, host=host)
        return TokenIssued.model_validate(token)

    async def receive_webhook(
        self, request: Request, authorization: Annotated[str, Header()] = ""
    ) -> None:
        """Store a LiveKit webhook with a valid signature; it is handled afterwards."""
        try:
            body = (await request.body()).decode()
            told = self._provider.verify_webhook(body, authorization)
        except (ForgedWebhook, UnicodeDecodeError):
            raise Problem(401, "bad_signature", "Not signed by our LiveKit") from None
        cause = Cause(uuid5(NAMESPACE_URL, f"livekit/{told.event_id}"), actor="livekit")
        failpoint("webhook.before_store")
        await self._store.command(
            cause,
            lambda: self._streaming.receive_webhook(told.event_id, told.kind, body),
        )
        failpoint("webhook.after_store")


def streaming_router(
    store: Store[Streaming],
    provider: VideoProvider,
    video_server: VideoServer,
    live_within_s: float = LIVE_WITHIN_S,
) -> APIRouter:
    """Return the routes of the streaming service."""
    router = APIRouter()
    routes = _Routes(store, provider, video_server, live_within_s)
    of_experience, of_stream = "/experiences/{experience_id}", "/streams/{stream_id}"
    router.get("/video-server", responses=_problems(401))(routes.show_video_server)
    router.get(f"{of_experience}/stream", responses=_problems(401, 403, 404))(routes.show_stream)
    router.post(
        f"{of_experience}/streams",
        status_code=201,
        responses=_problems(401, 403, 404, 409, 503),
        dependencies=[Depends(needs_room)],
    )(routes.go_live)
    router.post(f"{of_stream}/end", responses=_problems(401, 403, 404))(routes.end_stream)
    router.post(f"{of_stream}/tokens", responses=_problems(401, 403, 404, 409))(routes.issue_token)
    router.post("/webhooks/livekit", status_code=204, responses=_problems(401))(
        routes.receive_webhook
    )
    return router


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the errors that a route declares: problems with a stable code (RFC 9457)."""
    content: dict[str, Any] = {"application/problem+json": {}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }


def _for_host(curs: ViewCursor, stream_id: UUID, person_id: UUID) -> StreamSeen:
    stream = queries.get_stream(curs, stream_id)
    queries.require_host(curs, stream.space_id, person_id)
    return stream


def _shown(experience_id: UUID, stream: StreamSeen | None) -> StreamShown:
    if stream is None:
        return StreamShown(state="off", experience_id=experience_id)
    return StreamShown.model_validate(stream, from_attributes=True)
