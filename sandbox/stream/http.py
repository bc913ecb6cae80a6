"""Every endpoint: its path, its published operation name, and its handler."""

import json
import time
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.state import Document
from sandbox.stream import (
    channels,
    members,
    messages,
    moderation,
    pages,
    reactions,
    sending,
    settings,
    users,
)
from sandbox.stream.chat import Call, Chat
from sandbox.stream.problems import NOT_ALLOWED, Refused, bad_input, envelope
from sandbox.stream.tokens import identify

Answer = Callable[[Chat, Call], Document]
_CHANNEL: Final = "/channels/{type}/{id}"
_MESSAGE: Final = "/messages/{id}"


def _query_channels(chat: Chat, call: Call) -> Document:
    return pages.query_channels(chat, call, channels.state_of)


def _mark_delivered(chat: Chat, call: Call) -> Document:
    chat.acting_user(call, call.body, "delivered")
    return {}


ENDPOINTS: Final[tuple[tuple[str, str, str, Answer], ...]] = (
    ("GET", "/app", "GetApp", settings.get_app),
    ("PATCH", "/app", "UpdateApp", settings.update_app),
    ("GET", "/channeltypes", "ListChannelTypes", settings.list_types),
    ("POST", "/channeltypes", "CreateChannelType", settings.create_type),
    ("GET", "/channeltypes/{name}", "GetChannelType", settings.get_type),
    ("PUT", "/channeltypes/{name}", "UpdateChannelType", settings.update_type),
    ("DELETE", "/channeltypes/{name}", "DeleteChannelType", settings.delete_type),
    ("GET", "/users", "QueryUsers", users.query_users),
    ("POST", "/users", "UpdateUsers", users.upsert_users),
    ("PATCH", "/users", "UpdateUsersPartial", users.update_users_partial),
    ("POST", "/users/delete", "DeleteUsers", users.delete_users),
    ("DELETE", "/users/{id}", "DeleteUser", users.delete_user),
    ("POST", "/users/{id}/deactivate", "DeactivateUser", users.deactivate_user),
    ("POST", "/users/{id}/reactivate", "ReactivateUser", users.reactivate_user),
    ("GET", "/tasks/{id}", "GetTask", users.get_task),
    ("GET", "/unread", "UnreadCounts", users.get_unread),
    ("GET", "/members", "QueryMembers", members.query_members),
    ("POST", "/channels", "QueryChannels", _query_channels),
    ("POST", "/channels/read", "MarkChannelsRead", reactions.mark_all_read),
    ("POST", "/channels/delivered", "MarkDelivered", _mark_delivered),
    ("POST", "/channels/{type}/query", "GetOrCreateChannel", channels.query_channel),
    ("GET", _CHANNEL, "GetChannel", channels.get_channel),
    ("POST", _CHANNEL, "UpdateChannel", channels.update_channel),
    ("PATCH", _CHANNEL, "UpdateChannelPartial", channels.update_partial),
    ("DELETE", _CHANNEL, "DeleteChannel", channels.delete_channel),
    ("POST", f"{_CHANNEL}/query", "GetOrCreateChannel", channels.query_channel),
    ("POST", f"{_CHANNEL}/stop-watching", "StopWatchingChannel", channels.stop_watching),
    ("POST", f"{_CHANNEL}/truncate", "TruncateChannel", channels.truncate),
    ("PATCH", f"{_CHANNEL}/member", "UpdateMemberPartial", members.update_member_partial),
    (
        "PATCH",
        f"{_CHANNEL}/member/{{user_id}}",
        "UpdateMemberPartial",
        members.update_member_partial,
    ),
    ("POST", f"{_CHANNEL}/message", "SendMessage", sending.send_message),
    ("GET", f"{_CHANNEL}/messages", "GetManyMessages", messages.get_messages),
    ("GET", f"{_CHANNEL}/pinned_messages", "GetPinnedMessages", messages.get_pinned),
    ("POST", f"{_CHANNEL}/event", "SendEvent", reactions.send_event),
    ("POST", f"{_CHANNEL}/read", "MarkRead", reactions.mark_read),
    ("GET", _MESSAGE, "GetMessage", messages.get_message),
    ("POST", _MESSAGE, "UpdateMessage", messages.update_message),
    ("PUT", _MESSAGE, "UpdateMessagePartial", messages.update_partial),
    ("DELETE", _MESSAGE, "DeleteMessage", messages.delete_message),
    ("POST", f"{_MESSAGE}/undelete", "UndeleteMessage", messages.undelete_message),
    ("GET", f"{_MESSAGE}/replies", "GetReplies", messages.get_replies),
    ("POST", f"{_MESSAGE}/reaction", "SendReaction", reactions.send_reaction),
    ("GET", f"{_MESSAGE}/reactions", "GetReactions", reactions.get_reactions),
    (
        "DELETE",
        f"{_MESSAGE}/reaction/{{reaction}}",
        "DeleteReaction",
        reactions.delete_reaction,
    ),
    ("POST", "/moderation/ban", "Ban", moderation.ban),
    ("DELETE", "/moderation/ban", "Unban", moderation.unban),
    ("GET", "/query_banned_users", "QueryBannedUsers", moderation.query_bans),
    ("POST", "/moderation/flag", "Flag", moderation.flag),
    ("POST", "/moderation/unflag", "Unflag", moderation.unflag),
    ("GET", "/moderation/flags/message", "QueryMessageFlags", moderation.query_message_flags),
    ("POST", "/moderation/mute", "MuteUser", moderation.mute),
    ("POST", "/moderation/unmute", "UnmuteUser", moderation.unmute),
)


def routes(chat: Chat) -> list[Route]:
    """Return the endpoints; POST and PUT succeed with 201, the rest with 200, as published."""
    return [
        Route(path, _endpoint(chat, operation, answer), methods=[method])
        for method, path, operation, answer in ENDPOINTS
    ]


def _endpoint(
    chat: Chat, operation: str, answer: Answer
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        started = time.perf_counter()
        body = await request.body()
        try:
            call = _read(chat, request, body)
            content = answer(chat, call)
        except Refused as refused:
            failure = envelope(refused, operation, _since(started))
            return JSONResponse(failure, refused.status)
        status = 201 if request.method in ("POST", "PUT") else 200
        return JSONResponse({**content, "duration": _since(started)}, status)

    return endpoint


def _read(chat: Chat, request: Request, body: bytes) -> Call:
    caller = identify(chat.keys, request.query_params, request.headers)
    chat.admit_caller(caller)
    if caller.anonymous and request.method != "GET" and not request.url.path.endswith("/query"):
        raise Refused(NOT_ALLOWED, "anonymous users may only read")
    try:
        content = json.loads(body) if body else {}
    except ValueError:
        raise bad_input("the request body is not valid JSON") from None
    if not isinstance(content, dict):
        raise bad_input("the request body must be an object")
    return Call(caller, request.path_params, request.query_params, content)


def _since(started: float) -> str:
    return f"{(time.perf_counter() - started) * 1000:.2f}ms"
