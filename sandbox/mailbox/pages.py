"""The mailbox's pages and its JSON; plain HTML without scripts."""

from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader

from sandbox.mailbox.post_office import PostOffice

_FOLDER = Path(__file__).parent
_SHOWN = 200
_POLICY = "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'"
_MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src https: data:; base-uri 'self'"
)
_STYLE = (_FOLDER / "mailbox.css").read_text(encoding="utf-8")


def _when(received_at: str) -> str:
    return f"{datetime.fromisoformat(received_at):%d %b %Y, %H:%M:%S} UTC"


def _templates() -> Environment:
    environment = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True)
    environment.filters["when"] = _when
    return environment


_TEMPLATES = _templates()


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        if text.replace(".", "", 1).isdigit():
            return datetime.fromtimestamp(float(text), tz=UTC)
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except (ValueError, OverflowError, OSError):
        detail = "`since` is a time such as 2026-11-23T20:00:00Z, or seconds since 1970"
        raise HTTPException(422, detail) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def add_pages(routes: APIRouter, office: PostOffice) -> None:
    """Add the routes: the list, one mail, its HTML part, and all of it as JSON."""
    _add_inbox(routes, office)
    _add_mail(routes, office)


def _page(name: str, **values: Any) -> HTMLResponse:
    headers = {"content-security-policy": _POLICY, "cache-control": "no-store"}
    return HTMLResponse(_TEMPLATES.get_template(name).render(values), headers=headers)


def _add_inbox(routes: APIRouter, office: PostOffice) -> None:
    @routes.get("")
    async def inbox(to: str | None = None) -> HTMLResponse:
        mails = list(islice(office.mails(to=to or None), _SHOWN))
        return _page("list.html", mails=mails, to=to or "", shown=_SHOWN)

    @routes.get("/")
    async def inbox_with_slash(request: Request) -> RedirectResponse:
        return RedirectResponse(str(request.url.replace(path=request.url.path.rstrip("/"))))

    @routes.get("/mailbox.css")
    async def style() -> Response:
        return Response(_STYLE, media_type="text/css")

    @routes.get("/messages.json")
    async def messages(
        to: str | None = None,
        since: str | None = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = _SHOWN,
    ) -> list[dict[str, Any]]:
        return list(islice(office.mails(to=to, since=_moment(since)), limit))


def _add_mail(routes: APIRouter, office: PostOffice) -> None:
    def mail_of(mail_id: str) -> dict[str, Any]:
        mail = office.mail(mail_id)
        if mail is None:
            raise HTTPException(404, "There is no such mail.")
        return mail

    @routes.get("/{mail_id}")
    async def one(mail_id: str) -> HTMLResponse:
        return _page("mail.html", mail=mail_of(mail_id))

    @routes.get("/{mail_id}/html")
    async def html_part(mail_id: str) -> HTMLResponse:
        html = mail_of(mail_id)["html"]
        if html is None:
            raise HTTPException(404, "This mail has no HTML part.")
        body = f'<base target="_blank">{html}'
        return HTMLResponse(body, headers={"content-security-policy": _MAIL_POLICY})
