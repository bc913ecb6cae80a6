"""What each role of a team is shown: what it may do, and no form that is refused at submit."""

import re

import pytest

from libs.permissions import Permission, Role, may
from services.admin.tests.builders import LIVE_ID, a_pass, a_space, a_stream
from services.admin.tests.conftest import Browser
from services.admin.tests.fakes import FakeServices

PAGES = {
    "/admin/spaces/anna": None,
    "/admin/spaces/anna/team": None,
    "/admin/spaces/anna/passes/season": None,
    "/admin/spaces/anna/experiences/live": None,
    "/admin/spaces/anna/edit": Permission.EDIT_SPACE,
    "/admin/spaces/anna/members": Permission.SEE_MEMBERS,
    "/admin/spaces/anna/experiences/new": Permission.EDIT_EXPERIENCES,
    "/admin/spaces/anna/passes/new": Permission.EDIT_PASSES,
    "/admin/spaces/anna/passes/season/edit": Permission.EDIT_PASSES,
}
FORMS = {
    r"/admin/spaces/anna/publish": Permission.EDIT_SPACE,
    r"/admin/spaces/anna/team/\w+": Permission.MANAGE_TEAM,
    r"/admin/spaces/anna/members/revoke": Permission.GIVE_ACCESS,
    r"/admin/spaces/anna/passes/season/\w+": Permission.EDIT_PASSES,
    r"/admin/spaces/anna/passes/new": Permission.EDIT_PASSES,
    r"/admin/spaces/anna/experiences/new": Permission.EDIT_EXPERIENCES,
    r"/admin/spaces/anna/experiences/live/[\w-]+": Permission.GO_LIVE,
    r"/admin/spaces/anna/edit": Permission.EDIT_SPACE,
}


def permission_of(address: str) -> Permission:
    [found] = [p for pattern, p in FORMS.items() if re.fullmatch(pattern, address)]
    return found


def seen_by(services: FakeServices, role: Role) -> None:
    services.answer("GET catalog/spaces/anna", a_space(role=role.value, status="draft"))
    services.answer("GET catalog/spaces/anna/passes/season", a_pass(has_changes=True))
    services.answer("GET catalog/spaces/anna/team", [{"person_id": LIVE_ID, "role": "support",
        "username": "bert", "display_name": "Bert"}])  # fmt: skip
    services.answer(f"GET streaming/experiences/{LIVE_ID}/stream", a_stream("ended"))


@pytest.mark.parametrize("role", Role)
async def test_a_page_shows_a_role_only_what_it_may_do(
    role: Role, browser: Browser, services: FakeServices
) -> None:
    seen_by(services, role)
    shown: set[Permission] = set()
    links: set[str] = set()
    for path, needed in PAGES.items():
        answer = await browser.get(path)
        assert answer.status_code == (200 if needed is None or may(role, needed) else 403), path
        forms = re.findall(r'<form[^>]*action="([^"]+)"', answer.text)
        shown |= {permission_of(address) for address in forms}
        links |= set(re.findall(r'href="(/admin/spaces/anna[^"]*)"', answer.text))

    assert shown == {each for each in set(FORMS.values()) if may(role, each)}
    for path, needed in PAGES.items():
        assert (path in links) is (needed is None or may(role, needed)), path


@pytest.mark.parametrize("role", Role)
async def test_only_hosts_are_shown_the_stage(
    role: Role, browser: Browser, services: FakeServices
) -> None:
    seen_by(services, role)
    services.answer(f"GET streaming/experiences/{LIVE_ID}/stream", a_stream("live"))

    answer = await browser.get("/admin/spaces/anna/experiences/live")

    assert ('id="watch"' in answer.text) is may(role, Permission.GO_LIVE)
    assert ("End the stream" in answer.text) is may(role, Permission.GO_LIVE)


@pytest.mark.parametrize("role", Role)
async def test_numbers_are_asked_for_only_for_those_who_may_see_them(
    role: Role, browser: Browser, services: FakeServices
) -> None:
    seen_by(services, role)

    await browser.get("/admin/spaces/anna")

    asked = any(request.url.path.endswith("/numbers") for request in services.asked)
    assert asked is may(role, Permission.SEE_NUMBERS)
