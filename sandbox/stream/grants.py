"""The permissions of each role, as published for GetStream's second permission system.

Source: getstream.io/chat/docs, "Permissions reference". The permission `create-message` allows the
action CreateMessage; with `-owner` only on the user's own things.
"""

from typing import Final

_MEMBER: Final = (
    "add-links",
    "create-attachment",
    "create-mention",
    "create-message",
    "create-reaction",
    "create-reply",
    "flag-message",
    "join-call",
    "create-call",
    "mute-channel",
    "pin-message",
    "read-channel",
    "read-channel-members",
    "remove-own-channel-membership",
    "run-message-action",
    "send-custom-event",
    "upload-attachment",
)
_CHANNEL_MODERATOR: Final = (
    *_MEMBER,
    "ban-channel-member",
    "create-system-message",
    "delete-attachment",
    "delete-message",
    "delete-reaction",
    "read-message-flags",
    "skip-channel-cooldown",
    "skip-message-moderation",
    "unblock-message",
    "update-channel",
    "update-channel-cooldown",
    "update-channel-frozen",
    "update-channel-members",
    "update-message",
)
_OWN_THINGS: Final = (
    "delete-attachment-owner",
    "delete-message-owner",
    "delete-reaction-owner",
    "update-message-owner",
)
_APP_MODERATOR: Final = (
    *_CHANNEL_MODERATOR,
    "ban-user",
    "create-channel",
    "delete-channel-owner",
    "recreate-channel-owner",
    "truncate-channel-owner",
)
_ADMIN: Final = (
    *_CHANNEL_MODERATOR,
    "ban-user",
    "create-channel",
    "delete-channel",
    "recreate-channel",
    "truncate-channel",
)

MESSAGING: Final[dict[str, tuple[str, ...]]] = {
    "admin": _ADMIN,
    "moderator": _APP_MODERATOR,
    "user": (
        *(f"{permission}-owner" for permission in _MEMBER if not permission.endswith("call")),
        *_OWN_THINGS,
        "create-channel",
        "delete-channel-owner",
        "recreate-channel-owner",
        "truncate-channel-owner",
        "update-channel-members-owner",
        "update-channel-owner",
    ),
    "channel_member": _MEMBER,
    "channel_moderator": _CHANNEL_MODERATOR,
    "guest": (),
    "anonymous": (),
}
_AUDIENCE: Final = ("join-call", "read-channel", "read-channel-members")
LIVESTREAM: Final[dict[str, tuple[str, ...]]] = {
    "admin": _ADMIN,
    "moderator": _APP_MODERATOR,
    "user": (
        *_AUDIENCE,
        *_OWN_THINGS,
        "add-links",
        "create-attachment",
        "create-channel",
        "create-mention",
        "create-message",
        "create-reaction",
        "create-reply",
        "flag-message",
        "mute-channel",
        "pin-message-owner",
        "run-message-action",
        "send-custom-event",
        "upload-attachment",
    ),
    "channel_member": (),
    "channel_moderator": (
        "ban-channel-member",
        "create-system-message",
        "delete-attachment",
        "delete-message",
        "delete-reaction",
        "pin-message",
        "read-message-flags",
        "skip-channel-cooldown",
        "update-channel",
        "update-channel-cooldown",
        "update-channel-frozen",
        "update-channel-members",
        "update-message",
    ),
    "guest": (*_AUDIENCE, "flag-message", "mute-channel"),
    "anonymous": _AUDIENCE,
}
_ANYBODY: Final = ("flag-user", "mute-user", "search-user", "update-user-owner")
APP: Final[dict[str, tuple[str, ...]]] = {
    "admin": _ANYBODY,
    "moderator": _ANYBODY,
    "user": _ANYBODY,
    "guest": _ANYBODY,
}

_NAMED_ELSEWHERE: Final = (
    "add-own-channel-membership",
    "cast-vote",
    "create-restricted-visibility-message",
    "notify-channel",
    "notify-group",
    "notify-here",
    "notify-role",
    "query-votes",
    "send-poll",
    "share-location",
    "update-thread",
    "use-frozen-channel",
)


def _known() -> frozenset[str]:
    plain = {permission.removesuffix("-owner") for permission in (*_ADMIN, *_NAMED_ELSEWHERE)}
    return frozenset(plain | {f"{permission}-owner" for permission in plain})


KNOWN: Final = _known()


def action_of(permission: str) -> str:
    """Return the action a permission allows: `pin-message-owner` -> PinMessage."""
    words = permission.removesuffix("-owner").split("-")
    return "".join(word.capitalize() for word in words)
