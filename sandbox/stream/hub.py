"""The open WebSockets: which user watches which channel, and which events each gets."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from sandbox.state import Document
from sandbox.stream.problems import CONNECTION_UNKNOWN, Refused, bad_input
from sandbox.stream.roles import Roles
from sandbox.stream.shapes import Shapes
from sandbox.stream.store import Room, Store
from sandbox.stream.tokens import Caller

_QUEUE_FRAMES: Final = 1000


@dataclass
class Connection:
    """One open WebSocket of one person."""

    connection_id: str
    user_id: str
    watching: set[str] = field(default_factory=set)
    too_slow: bool = False
    outbox: asyncio.Queue[str | None] = field(default_factory=lambda: asyncio.Queue(_QUEUE_FRAMES))

    def offer(self, frame: str) -> None:
        """Queue a frame; a reader that is too slow for the queue is disconnected."""
        try:
            self.outbox.put_nowait(frame)
        except asyncio.QueueFull:
            self.too_slow = True
            self.hang_up()

    def hang_up(self) -> None:
        """End the connection; queued frames are dropped."""
        while not self.outbox.empty():
            self.outbox.get_nowait()
        self.outbox.put_nowait(None)


class Hub:
    """Sends events to their published recipients, if they may read the channel."""

    def __init__(self, store: Store, roles: Roles, shapes: Shapes) -> None:
        self._store = store
        self._roles = roles
        self._shapes = shapes
        self._connections: dict[str, Connection] = {}
        self._of_user: dict[str, dict[str, Connection]] = {}
        self._watchers: dict[str, dict[str, Connection]] = {}

    def open(self, user_id: str) -> Connection:
        """Register a new connection of a person."""
        connection = Connection(self._store.new_id(), user_id)
        self._connections[connection.connection_id] = connection
        self._of_user.setdefault(user_id, {})[connection.connection_id] = connection
        self._shapes.online.add(user_id)
        return connection

    def close(self, connection: Connection) -> None:
        """Remove a connection that ended."""
        for cid in list(connection.watching):
            self.unwatch(connection, cid)
        self._connections.pop(connection.connection_id, None)
        mine = self._of_user.get(connection.user_id, {})
        mine.pop(connection.connection_id, None)
        if not mine:
            self._of_user.pop(connection.user_id, None)
            self._shapes.online.discard(connection.user_id)

    def connection(self, connection_id: str | None, caller: Caller) -> Connection:
        """Return the caller's open connection. Raises Refused (4 without an id, 46 unknown)."""
        if not connection_id:
            raise bad_input(
                "Watch or Presence requires an active websocket connection, "
                "please make sure to include your websocket connection_id"
            )
        connection = self._connections.get(connection_id)
        if connection is None or connection.user_id != caller.user_id:
            raise Refused(CONNECTION_UNKNOWN, f"connection_id {connection_id} not found")
        return connection

    def watch(self, connection: Connection, room: Room) -> None:
        """Send this connection the channel's events from now on."""
        if room.cid in connection.watching:
            return
        connection.watching.add(room.cid)
        self._watchers.setdefault(room.cid, {})[connection.connection_id] = connection
        self._announce_watching(room, "user.watching.start", connection.user_id)

    def unwatch(self, connection: Connection, cid: str) -> None:
        """Stop sending this connection the channel's events."""
        connection.watching.discard(cid)
        self._watchers.get(cid, {}).pop(connection.connection_id, None)
        room = self._store.find_room(cid)
        if room is not None:
            self._announce_watching(room, "user.watching.stop", connection.user_id)

    def _announce_watching(self, room: Room, kind: str, user_id: str) -> None:
        if self._store.type_setting(room, "connect_events"):
            self.tell_watchers(
                room, kind, user_id=user_id, watcher_count=len(self.watcher_ids(room))
            )

    def watcher_ids(self, room: Room) -> list[str]:
        watching = self._watchers.get(room.cid, {}).values()
        return list(dict.fromkeys(connection.user_id for connection in watching))

    def tell_watchers(
        self, room: Room, kind: str, user_id: str | None = None, **fields: object
    ) -> None:
        """Send an event to all watchers who (still) may read the channel."""
        watching = list(self._watchers.get(room.cid, {}).values())
        if watching:
            frame = self.frame(kind, room, user_id, **fields)
            for connection in watching:
                if self._roles.allows(Caller(connection.user_id), room, "read-channel"):
                    connection.offer(frame)

    def tell_users(
        self,
        user_ids: Iterable[str],
        kind: str,
        room: Room | None = None,
        user_id: str | None = None,
        **fields: object,
    ) -> None:
        """Send an event to every connection of some people."""
        found = [mine for user in user_ids for mine in self._of_user.get(user, {}).values()]
        if found:
            frame = self.frame(kind, room, user_id, **fields)
            for connection in found:
                connection.offer(frame)

    def tell_idle_members(self, room: Room, kind: str, **fields: object) -> None:
        """Send an event to the members who are connected but do not watch the channel."""
        watching = set(self.watcher_ids(room))
        idle = [user_id for user_id in self._of_user if user_id in room.members]
        self.tell_users([user for user in idle if user not in watching], kind, room, None, **fields)

    def put_out(self, room: Room, user_id: str) -> None:
        """Stop all of a user's connections watching a channel."""
        for connection in self._of_user.get(user_id, {}).values():
            if room.cid in connection.watching:
                self.unwatch(connection, room.cid)

    def disconnect(self, user_id: str) -> None:
        """Disconnect a user everywhere."""
        for connection in list(self._of_user.get(user_id, {}).values()):
            connection.hang_up()

    def frame(
        self, kind: str, room: Room | None, user_id: str | None = None, **fields: object
    ) -> str:
        """Return an event as it goes over the wire."""
        event: Document = {"type": kind, "created_at": self._store.clock.stamp(), **fields}
        if room is not None:
            event |= {
                "cid": room.cid,
                "channel_id": room.channel["id"],
                "channel_type": room.channel_type,
                "channel_member_count": len(room.members),
            }
        user = self._shapes.user(user_id)
        if user is not None:
            event["user"] = user
        return json.dumps({name: value for name, value in event.items() if value is not None})
