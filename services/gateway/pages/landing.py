"""The front page."""

from fastapi import APIRouter, Response

from services.gateway.visit import Visiting

router = APIRouter(include_in_schema=False)


@router.get("/")
async def landing(visit: Visiting) -> Response:
    """Show the front page."""
    return await visit.show("landing.html")
