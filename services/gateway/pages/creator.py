"""A creator's public profile: `/@{username}`."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.gateway.visit import MemberVisiting, Sent, Visit, Visiting

router = APIRouter(include_in_schema=False)


@router.get("/@{username}")
async def show_creator(username: str, visit: Visiting) -> Response:
    """Show the profile, its followers and its spaces."""
    profile = await visit.ask.get("catalog", f"/creator-profiles/{username}")
    own = visit.signed_in is not None and profile["person_id"] == str(visit.signed_in.person_id)
    return await visit.show("creator.html", profile=profile, own=own)


@router.post("/@{username}/follow")
async def follow(username: str, visit: MemberVisiting, form: Sent) -> Response:
    """Follow the creator."""
    return await _follow(visit, "PUT", username, form.key)


@router.post("/@{username}/unfollow")
async def unfollow(username: str, visit: MemberVisiting, form: Sent) -> Response:
    """Unfollow the creator."""
    return await _follow(visit, "DELETE", username, form.key)


async def _follow(visit: Visit, method: str, username: str, key: UUID) -> Response:
    path = f"/creator-profiles/{username}/followers/me"
    await visit.ask.send("catalog", method, path, key)
    return visit.go(f"/@{username}")
