"""The chat provider GetStream; the only importer of its SDK."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import requests
from requests.adapters import HTTPAdapter
from stream_chat import StreamChat
from stream_chat.base.exceptions import StreamAPIException
from typing_extensions import override

from services.chat.domain import Role
from services.chat.provider import ChannelMissing, ChatProvider, PersonUnknown, StillMember

CHANNEL_TYPE: Final = "experience"
CREATOR: Final = "backstage"
"""GetStream needs a user who created a channel; nobody signs in as this one."""

_TIMEOUT_S: Final = 4.0
_CONNECTIONS: Final = 16
_MOST_AT_ONCE: Final = 100
_CLOCK_SKEW: Final = timedelta(seconds=10)
_BAD_INPUT: Final = 4
_DOES_NOT_EXIST: Final = 16

_TALK: Final = (
    "add-links",
    "create-attachment",
    "create-mention",
    "create-message",
    "create-reaction",
    "create-reply",
    "delete-attachment-owner",
    "delete-message-owner",
    "delete-reaction-owner",
    "flag-message",
    "mute-channel",
    "read-channel",
    "read-channel-members",
    "send-custom-event",
    "update-message-owner",
    "upload-attachment",
)
_MODERATE: Final = (
    *_TALK,
    "ban-channel-member",
    "delete-attachment",
    "delete-message",
    "delete-reaction",
    "pin-message",
    "read-message-flags",
    "skip-channel-cooldown",
    "update-channel-cooldown",
)
# A role that is missing here keeps GetStream's defaults, which let anyone create channels. So the
# roles of people who are no members are listed, without permissions.
_GRANTS: Final[dict[str, list[str]]] = {
    "channel_member": sorted(_TALK),
    "channel_moderator": sorted(_MODERATE),
    "user": [],
    "guest": [],
    "anonymous": [],
    "moderator": [],
    "admin": [],
}
_FEATURES: Final[dict[str, Any]] = {
    "automod": "disabled",
    "automod_behavior": "flag",
    "max_message_length": 5000,
    "typing_events": True,
    "read_events": True,
    "connect_events": True,
    "reactions": True,
    "replies": True,
    "mutes": True,
    "uploads": True,
    "url_enrichment": False,
}
_FAULTS: Final = (
    StreamAPIException,
    requests.RequestException,
    ChannelMissing,
    PersonUnknown,
)
_BY_ID: Final = [{"field": "user_id", "direction": 1}]
_CHANNEL_ROLES: Final = {Role.MEMBER: "channel_member", Role.MODERATOR: "channel_moderator"}


class StreamProvider(ChatProvider):
    """Our channels at GetStream. A call times out after 4 s and may be repeated."""

    def __init__(self, api_key: str, api_secret: str, base_url: str) -> None:
        self.api_key = api_key
        self.channel_type = CHANNEL_TYPE
        self.base_url = base_url
        self._client = StreamChat(api_key, api_secret, timeout=_TIMEOUT_S, base_url=base_url)
        session = requests.Session()
        adapter = HTTPAdapter(pool_maxsize=_CONNECTIONS, max_retries=1)
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        self._client.set_http_session(session)
        self._session = session
        self._batcher = MemberBatcher(self._add_members)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    @override
    def prepare(self) -> None:
        self._client.upsert_user({"id": CREATOR, "role": "user"})
        try:
            present = self._client.get_channel_type(CHANNEL_TYPE)
        except StreamAPIException as refused:
            if not _says(refused, _DOES_NOT_EXIST):
                raise
            self._client.create_channel_type({"name": CHANNEL_TYPE, **_FEATURES, "grants": _GRANTS})
            return
        if not _is_as_wanted(present):
            self._client.update_channel_type(CHANNEL_TYPE, **_FEATURES, grants=_GRANTS)

    @override
    def open_channel(self, experience_id: UUID, name: str) -> None:
        try:
            self._create_channel(experience_id, name)
        except StreamAPIException:
            # The first start has yet to make the type, or GetStream lost it.
            self.prepare()
            self._create_channel(experience_id, name)

    @override
    def add_member(self, experience_id: UUID, person_id: UUID, role: Role) -> None:
        self._batcher.add(
            str(experience_id),
            {"user_id": str(person_id), "channel_role": _CHANNEL_ROLES[role]},
        )

    @override
    def change_role(self, experience_id: UUID, person_id: UUID, role: Role) -> None:
        member = {"user_id": str(person_id), "channel_role": _CHANNEL_ROLES[role]}
        self._add_members(str(experience_id), [member])
        self._channel(experience_id).assign_roles([member])

    @override
    def remove_member(self, experience_id: UUID, person_id: UUID) -> None:
        channel = self._channel(experience_id)
        try:
            channel.remove_members([str(person_id)])
        except StreamAPIException as refused:
            # GetStream refuses to remove a user it does not know: the list below decides.
            if not _says(refused, _BAD_INPUT, _DOES_NOT_EXIST):
                raise
        if self.find_member(experience_id, person_id) is not None:
            raise StillMember(person_id)

    @override
    def list_members(self, experience_id: UUID) -> Mapping[UUID, Role]:
        channel, seen = self._channel(experience_id), 0
        members: dict[UUID, Role] = {}
        while True:
            try:
                page = channel.query_members({}, _BY_ID, limit=_MOST_AT_ONCE, offset=seen)
            except StreamAPIException as refused:
                if _says(refused, _DOES_NOT_EXIST):
                    return {}
                raise
            seen += len(page)
            members |= dict(_roles(page))
            if len(page) < _MOST_AT_ONCE:
                return members

    @override
    def introduce(self, person_id: UUID, display_name: str | None) -> None:
        user = {"id": str(person_id)}
        if display_name:
            user["name"] = display_name
        self._client.upsert_user(user)

    def find_member(self, experience_id: UUID, person_id: UUID) -> dict[str, Any] | None:
        """Return the member as GetStream has it, None if the person is not in the channel."""
        try:
            found = self._channel(experience_id).query_members({"id": str(person_id)})
        except StreamAPIException as refused:
            if _says(refused, _DOES_NOT_EXIST):
                return None
            raise
        return found[0] if found else None

    def token(self, person_id: UUID, now: datetime, expires_at: datetime) -> str:
        """Return a token that identifies the person; what they may do is up to each channel."""
        return self._client.create_token(
            str(person_id),
            exp=int(expires_at.timestamp()),
            iat=int((now - _CLOCK_SKEW).timestamp()),
        )

    def _channel(self, experience_id: UUID | str) -> Any:
        return self._client.channel(CHANNEL_TYPE, str(experience_id))

    def _create_channel(self, experience_id: UUID, name: str) -> None:
        self._client.channel(CHANNEL_TYPE, str(experience_id), {"name": name}).create(CREATOR)

    def _add_members(self, channel_id: str, members: Sequence[dict[str, str]]) -> None:
        try:
            self._channel(channel_id).add_members(list(members))
        except StreamAPIException as refused:
            if _says(refused, _DOES_NOT_EXIST):
                raise ChannelMissing(channel_id) from refused
            if len(members) == 1 and _says(refused, _BAD_INPUT):
                raise PersonUnknown(members[0]["user_id"]) from refused
            raise


@dataclass
class _Waiter:
    """Somebody who waits to be added, and the outcome."""

    member: dict[str, str]
    done: bool = False
    refused: Exception | None = None


class MemberBatcher:
    """Adds people who come to one channel at the same time by one call.

    The first person is added at once. Those who come during that call are added together by the
    next one.
    """

    def __init__(self, add_members: Callable[[str, Sequence[dict[str, str]]], None]) -> None:
        self._add_members = add_members
        self._lock = threading.Lock()
        self._waiting: dict[str, list[_Waiter]] = defaultdict(list)
        self._channels: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def add(self, channel_id: str, member: dict[str, str]) -> None:
        """Add one member, alone or with others. Raises what the call raised."""
        waiter = _Waiter(member)
        with self._lock:
            self._waiting[channel_id].append(waiter)
            channel = self._channels[channel_id]
        with channel:
            if not waiter.done:
                self._add_waiting(channel_id)
        if waiter.refused is not None:
            raise waiter.refused

    def waiting(self, channel_id: str) -> int:
        """Return how many people wait for the next call."""
        with self._lock:
            return len(self._waiting[channel_id])

    def _add_waiting(self, channel_id: str) -> None:
        with self._lock:
            queue = self._waiting[channel_id]
            batch, self._waiting[channel_id] = queue[:_MOST_AT_ONCE], queue[_MOST_AT_ONCE:]
        try:
            self._add_members(channel_id, [waiter.member for waiter in batch])
        except StreamAPIException as refused:
            self._one_by_one(channel_id, batch, refused)
        except _FAULTS as refused:
            for waiter in batch:
                waiter.refused = refused
        for waiter in batch:
            waiter.done = True

    def _one_by_one(
        self, channel_id: str, batch: Sequence[_Waiter], refused: StreamAPIException
    ) -> None:
        """Add them one by one, so that only those whom GetStream refuses fail."""
        if len(batch) == 1:
            batch[0].refused = refused
            return
        for waiter in batch:
            try:
                self._add_members(channel_id, [waiter.member])
            except _FAULTS as own:
                waiter.refused = own


def _roles(members: Sequence[Mapping[str, Any]]) -> Iterator[tuple[UUID, Role]]:
    for member in members:
        moderates = member.get("channel_role") == _CHANNEL_ROLES[Role.MODERATOR]
        yield UUID(member["user_id"]), Role.MODERATOR if moderates else Role.MEMBER


def _says(refused: StreamAPIException, *codes: int) -> bool:
    return refused.json_response and refused.error_code in codes


def _is_as_wanted(present: Any) -> bool:
    grants = present.get("grants") or {}
    return all(present.get(name) == value for name, value in _FEATURES.items()) and all(
        sorted(grants.get(role) or []) == sorted(wanted) for role, wanted in _GRANTS.items()
    )
