"""The account: name, language, sessions, receipts."""

import asyncio
from typing import Final

from fastapi import APIRouter, Response

from libs.web.clients import ServiceRefused
from services.gateway.visit import MemberVisiting, Sent, Visit

router = APIRouter(include_in_schema=False)

_NOT_FOUND: Final = 404
_SHOWN: Final = frozenset({400, 422})
_LONGEST_NAME: Final = 400


@router.get("/account")
async def show_account(visit: MemberVisiting) -> Response:
    """Show the person's profile, sessions and receipts."""
    return await _account(visit)


async def _account(
    visit: Visit, *, status: int = 200, typed: str | None = None, problem: str | None = None
) -> Response:
    sessions, orders, unread = await asyncio.gather(
        visit.ask.get("identity", "/sessions"),
        visit.ask.get("checkout", "/orders/mine"),
        visit.unread_count(),
    )
    return await visit.show(
        "account.html",
        status=status,
        sessions=sessions,
        receipts=[order for order in orders if order["status"] in {"fulfilled", "refunded"}],
        unread=unread,
        typed=visit.person.display_name if typed is None else typed,
        languages=visit.edge.translations.languages,
        name_problem=problem,
        saved="saved" in visit.request.query_params,
    )


@router.post("/account/profile")
async def change_profile(visit: MemberVisiting, form: Sent) -> Response:
    """Change the person's name and language."""
    name = form.text("display_name")[:_LONGEST_NAME]
    wanted = {"display_name": name}
    if form.text("language") in visit.edge.translations.languages:
        wanted["locale"] = form.text("language")
    try:
        await visit.ask.send("identity", "PATCH", "/people/me", form.key, wanted)
    except ServiceRefused as refused:
        if refused.status not in _SHOWN:
            raise
        return await _account(visit, status=refused.status, typed=name, problem=visit.told(refused))
    return visit.go("/account?saved=1")


@router.post("/account/sessions/{session_id}/end")
async def end_session(session_id: str, visit: MemberVisiting, form: Sent) -> Response:
    """End a session; ending the current one signs out."""
    try:
        await visit.ask.send("identity", "DELETE", f"/sessions/{session_id}", form.key)
    except ServiceRefused as refused:
        if refused.status != _NOT_FOUND:
            raise
    return visit.go("/account#sessions")


@router.post("/account/sessions/end-all")
async def end_all_sessions(visit: MemberVisiting, form: Sent) -> Response:
    """End all sessions, the current one included."""
    await visit.ask.send("identity", "DELETE", "/sessions", form.key)
    response = visit.go("/sign-in")
    visit.edge.cookies.remove(response, visit.edge.cookies.session)
    return response
