"""The HTTP edge of the notifications service: a person's notices and mail preferences."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form, Header, Query
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from pydantic import AwareDatetime, BaseModel

from libs.runtime.http.app import CommandCause, Person
from libs.runtime.http.bodies import RequestBody
from libs.runtime.http.problems import Refusal
from libs.runtime.store.store import Store
from services.notifications import queries
from services.notifications.application import NoticeNotFound, Notifications
from services.notifications.queries import NoticeRow
from services.notifications.texts import Language, Texts
from services.notifications.unsubscribe_tokens import BadUnsubscribeToken, UnsubscribeTokens

REFUSALS: Final[Mapping[type[Exception], Refusal]] = {
    NoticeNotFound: Refusal(404, "notice_not_found", "There is no such notice"),
}
_RESUME: Final = "resume"

_pages = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
)

AcceptLanguage = Annotated[str | None, Header(max_length=255)]


class ToldNotice(BaseModel):
    """A notice with its text; `url` is a path on this site."""

    notice_id: UUID
    kind: str
    title: str
    body: str
    url: str
    created_at: AwareDatetime
    read_at: AwareDatetime | None


class Unread(BaseModel):
    """How many notices are unread."""

    count: int


class MailChoice(RequestBody):
    """Whether a space may send e-mails; those about money always come."""

    mail: bool


class SpaceChoice(BaseModel):
    """A person's choice for one space."""

    space_id: UUID
    mail: bool


def notices_router(store: Store[Notifications], texts: Texts) -> APIRouter:
    """The notices of a person in the app."""
    router = APIRouter()

    @router.get("/notices", responses={401: {}})
    async def list_notices(
        person: Person,
        before: Annotated[AwareDatetime | None, Query()] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        accept_language: AcceptLanguage = None,
    ) -> list[ToldNotice]:
        rows = await store.ask(
            lambda curs: queries.list_notices_of(curs, person.id, before=before, limit=limit)
        )
        language = texts.for_header(accept_language)
        return [_told(row, language) for row in rows]

    @router.get("/notices/unread-count", responses={401: {}})
    async def count_unread(person: Person) -> Unread:
        return Unread(count=await store.ask(lambda curs: queries.count_unread(curs, person.id)))

    @router.post("/notices/{notice_id}/read", responses={401: {}, 404: {}})
    async def read_notice(notice_id: UUID, person: Person, cause: CommandCause) -> dict[str, str]:
        def decide() -> dict[str, str]:
            read_at = store.application.read_notice(notice_id, person.id)
            return {"notice_id": str(notice_id), "read_at": read_at.isoformat()}

        return await store.command(cause, decide)

    return router


def choices_router(store: Store[Notifications]) -> APIRouter:
    """Which spaces may send e-mails."""
    router = APIRouter()

    @router.get("/preferences", responses={401: {}})
    async def list_choices(person: Person) -> list[SpaceChoice]:
        spaces = await store.ask(lambda curs: queries.list_opt_outs(curs, person.id))
        return [SpaceChoice(space_id=space_id, mail=False) for space_id in spaces]

    @router.put("/preferences/{space_id}", responses={401: {}})
    async def choose(
        space_id: UUID, body: MailChoice, person: Person, cause: CommandCause
    ) -> SpaceChoice:
        await store.command(cause, lambda: _choose(store, person.id, space_id, mail=body.mail))
        return SpaceChoice(space_id=space_id, mail=body.mail)

    return router


def unsubscribe_router(
    store: Store[Notifications], texts: Texts, tokens: UnsubscribeTokens
) -> APIRouter:
    """The unsubscribe link of a mail: GET asks, because programs follow links too; POST
    unsubscribes (RFC 8058)."""
    router = APIRouter()

    @router.get("/unsubscribe/{token}", responses={404: {}})
    async def ask(token: str, accept_language: AcceptLanguage = None) -> HTMLResponse:
        language = texts.for_header(accept_language)
        try:
            tokens.read(token)
        except BadUnsubscribeToken:
            return _page(language, "bad", status=404)
        return _page(language, "question", button="confirm")

    @router.post("/unsubscribe/{token}", responses={404: {}})
    async def unsubscribe(
        token: str,
        cause: CommandCause,
        choice: Annotated[str, Form(max_length=20)] = "stop",
        accept_language: AcceptLanguage = None,
    ) -> HTMLResponse:
        language = texts.for_header(accept_language)
        try:
            of = tokens.read(token)
        except BadUnsubscribeToken:
            return _page(language, "bad", status=404)
        resume = choice == _RESUME
        await store.command(cause, lambda: _choose(store, of.person_id, of.space_id, mail=resume))
        if resume:
            return _page(language, "undone")
        return _page(language, "done", button="undo", choice=_RESUME)

    return router


def _choose(store: Store[Notifications], person_id: UUID, space_id: UUID, *, mail: bool) -> None:
    if mail:
        store.application.resume_mail(person_id, space_id)
    else:
        store.application.stop_mail(person_id, space_id)


def _told(row: NoticeRow, language: Language) -> ToldNotice:
    name, given = row.kind.replace("_", "-"), language.blanks(row.facts)
    return ToldNotice(
        notice_id=row.notice_id,
        kind=row.kind,
        title=language.say(name, "title", given),
        body=language.say(name, "body", given),
        url=row.url,
        created_at=row.created_at,
        read_at=row.read_at,
    )


def _page(
    language: Language, sentence: str, *, button: str = "", choice: str = "stop", status: int = 200
) -> HTMLResponse:
    def say(part: str) -> str:
        return language.say("unsubscribe-page", part) if part else ""

    values: dict[str, Any] = {
        "language": language.tag,
        "title": say("title"),
        "sentence": say(sentence),
        "button": say(button),
        "choice": choice,
    }
    page = _pages.get_template("unsubscribe.html").render(values)
    return HTMLResponse(page, status, headers={"Cache-Control": "no-store"})
