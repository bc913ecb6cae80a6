"""The chat's state: kept in memory for speed, written through to the durable state."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.state import Collection, Document, State
from sandbox.stream.problems import does_not_exist

Key = Callable[[Document], str]


class Shelf:
    """The documents of one kind by key; every change is on disk before the answer."""

    def __init__(self, collection: Collection, key: Key) -> None:
        self._collection = collection
        self._key = key
        self._documents = {key(document): document for document in collection.all()}

    def __iter__(self) -> Iterator[Document]:
        return iter(list(self._documents.values()))

    def __contains__(self, key: str) -> bool:
        return key in self._documents

    def get(self, key: str) -> Document | None:
        """Return the document itself (changes need `put`), or None."""
        return self._documents.get(key)

    def put(self, document: Document) -> Document:
        key = self._key(document)
        self._documents[key] = document
        self._collection.put(key, document)
        return document

    def drop(self, document: Document) -> None:
        key = self._key(document)
        if self._documents.pop(key, None) is not None:
            self._collection.delete(key)


@dataclass
class Room:
    """One channel with its members and messages, as the queries need them."""

    channel: Document
    members: dict[str, Document] = field(default_factory=dict)
    messages: list[Document] = field(default_factory=list)
    reads: dict[str, Document] = field(default_factory=dict)

    @property
    def cid(self) -> str:
        """Return the channel's full name, `type:id`."""
        return str(self.channel["cid"])

    @property
    def channel_type(self) -> str:
        return str(self.channel["type"])


class Clock:
    """A clock that never repeats a time, so that messages have one order."""

    def __init__(self) -> None:
        self._last = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        """Return the time in UTC, at least a microsecond after the last answer."""
        self._last = max(datetime.now(UTC), self._last + timedelta(microseconds=1))
        return self._last

    def stamp(self) -> str:
        """Return the time as GetStream writes it."""
        return stamp(self.now())


def stamp(moment: datetime) -> str:
    """Write a time as GetStream does: RFC 3339 in UTC with microseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _by_id(document: Document) -> str:
    return str(document["id"])


def _by_person(document: Document) -> str:
    return f"{document['cid']}|{document['user_id']}"


class Store:
    """The state of one GetStream app."""

    def __init__(self, state: State) -> None:
        self.clock = Clock()

        def shelf(name: str, key: Key) -> Shelf:
            return Shelf(state.collection(f"stream.{name}"), key)

        self.settings = shelf("app", _by_id)
        self.types = shelf("channel_types", lambda doc: str(doc["name"]))
        self.users = shelf("users", _by_id)
        self.channels = shelf("channels", lambda doc: str(doc["cid"]))
        self.members = shelf("members", _by_person)
        self.reads = shelf("reads", _by_person)
        self.messages = shelf("messages", _by_id)
        self.reactions = shelf("reactions", reaction_key)
        self.bans = shelf("bans", _by_person)
        self.mutes = shelf("mutes", lambda doc: f"{doc['user_id']}|{doc['target_id']}")
        self.flags = shelf("flags", _by_id)
        self.tasks = shelf("tasks", _by_id)
        self._rooms: dict[str, Room] = {}
        self._rooms_of: dict[str, set[str]] = {}
        self._reactions_of: dict[str, list[Document]] = {}
        self._replies_to: dict[str, list[Document]] = {}
        self._load()

    def _load(self) -> None:
        for channel in self.channels:
            self._rooms[channel["cid"]] = Room(channel)
        for member in self.members:
            self._seat(member)
        for read in self.reads:
            self._rooms[read["cid"]].reads[read["user_id"]] = read
        for message in sorted(self.messages, key=lambda doc: str(doc["created_at"])):
            self._append(self._rooms[message["cid"]], message)
        for reaction in self.reactions:
            self._reactions_of.setdefault(reaction["message_id"], []).append(reaction)

    def _seat(self, member: Document) -> None:
        self._rooms[member["cid"]].members[member["user_id"]] = member
        self._rooms_of.setdefault(member["user_id"], set()).add(member["cid"])

    def _append(self, room: Room, message: Document) -> None:
        room.messages.append(message)
        if message["parent_id"]:
            self._replies_to.setdefault(message["parent_id"], []).append(message)

    def new_id(self) -> str:
        """Return an unused id."""
        return str(uuid.uuid4())

    def rooms(self) -> list[Room]:
        return list(self._rooms.values())

    def rooms_of(self, user_id: str) -> list[Room]:
        return [self._rooms[cid] for cid in sorted(self._rooms_of.get(user_id, ()))]

    def find_room(self, cid: str) -> Room | None:
        return self._rooms.get(cid)

    def room(self, cid: str) -> Room:
        """Return a channel. Raises Refused (16)."""
        room = self._rooms.get(cid)
        if room is None:
            kind, _, channel_id = cid.partition(":")
            raise does_not_exist(f"Can't find channel with id {kind}:{channel_id}")
        return room

    def type_setting(self, room: Room, name: str) -> Any:
        """Return a channel type's setting for a feature or a limit."""
        return (self.types.get(room.channel_type) or {}).get(name)

    def message(self, message_id: str) -> Document:
        """Return a message. Raises Refused (16)."""
        message = self.messages.get(message_id)
        if message is None:
            raise does_not_exist(f"Message with ID {message_id} doesn't exist")
        return message

    def open_room(self, channel: Document) -> Room:
        self.channels.put(channel)
        self._rooms[channel["cid"]] = Room(channel)
        return self._rooms[channel["cid"]]

    def close_room(self, room: Room) -> None:
        """Delete a channel with its messages."""
        for user_id in list(room.members):
            self.remove_member(room, user_id)
        for read in room.reads.values():
            self.reads.drop(read)
        for message in list(room.messages):
            self.remove_message(room, message)
        self.channels.drop(room.channel)
        self._rooms.pop(room.cid, None)

    def put_member(self, member: Document) -> None:
        self.members.put(member)
        self._seat(member)

    def remove_member(self, room: Room, user_id: str) -> Document | None:
        """Remove a member; returns what it was."""
        member = room.members.pop(user_id, None)
        if member is not None:
            self.members.drop(member)
            self._rooms_of[user_id].discard(room.cid)
        return member

    def put_read(self, room: Room, read: Document) -> None:
        """Store how far a user has read."""
        self.reads.put(read)
        room.reads[read["user_id"]] = read

    def add_message(self, room: Room, message: Document) -> None:
        """Store a new message at the end of its channel."""
        self.messages.put(message)
        self._append(room, message)

    def remove_message(self, room: Room, message: Document) -> None:
        """Delete a message and its reactions."""
        self.messages.drop(message)
        room.messages = [kept for kept in room.messages if kept is not message]
        siblings = self._replies_to.get(message["parent_id"] or "", [])
        siblings[:] = [kept for kept in siblings if kept is not message]
        for reaction in self._reactions_of.pop(message["id"], []):
            self.reactions.drop(reaction)

    def replies_to(self, message_id: str) -> list[Document]:
        """Return the thread under a message, oldest first."""
        return list(self._replies_to.get(message_id, ()))

    def reactions_of(self, message_id: str) -> list[Document]:
        """Return the reactions to a message, oldest first."""
        return list(self._reactions_of.get(message_id, ()))

    def put_reaction(self, reaction: Document) -> None:
        self.reactions.put(reaction)
        others = self._reactions_of.setdefault(reaction["message_id"], [])
        key = reaction_key(reaction)
        others[:] = [other for other in others if reaction_key(other) != key]
        others.append(reaction)

    def remove_reaction(self, reaction: Document) -> None:
        self.reactions.drop(reaction)
        self._reactions_of[reaction["message_id"]].remove(reaction)


def reaction_key(reaction: Document) -> str:
    """Return what makes a reaction unique: one of each kind per user and message."""
    return f"{reaction['message_id']}|{reaction['user_id']}|{reaction['type']}"
