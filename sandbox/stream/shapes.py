"""Stored documents as clients see them: the published response objects, field by field."""

from html import escape
from typing import Any, Final

from sandbox.state import Document
from sandbox.stream.roles import Roles
from sandbox.stream.store import Room, Store, stamp

_LATEST_REACTIONS: Final = 10


def without_none(document: Document) -> Document:
    """Drop fields without a value, as the API does."""
    return {name: value for name, value in document.items() if value is not None}


class Shapes:
    """Builds response objects from the store."""

    def __init__(self, store: Store, roles: Roles) -> None:
        self._store = store
        self._roles = roles
        self.online: set[str] = set()

    def user(self, user_id: str | None) -> Document | None:
        """Return a user as others see them; None for nobody."""
        document = self._store.users.get(user_id) if user_id else None
        if document is None:
            return None
        ban = self.live_ban("", str(user_id))
        shown = {name: value for name, value in document.items() if name != "custom"}
        return without_none(
            {
                **document.get("custom", {}),
                **shown,
                "online": user_id in self.online,
                "banned": bool(ban and not ban["shadow"]),
                "shadow_banned": bool(ban and ban["shadow"]),
                "ban_expires": ban and ban.get("expires"),
                "blocked_user_ids": [],
            }
        )

    def full_user(self, user_id: str) -> Document:
        """Return a user as the server and they themselves see them: with mutes and unread
        counts."""
        unread = [self.unread(room, user_id) for room in self._store.rooms_of(user_id)]
        return {
            **(self.user(user_id) or {}),
            "invisible": False,
            "channel_mutes": [],
            "devices": [],
            "mutes": self.mutes_of(user_id),
            "total_unread_count": sum(unread),
            "unread_channels": sum(1 for count in unread if count),
            "unread_count": sum(unread),
            "unread_threads": 0,
        }

    def mutes_of(self, user_id: str) -> list[Document]:
        """Return the users whom a user has muted."""
        now = self._store.clock.stamp()
        return [
            self.mute(mute)
            for mute in self._store.mutes
            if mute["user_id"] == user_id and (mute["expires"] or now) >= now
        ]

    def mute(self, mute: Document) -> Document:
        return without_none(
            {
                "user": self.user(mute["user_id"]),
                "target": self.user(mute["target_id"]),
                "created_at": mute["created_at"],
                "updated_at": mute["updated_at"],
                "expires": mute["expires"],
            }
        )

    def live_ban(self, cid: str, user_id: str) -> Document | None:
        """Return the active ban in a channel, or in the whole app for an empty cid."""
        ban = self._store.bans.get(f"{cid}|{user_id}")
        if ban and ban["expires"] and ban["expires"] <= stamp(self._store.clock.now()):
            return None
        return ban

    def ban(self, ban: Document) -> Document:
        """Return a ban as moderators list it."""
        room = self._store.find_room(ban["cid"])
        return without_none(
            {
                "user": self.user(ban["user_id"]),
                "banned_by": self.user(ban["banned_by_id"]),
                "channel": self.channel(room) if room else None,
                "created_at": ban["created_at"],
                "expires": ban["expires"],
                "reason": ban["reason"],
                "shadow": ban["shadow"],
            }
        )

    def member(self, member: Document) -> Document:
        ban = self.live_ban(member["cid"], member["user_id"])
        moderator = member["channel_role"] == "channel_moderator"
        return without_none(
            {
                **member.get("custom", {}),
                "user_id": member["user_id"],
                "user": self.user(member["user_id"]),
                "channel_role": member["channel_role"],
                "role": "moderator" if moderator else "member",
                "is_moderator": True if moderator else None,
                "created_at": member["created_at"],
                "updated_at": member["updated_at"],
                "banned": bool(ban and not ban["shadow"]),
                "shadow_banned": bool(ban and ban["shadow"]),
                "ban_expires": ban and ban["expires"],
                "notifications_muted": False,
                "status": "member",
            }
        )

    def channel(self, room: Room, viewer_id: str = "") -> Document:
        """Return a channel; `own_capabilities` only for a viewer."""
        document = room.channel
        hidden = ("custom", "created_by_id", "truncated_by_id", "cooldown")
        shown = {name: value for name, value in document.items() if name not in hidden}
        return without_none(
            {
                **document.get("custom", {}),
                **shown,
                "created_by": self.user(document["created_by_id"]),
                "truncated_by": self.user(document.get("truncated_by_id")),
                "cooldown": document.get("cooldown") or None,
                "member_count": len(room.members),
                "config": self.config(room.channel_type),
                "own_capabilities": (
                    self._roles.capabilities(viewer_id, room) if viewer_id else None
                ),
            }
        )

    def config(self, type_name: str) -> Document:
        """Return the features of a channel type as each channel carries them."""
        document = self._store.types.get(type_name) or {}
        hidden = ("grants", "permissions")
        shown = {name: value for name, value in document.items() if name not in hidden}
        return {**shown, "commands": []}

    def message(self, message: Document, viewer_id: str = "", *, server: bool = False) -> Document:
        """Return a message with its reactions; `own_reactions` are the viewer's."""
        reactions = self._store.reactions_of(message["id"])
        gone_for_viewer = viewer_id in message.get("deleted_for", ()) and not server
        gone = gone_for_viewer or (message["type"] == "deleted" and not server)
        text = "" if gone else str(message["text"])
        shown = {name: value for name, value in message.items() if name not in _STORED_ONLY}
        return without_none(
            {
                **message.get("custom", {}),
                **shown,
                **self._reaction_fields(reactions, viewer_id),
                "type": "deleted" if gone_for_viewer else message["type"],
                "deleted_for_me": True if gone_for_viewer else None,
                "text": text,
                "html": f"<p>{escape(text)}</p>\n" if text else "",
                "attachments": [] if gone else message["attachments"],
                "user": self.user(message["user_id"]),
                "pinned_by": self.user(message["pinned_by_id"]),
                "mentioned_users": self._users(message["mentioned_user_ids"]),
                "quoted_message": self._quoted(message, viewer_id),
                **self._thread_fields(message),
                "restricted_visibility": [],
                "mentioned_channel": False,
                "mentioned_here": False,
            }
        )

    def _users(self, user_ids: list[str]) -> list[Document]:
        return [user for user_id in user_ids if (user := self.user(user_id))]

    def _quoted(self, message: Document, viewer_id: str) -> Document | None:
        quoted = self._store.messages.get(message["quoted_message_id"] or "")
        return self.message({**quoted, "quoted_message_id": None}, viewer_id) if quoted else None

    def _thread_fields(self, message: Document) -> Document:
        replies = self._store.replies_to(message["id"])
        people = list(dict.fromkeys(str(reply["user_id"]) for reply in replies))
        return {
            "reply_count": sum(1 for reply in replies if reply["type"] != "deleted"),
            "deleted_reply_count": sum(1 for reply in replies if reply["type"] == "deleted"),
            "thread_participants": self._users(people) if people else None,
        }

    def _reaction_fields(self, reactions: list[Document], viewer_id: str) -> Document:
        groups: dict[str, Document] = {}
        for reaction in reactions:
            group = groups.setdefault(
                reaction["type"],
                {
                    "count": 0,
                    "sum_scores": 0,
                    "first_reaction_at": reaction["created_at"],
                    "latest_reactions_by": [],
                },
            )
            group["count"] += 1
            group["sum_scores"] += reaction["score"]
            group["last_reaction_at"] = reaction["created_at"]
        newest = [self.reaction(reaction) for reaction in reversed(reactions)]
        own = [reaction for reaction in newest if reaction["user_id"] == viewer_id]
        return {
            "latest_reactions": newest[:_LATEST_REACTIONS],
            "own_reactions": own,
            "reaction_counts": {kind: group["count"] for kind, group in groups.items()},
            "reaction_scores": {kind: group["sum_scores"] for kind, group in groups.items()},
            "reaction_groups": groups or None,
        }

    def reaction(self, reaction: Document) -> Document:
        shown = {name: value for name, value in reaction.items() if name != "custom"}
        custom: dict[str, Any] = reaction.get("custom", {})
        return {**custom, **shown, "user": self.user(reaction["user_id"])}

    def read(self, room: Room, read: Document) -> Document:
        """Return how far a member has read."""
        return without_none(
            {
                "user": self.user(read["user_id"]),
                "last_read": read["last_read"],
                "last_read_message_id": read["last_read_message_id"],
                "unread_messages": self.unread(room, read["user_id"]),
            }
        )

    def unread(self, room: Room, user_id: str) -> int:
        """Return how many messages of others are unread."""
        read = room.reads.get(user_id)
        if read is None:
            return 0
        count = 0
        for message in reversed(room.messages):
            if message["created_at"] <= read["last_read"]:
                break
            by_others = message["user_id"] != user_id and message["type"] == "regular"
            if by_others and user_id not in message.get("deleted_for", ()):
                count += 1
        return count

    def flag(self, flag: Document, viewer_id: str = "") -> Document:
        """Return a report of a message or a user."""
        message = self._store.messages.get(flag["message_id"] or "")
        return without_none(
            {
                "created_by_automod": False,
                "user": self.user(flag["user_id"]),
                "target_message_id": flag["message_id"],
                "target_message": self.message(message, viewer_id) if message else None,
                "target_user": self.user(flag["target_user_id"]),
                "reason": flag["reason"],
                "custom": flag["custom"],
                "created_at": flag["created_at"],
                "updated_at": flag["updated_at"],
                "reviewed_at": flag["reviewed_at"],
                "reviewed_by": flag["reviewed_by"],
            }
        )


_STORED_ONLY: Final = ("custom", "user_id", "pinned_by_id", "mentioned_user_ids", "deleted_for")
