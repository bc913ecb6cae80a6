"""Access passes and their versions over HTTP."""

from uuid import uuid5

from fastapi import APIRouter

from libs.runtime.http.app import MaybePerson, Person
from libs.runtime.store.store import Store
from services.catalog.application import Catalog, Written
from services.catalog.http.answers import (
    Answer,
    Language,
    PassSlug,
    SpaceSlug,
    TheCommand,
    carry_out,
    declared,
)
from services.catalog.http.bodies import ChangedPass, NewPass, Publish
from services.catalog.queries import Curs, PassPage, Point, get_pass
from services.catalog.sentences import sentence

_TEAM_ONLY = ("space_not_found", "not_on_team", "role_too_small", "sign_in_required")


def router(store: Store[Catalog]) -> APIRouter:
    routes = APIRouter(prefix="/spaces/{space_slug}/passes", tags=["passes"])
    _add_drafting(routes, store)
    _add_selling(routes, store)
    return routes


def _add_drafting(routes: APIRouter, store: Store[Catalog]) -> None:
    catalog = store.application

    @routes.post(
        "",
        status_code=201,
        responses=declared(*_TEAM_ONLY, "slug_taken", "invalid_request"),
    )
    async def draft_pass(
        space_slug: SpaceSlug, body: NewPass, person: Person, command: TheCommand
    ) -> Answer:
        pass_id = uuid5(command.id, "pass")

        def decide() -> Written:
            return catalog.draft_pass(space_slug, person.id, pass_id, body.slug, body.draft())

        return await carry_out(store, command, decide, pass_id=str(pass_id), slug=body.slug)

    @routes.get("/{pass_slug}", responses=declared("space_not_found", "pass_not_found"))
    async def show_pass(
        space_slug: SpaceSlug, pass_slug: PassSlug, person: MaybePerson, language: Language
    ) -> PassPage:
        viewer = None if person is None else person.id

        def read(curs: Curs) -> PassPage:
            page = get_pass(curs, space_slug, pass_slug, viewer)
            if page.draft is None:
                return page
            missing = catalog.list_missing_of_pass(page.space_id, page.pass_id)
            points = tuple(
                Point(code=code, message=sentence(code, locale=language)) for code in missing
            )
            return page.model_copy(update={"checklist": points})

        return await store.ask(read)

    @routes.put(
        "/{pass_slug}",
        responses=declared(
            *_TEAM_ONLY,
            "pass_not_found",
            "changed_meanwhile",
            "pass_archived",
            "invalid_request",
        ),
    )
    async def change_pass(
        space_slug: SpaceSlug,
        pass_slug: PassSlug,
        body: ChangedPass,
        person: Person,
        command: TheCommand,
    ) -> Answer:
        def decide() -> Written:
            return catalog.change_pass(
                space_slug, person.id, pass_slug, body.draft(), body.expected_version
            )

        return await carry_out(store, command, decide, slug=pass_slug)


def _add_selling(routes: APIRouter, store: Store[Catalog]) -> None:
    catalog = store.application

    @routes.post(
        "/{pass_slug}/publish",
        responses=declared(
            *_TEAM_ONLY,
            "pass_not_found",
            "changed_meanwhile",
            "pass_archived",
            "pass_not_ready",
        ),
    )
    async def publish_pass(
        space_slug: SpaceSlug,
        pass_slug: PassSlug,
        person: Person,
        command: TheCommand,
        body: Publish | None = None,
    ) -> Answer:
        expected = None if body is None else body.expected_version

        def decide() -> Written:
            return catalog.publish_pass(space_slug, person.id, pass_slug, expected)

        return await carry_out(store, command, decide, slug=pass_slug, status="published")

    @routes.post(
        "/{pass_slug}/archive",
        responses=declared(*_TEAM_ONLY, "pass_not_found", "pass_not_published"),
    )
    async def archive_pass(
        space_slug: SpaceSlug, pass_slug: PassSlug, person: Person, command: TheCommand
    ) -> Answer:
        def decide() -> Written:
            return catalog.archive_pass(space_slug, person.id, pass_slug)

        return await carry_out(store, command, decide, slug=pass_slug, status="archived")
