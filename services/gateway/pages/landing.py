"""The front page: what this is, and the ways in."""

from fastapi import APIRouter, Response

from services.gateway.visit import Visiting

router = APIRouter(include_in_schema=False)


@router.get("/")
async def landing(visit: Visiting) -> Response:
    """Say what Backstage Pass is."""
    return await visit.show("landing.html")
