"""`/admin`: the spaces in which a person works, or their first steps."""

import asyncio

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from libs.web.clients import ServiceRefused
from services.admin.visit import Visit, Visiting

router = APIRouter()


@router.get("/admin")
async def show_home(visit: Visiting) -> HTMLResponse:
    """The spaces of the person; whoever has none is led to a profile and a first space."""
    profile, spaces = await asyncio.gather(
        profile_of(visit), visit.ask.get("catalog", "/spaces/mine")
    )
    return visit.show("home.html", profile=profile, spaces=spaces)


async def profile_of(visit: Visit) -> dict[str, object] | None:
    """The person's own profile, if they opened one."""
    try:
        profile: dict[str, object] = await visit.ask.get("catalog", "/creator-profiles/mine")
    except ServiceRefused as refused:
        if refused.code != "profile_not_found":
            raise
        return None
    return profile
