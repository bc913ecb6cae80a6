"""The member area: the spaces, experiences, streams and chats that a person may enter."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter, Response

from libs.permissions import Permission, may
from libs.web.clients import ServiceRefused
from libs.web.islands import VIDEO_LABELS
from services.gateway.security import CHAT, LIVE
from services.gateway.visit import MemberVisiting, Visit

router = APIRouter(include_in_schema=False, prefix="/account/purchased_spaces")

CHAT_LABELS: Final = (
    "message",
    "placeholder",
    "send",
    "you",
    "someone",
    "connecting",
    "joining",
    "offline",
    "not_sent",
    "removed",
    "no_access",
    "unavailable",
)
_NOT_FOUND: Final = 404
_FORBIDDEN: Final = 403
_OPENS_WITHIN: Final = timedelta(minutes=2)
"""After this time, the page of a waiting buyer stops reloading itself."""


@router.get("")
async def list_purchased_spaces(visit: MemberVisiting) -> Response:
    """Show every space in which the person has access to something."""
    grants, unread = await asyncio.gather(
        visit.ask.get("access", "/grants/mine"), visit.unread_count()
    )
    space_ids = list(dict.fromkeys(grant["space_id"] for grant in grants))
    spaces = await visit.ask.get("catalog", "/spaces", id=space_ids) if space_ids else []
    return await visit.show("purchased_spaces.html", spaces=spaces, unread=unread)


@router.get("/{space}")
async def show_purchased_space(
    space: str, visit: MemberVisiting, welcome: str | None = None
) -> Response:
    """Show the experiences of a space, those with access first."""
    shown, grants, unread = await asyncio.gather(
        visit.ask.get("catalog", f"/spaces/{space}"),
        visit.ask.get("access", "/grants/mine"),
        visit.unread_count(),
    )
    until = _open_until(grants, shown["space_id"])
    on_team = may(shown["role"], Permission.ENTER_ROOMS)
    order = await _order(visit, welcome)
    if not until and not on_team:
        return await _no_access(visit, shown, order)
    experiences = shown["experiences"]
    is_open = {each["experience_id"]: on_team or each["experience_id"] in until
               for each in experiences}  # fmt: skip
    return await visit.show(
        "purchased_space.html",
        space=shown,
        open=[each for each in experiences if is_open[each["experience_id"]]],
        closed=[each for each in experiences if not is_open[each["experience_id"]]],
        until=until,
        order=order,
        unread=unread,
    )


def _open_until(grants: list[dict[str, Any]], space_id: str) -> dict[str, str | None]:
    """Return the end of access to each experience of the space; None if it has no end."""
    until: dict[str, str | None] = {}
    for grant in grants:
        if grant["space_id"] != space_id:
            continue
        ends = [until.get(grant["experience_id"], ""), grant["valid_until"]]
        until[grant["experience_id"]] = None if None in ends else max(map(str, ends))
    return until


async def _order(visit: Visit, order_id: str | None) -> dict[str, Any] | None:
    """Return the fulfilled order that led here if it is the person's own."""
    if order_id is None or not order_id.replace("-", "").isalnum():
        return None
    order: dict[str, Any] | None = await visit.ask.find("checkout", f"/orders/{order_id}")
    return order if order and order["status"] == "fulfilled" else None


async def _no_access(
    visit: Visit, space: Mapping[str, Any], order: Mapping[str, Any] | None = None
) -> Response:
    """Tell why the person has no access; a recent purchase is still on its way."""
    path = f"/spaces/{space['space_id']}/admission"
    unknown = {"state": "none", "removed_source_ids": []}
    admission = await visit.ask.find("access", path, unknown)
    state = admission["state"]
    removed = admission["removed_source_ids"]
    if order is not None and state != "banned" and order["membership_id"] not in removed:
        state = "on_its_way" if _is_fresh(visit, order) else "late"
    elif state == "open":
        # The pass opens another experience of the space, but not this one.
        state = "none"
    status = 200 if state in {"on_its_way", "late"} else _FORBIDDEN
    return await visit.show(
        "no_access.html", status=status, space=space, state=state, here=visit.here
    )


def _is_fresh(visit: Visit, order: Mapping[str, Any]) -> bool:
    bought_at = datetime.fromisoformat(order["access_from"])
    return visit.edge.clock.now() - bought_at < _OPENS_WITHIN


async def _entered(
    visit: Visit, space: str, experience: str
) -> tuple[dict[str, Any], dict[str, Any]] | Response:
    """Return the space and the experience, or the page that tells why the person has no access."""
    shown = await visit.ask.get("catalog", f"/spaces/{space}")
    found = next((e for e in shown["experiences"] if e["slug"] == experience), None)
    if found is None:
        raise ServiceRefused(_NOT_FOUND, "experience_not_found")
    if not may(shown["role"], Permission.ENTER_ROOMS):
        entry = await visit.ask.get("access", f"/experiences/{found['experience_id']}/entry")
        if not entry["allowed"]:
            return await _no_access(visit, shown)
    return shown, found


@router.get("/{space}/experiences/{experience}")
async def show_experience(space: str, experience: str, visit: MemberVisiting) -> Response:
    """Show an experience: whether it is live, with links to the stream and the chat."""
    entered = await _entered(visit, space, experience)
    if isinstance(entered, Response):
        return entered
    shown, found = entered
    stream: dict[str, Any] = {}
    no_video = None
    if found["kind"] == "live":
        path = f"/experiences/{found['experience_id']}/stream"
        stream, no_video = await asyncio.gather(
            visit.ask.find("streaming", path, {}), _no_video(visit)
        )
    return await visit.show(
        "experience.html", space=shown, experience=found, stream=stream, no_video=no_video
    )


async def _no_video(visit: Visit) -> str | None:
    """Return a sentence for viewers if the video server is not ready."""
    video = await visit.ask.find("streaming", "/video-server", {})
    match video.get("state"):
        case "preparing":
            return visit.texts.say("video-preparing")
        case "absent":
            return visit.texts.say("video-absent")
        case _:
            return None


@router.get("/{space}/experiences/{experience}/stream")
async def show_stream(space: str, experience: str, visit: MemberVisiting) -> Response:
    """Show the live video with its chat; the script waits until the stream begins."""
    entered = await _entered(visit, space, experience)
    if isinstance(entered, Response):
        return entered
    shown, found = entered
    if found["kind"] != "live":
        raise ServiceRefused(_NOT_FOUND, "experience_not_found")
    watch_labels = visit.texts.labels("watch", VIDEO_LABELS)
    if no_video := await _no_video(visit):
        watch_labels["waiting"] = no_video
    return await visit.show(
        "stream.html",
        needs=(LIVE, CHAT),
        space=shown,
        experience=found,
        no_video=no_video,
        watch_labels=watch_labels,
        chat_labels=visit.texts.labels("chat", CHAT_LABELS),
    )


@router.get("/{space}/experiences/{experience}/chat")
async def show_chat(space: str, experience: str, visit: MemberVisiting) -> Response:
    """Show the chat without video."""
    entered = await _entered(visit, space, experience)
    if isinstance(entered, Response):
        return entered
    shown, found = entered
    return await visit.show(
        "chat.html",
        needs=(CHAT,),
        space=shown,
        experience=found,
        chat_labels=visit.texts.labels("chat", CHAT_LABELS),
    )
