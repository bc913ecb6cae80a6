"""A person's notices."""

from fastapi import APIRouter, Response

from services.gateway.visit import MemberVisiting, Sent, local_path

router = APIRouter(include_in_schema=False, prefix="/account/notices")


@router.get("")
async def list_notices(visit: MemberVisiting) -> Response:
    """Show all notices, the newest first."""
    notices = await visit.ask.get("notifications", "/notices")
    shown = [notice | {"to": _where_to(visit.edge.settings.public_url, notice["url"])}
             for notice in notices]  # fmt: skip
    unread = sum(notice["read_at"] is None for notice in notices)
    return await visit.show("notices.html", notices=shown, unread=unread)


def _where_to(public_url: str, url: str | None) -> str:
    """Return the page of ours that a notice links to, or an empty path."""
    path = local_path((url or "").removeprefix(public_url))
    return "" if path == "/" else path


@router.post("/{notice_id}/read")
async def read_notice(notice_id: str, visit: MemberVisiting, form: Sent) -> Response:
    """Mark a notice as read and open its page."""
    await visit.ask.send("notifications", "POST", f"/notices/{notice_id}/read", form.key)
    then = local_path(form.text("next"))
    return visit.go("/account/notices" if then == "/" else then)
