"""The way into the chat: a token for a person who may be in the channel."""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel

from libs.runtime.http.app import CommandCause, Person
from libs.runtime.http.problems import Refusal
from libs.runtime.store.store import Store
from services.chat import queries
from services.chat.application import Chat
from services.chat.queries import ExperienceNotFound, NoAccess

TOKEN_LIFETIME: Final = timedelta(hours=1)
_INTRODUCED_AGAIN_AFTER_S: Final = 600.0
_MOST_REMEMBERED: Final = 50_000

REFUSALS: Final[Mapping[type[Exception], Refusal]] = {
    ExperienceNotFound: Refusal(404, "experience_not_found", "There is no such experience"),
    NoAccess: Refusal(403, "no_access", "You have no access to this chat"),
}


class TokenIssuer(Protocol):
    """What a browser needs to use the provider as a person."""

    api_key: str
    base_url: str
    channel_type: str

    def token(self, person_id: UUID, now: datetime, expires_at: datetime) -> str:
        """Return a token that identifies the person until it expires."""
        ...


class ChatEntry(BaseModel):
    """How to open the chat; `joining` until the provider has confirmed the member."""

    api_key: str
    base_url: str
    user_id: UUID
    token: str
    expires_at: AwareDatetime
    channel_type: str
    channel_id: str
    role: Literal["member", "moderator"]
    state: Literal["ready", "joining"]


class _Introductions:
    """Whom this process introduced lately: a display name changes without an event."""

    def __init__(self) -> None:
        self._introduced_at: dict[UUID, float] = {}

    def is_due(self, person_id: UUID) -> bool:
        now = time.monotonic()
        last = self._introduced_at.get(person_id)
        if last is not None and now - last < _INTRODUCED_AGAIN_AFTER_S:
            return False
        if len(self._introduced_at) >= _MOST_REMEMBERED:
            self._introduced_at.clear()
        self._introduced_at[person_id] = now
        return True


def chat_router(store: Store[Chat], issuer: TokenIssuer) -> APIRouter:
    """The routes of the chat service."""
    router = APIRouter()
    introductions = _Introductions()

    @router.get("/experiences/{experience_id}/chat", responses={401: {}, 403: {}, 404: {}})
    async def open_chat(experience_id: UUID, person: Person, cause: CommandCause) -> ChatEntry:
        member = await store.ask(lambda curs: queries.get_member_of(curs, person.id, experience_id))
        if introductions.is_due(person.id):
            await store.command(cause, lambda: store.application.introduce(person.id))
        now = store.clock.now()
        expires_at = (now + TOKEN_LIFETIME).replace(microsecond=0)
        return ChatEntry(
            api_key=issuer.api_key,
            base_url=issuer.base_url,
            user_id=person.id,
            token=issuer.token(person.id, now, expires_at),
            expires_at=expires_at,
            channel_type=issuer.channel_type,
            channel_id=str(experience_id),
            role="moderator" if member.wanted_role == "moderator" else "member",
            state="ready" if member.is_confirmed else "joining",
        )

    return router
