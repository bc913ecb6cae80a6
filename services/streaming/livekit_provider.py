"""LiveKit's rooms; the only importer of its SDK."""

import asyncio
import re
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

import aiohttp
from google.protobuf.json_format import Parse
from livekit import api
from typing_extensions import override

from services.streaming.provider import (
    ForgedWebhook,
    Participant,
    RoomEvent,
    RoomToken,
    VideoProvider,
)

R = TypeVar("R")

TOKEN_LIFETIME: Final = timedelta(minutes=10)
_TIMEOUT_S: Final = 4.0
# Longer than a stream waits for its host: the room must not close while the stream is live.
_ROOM_KEPT_EMPTY_S: Final = 35 * 60
_CLOCKS_DIFFER_S: Final = 60
"""How far a webhook's time may lie ahead of ours: the SDK's own leeway for its token."""
_HOST: Final = "host-"
_NAME: Final = re.compile(r"[!-~]{1,255}")


class LiveKitProvider(VideoProvider):
    """Our rooms at LiveKit: the room of a stream is named by its id.

    The SDK is asynchronous and its session belongs to one event loop, while jobs run in threads.
    One loop in a thread of its own therefore carries every call. Calls give up after 4 s.
    """

    def __init__(self, url: str, api_key: str, api_secret: str) -> None:
        self._url = url
        self._key = api_key
        self._secret = api_secret
        self._receiver = api.WebhookReceiver(api.TokenVerifier(api_key, api_secret))
        self._api: api.LiveKitAPI | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="livekit", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the session and its thread."""
        asyncio.run_coroutine_threadsafe(self._end_session(), self._loop).result(_TIMEOUT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_TIMEOUT_S)
        self._loop.close()

    @override
    def open_room(self, stream_id: UUID) -> None:
        wanted = api.CreateRoomRequest(
            name=str(stream_id),
            empty_timeout=_ROOM_KEPT_EMPTY_S,
            departure_timeout=_ROOM_KEPT_EMPTY_S,
        )
        self._call(lambda livekit: livekit.room.create_room(wanted))

    @override
    def has_room(self, stream_id: UUID) -> bool:
        asked = api.ListRoomsRequest(names=[str(stream_id)])
        return bool(self._call(lambda livekit: livekit.room.list_rooms(asked)).rooms)

    @override
    def close_room(self, stream_id: UUID) -> None:
        gone = api.DeleteRoomRequest(room=str(stream_id))
        self._call_unless_missing(lambda livekit: livekit.room.delete_room(gone))

    @override
    def list_participants(self, stream_id: UUID) -> Sequence[Participant]:
        asked = api.ListParticipantsRequest(room=str(stream_id))
        answer = self._call_unless_missing(lambda livekit: livekit.room.list_participants(asked))
        return [] if answer is None else [_participant(each) for each in answer.participants]

    @override
    def remove_participant(self, stream_id: UUID, identity: str) -> None:
        who = api.RoomParticipantIdentity(room=str(stream_id), identity=identity)
        self._call_unless_missing(lambda livekit: livekit.room.remove_participant(who))

    @override
    def read_webhook(self, body: str) -> RoomEvent:
        return _room_event(Parse(body, api.WebhookEvent(), ignore_unknown_fields=True))

    @override
    def verify_webhook(self, body: str, authorization: str) -> RoomEvent:
        """Read a webhook that has just arrived. Raises ForgedWebhook."""
        # The SDK reports a wrong hash by a bare Exception.
        try:
            event = self._receiver.receive(body, authorization.removeprefix("Bearer "))
        except Exception as refused:
            raise ForgedWebhook(str(refused)) from refused
        if event.created_at > time.time() + _CLOCKS_DIFFER_S:
            raise ForgedWebhook("it comes from the future")
        if not (_NAME.fullmatch(event.id) and _NAME.fullmatch(event.event)):
            raise ForgedWebhook("it has no id and kind as LiveKit's events do")
        return _room_event(event)

    @override
    def token(self, stream_id: UUID, person_id: UUID, *, host: bool) -> RoomToken:
        """Return a token for one room and one person: hosts publish, viewers watch, nobody
        administers.

        A host gets an identity of their own, so that watching one's own stream does not end it.
        """
        identity = f"{_HOST}{person_id}" if host else str(person_id)
        grants = api.VideoGrants(
            room_join=True,
            room=str(stream_id),
            can_publish=host,
            can_publish_data=False,
            can_subscribe=True,
        )
        token = (
            api.AccessToken(self._key, self._secret)
            .with_identity(identity)
            .with_grants(grants)
            .with_ttl(TOKEN_LIFETIME)
        )
        expires_at = datetime.now(UTC).replace(microsecond=0) + TOKEN_LIFETIME
        return RoomToken(self._url, token.to_jwt(), str(stream_id), identity, expires_at)

    def _call(self, call: Callable[[api.LiveKitAPI], Awaitable[R]]) -> R:
        async def within_loop() -> R:
            return await call(self._session())

        # A little longer than the session's own limit, so that its error is reported first.
        return asyncio.run_coroutine_threadsafe(within_loop(), self._loop).result(_TIMEOUT_S + 1)

    def _call_unless_missing(self, call: Callable[[api.LiveKitAPI], Awaitable[R]]) -> R | None:
        """Treat an absent room or person as success."""
        try:
            return self._call(call)
        except api.ServerError as refused:
            if refused.code != api.ServerErrorCode.NOT_FOUND:
                raise
            return None

    def _session(self) -> api.LiveKitAPI:
        if self._api is None:
            self._api = api.LiveKitAPI(
                self._url,
                self._key,
                self._secret,
                timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S),
                failover=False,
            )
        return self._api

    async def _end_session(self) -> None:
        if self._api is not None:
            await self._api.aclose()


def _participant(info: api.ParticipantInfo) -> Participant:
    identity = info.identity
    return Participant(
        identity=identity,
        person_id=_uuid(identity.removeprefix(_HOST)),
        is_host=identity.startswith(_HOST),
        is_machine=info.kind != api.ParticipantInfo.STANDARD,
        publishes=bool(info.tracks),
    )


def _room_event(event: api.WebhookEvent) -> RoomEvent:
    has_participant = event.HasField("participant")
    return RoomEvent(
        event_id=event.id,
        kind=event.event,
        stream_id=_uuid(event.room.name),
        participant=_participant(event.participant) if has_participant else None,
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
