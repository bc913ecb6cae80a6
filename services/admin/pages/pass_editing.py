"""Drafting a pass and its next version."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from libs.money import EXPONENTS
from libs.permissions import Permission
from libs.web.clients import ServiceRefused
from services.admin import pass_form
from services.admin.pages.passes import team_pass
from services.admin.pages.spaces import team_space
from services.admin.pass_form import PassForm
from services.admin.slugs import slug_from
from services.admin.visit import Sent, Visit, Visiting

QUESTION_KINDS: Final = ("text", "choice", "checkbox", "url")

router = APIRouter(prefix="/admin/spaces/{slug}/passes")


@router.get("/new")
async def show_new_pass(visit: Visiting, slug: str) -> HTMLResponse:
    """Show the form of a new pass."""
    space = await team_space(visit, slug, Permission.EDIT_PASSES)
    return _show(visit, space, pass_form.empty(space["currency"]))


@router.post("/new")
async def draft_pass(visit: Visiting, slug: str, sent: Sent) -> Response:
    """Create a pass as a draft."""
    space = await team_space(visit, slug)
    form = pass_form.of_sent(sent)
    draft = pass_form.draft_of(form, space["time_zone"], visit.texts)
    body = draft.body | {
        "slug": sent.text("slug").strip() or slug_from(sent.text("name"), sent.key)
    }
    if draft.errors:
        return _show(visit, space, form, errors=draft.errors, status=422)
    try:
        await visit.ask.send("catalog", "POST", f"/spaces/{slug}/passes", sent.key, body)
    except ServiceRefused as refused:
        if not refused.is_about_input:
            raise
        return _refused(visit, space, form, refused)
    return visit.go(f"/admin/spaces/{slug}/passes/{body['slug']}", "pass-drafted")


@router.get("/{pass_slug}/edit")
async def show_edit(visit: Visiting, slug: str, pass_slug: str) -> HTMLResponse:
    """Show the form of a pass's next version."""
    space = await team_space(visit, slug, Permission.EDIT_PASSES)
    found = await team_pass(visit, slug, pass_slug)
    return _show(visit, space, _drafted(visit, found, space), found=found)


@router.post("/{pass_slug}/edit")
async def change_pass(visit: Visiting, slug: str, pass_slug: str, sent: Sent) -> Response:
    """Save the next version; a concurrent change is shown before it is overwritten."""
    space = await team_space(visit, slug)
    form = pass_form.of_sent(sent)
    draft = pass_form.draft_of(form, space["time_zone"], visit.texts)
    found = await team_pass(visit, slug, pass_slug)
    if draft.errors:
        return _show(visit, space, form, found=found, errors=draft.errors, status=422)
    version = sent.text("expected_version")
    body = draft.body | {"expected_version": int(version) if version.isdecimal() else 0}
    path = f"/spaces/{slug}/passes/{pass_slug}"
    try:
        await visit.ask.send("catalog", "PUT", path, sent.key, body)
    except ServiceRefused as refused:
        if not refused.is_about_input:
            raise
        return _refused(visit, space, form, refused, found)
    return visit.go(f"/admin/spaces/{slug}/passes/{pass_slug}", "saved")


def _drafted(visit: Visit, found: Mapping[str, Any], space: Mapping[str, Any]) -> PassForm:
    return pass_form.of_draft(found, space["time_zone"], visit.formats.region)


def _refused(
    visit: Visit,
    space: Mapping[str, Any],
    form: PassForm,
    refused: ServiceRefused,
    found: Mapping[str, Any] | None = None,
) -> HTMLResponse:
    theirs: dict[str, str] = {}
    if found is not None and refused.code == "changed_meanwhile":
        standing = _drafted(visit, found, space)
        theirs = pass_form.differences(
            form,
            standing,
            {each["experience_id"]: each["name"] for each in space["experiences"]},
            visit.texts,
        )
        version = standing.fields["expected_version"]
        form = pass_form.expecting(form, version)
    return _show(
        visit,
        space,
        form,
        found=found,
        theirs=theirs,
        errors=refused.errors_by_field(pass_form.NAMES),
        refused=refused,
    )


def _show(  # noqa: PLR0913
    visit: Visit,
    space: Mapping[str, Any],
    form: PassForm,
    *,
    found: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
    theirs: Mapping[str, str] | None = None,
    refused: ServiceRefused | None = None,
    status: int | None = None,
) -> HTMLResponse:
    codes = sorted(EXPONENTS, key=lambda code: (code != space["currency"], code))
    return visit.show(
        "pass_form.html",
        space=space,
        found=found,
        form=form,
        typed=form.fields,
        errors=errors or {},
        theirs=theirs or {},
        unfolded=form.uses_advanced()
        or pass_form.names_advanced({**(errors or {}), **(theirs or {})}),
        question_kinds=[(kind, visit.texts.say(f"question-{kind}")) for kind in QUESTION_KINDS],
        currencies=[(code, code) for code in codes],
        refused=refused,
        status=status,
    )
