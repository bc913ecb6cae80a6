"""Sign-in: an address, then a code, then the page that the person wanted."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter, Response

from libs.web.clients import ServiceRefused
from libs.web.forms import SentForm
from services.gateway.session import BROWSER_COOKIE_S, SESSION_COOKIE_S, Visitor, new_browser_id
from services.gateway.visit import Sent, Visit, Visiting, local_path

router = APIRouter(include_in_schema=False)

_LONGEST_ADDRESS: Final = 320
_SHOWN: Final = frozenset({400, 422, 429})
_START_AGAIN: Final = frozenset({"code_burned", "code_expired", "too_many_tries"})


@router.get("/sign-in")
async def ask_address(visit: Visiting, next: str = "/") -> Response:  # noqa: A002
    """Ask for the address; a person who is signed in continues at once."""
    then = local_path(next)
    if visit.signed_in is not None:
        return visit.go(then)
    return await visit.show("sign_in.html", next=then, email="")


@router.post("/sign-in")
async def send_code(visit: Visiting, form: Sent) -> Response:
    """Mail a code and ask for it; the page is the same for known and unknown addresses."""
    visit.edge.sign_in_limit.check(visit.network_address)
    email = form.text("email")[:_LONGEST_ADDRESS]
    wanted = {
        "email": email,
        "browser_id": visit.visitor.browser_id,
        "network_address": visit.network_address,
        "locale": visit.texts.locale,
    }
    try:
        await visit.ask.send("identity", "POST", "/sign-in-codes", form.key, wanted)
    except ServiceRefused as refused:
        return await _shown_again(visit, form, "sign_in.html", refused)
    return await visit.show("sign_in_code.html", next=_then(form), email=email, start_again=False)


@router.post("/sign-in/code")
async def check_code(visit: Visiting, form: Sent) -> Response:
    """Start a session by the typed code and end the earlier one."""
    visit.edge.sign_in_limit.check(visit.network_address)
    typed = {
        "email": form.text("email")[:_LONGEST_ADDRESS],
        "code": "".join(form.text("code").split())[:32],
        "browser_id": visit.visitor.browser_id,
        "user_agent": visit.request.headers.get("user-agent", "")[:300],
    }
    try:
        started = await visit.ask.send("identity", "POST", "/sessions", form.key, typed)
    except ServiceRefused as refused:
        return await _shown_again(visit, form, "sign_in_code.html", refused)
    await end_session_of(visit, form.key)
    response = visit.go(_then(form))
    cookies = visit.edge.cookies
    cookies.set(response, cookies.session, started["session_token"], SESSION_COOKIE_S)
    cookies.set(response, cookies.browser, new_browser_id(), BROWSER_COOKIE_S)
    return response


@router.post("/sign-out")
async def sign_out(visit: Visiting, form: Sent) -> Response:
    """End the session and remove its cookie."""
    await end_session_of(visit, form.key)
    response = visit.go("/")
    visit.edge.cookies.remove(response, visit.edge.cookies.session)
    return response


async def end_session_of(visit: Visit, key: UUID) -> None:
    """End the browser's session; a session that has ended already is no error."""
    visitor: Visitor = visit.visitor
    if visitor.signed_in is None:
        return
    try:
        await visit.ask.send(
            "identity", "DELETE", f"/sessions/{visitor.signed_in.session_id}", f"end-{key}"
        )
    except ServiceRefused:
        return


def _then(form: SentForm) -> str:
    return local_path(form.text("next"))


async def _shown_again(
    visit: Visit, form: SentForm, template: str, refused: ServiceRefused
) -> Response:
    if refused.status not in _SHOWN:
        raise refused
    response = await visit.show(
        template,
        status=refused.status,
        next=_then(form),
        email=form.text("email")[:_LONGEST_ADDRESS],
        problem=visit.told(refused),
        start_again=refused.code in _START_AGAIN,
    )
    if refused.retry_after is not None:
        response.headers["Retry-After"] = refused.retry_after
    return response
