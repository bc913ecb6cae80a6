"""Spaces, their teams and their experiences over HTTP."""

from typing import Annotated
from uuid import UUID, uuid5

from fastapi import APIRouter, Query

from libs.runtime.http.app import MaybePerson, Person
from libs.runtime.store.store import Store
from services.catalog.application import Catalog, Written
from services.catalog.http.answers import Answer, SpaceSlug, TheCommand, carry_out, declared
from services.catalog.http.bodies import ChangedSpace, NewExperience, NewSpace, NewTeamMember
from services.catalog.queries import (
    SpaceCard,
    SpacePage,
    TeamMember,
    get_space,
    list_spaces,
    list_spaces_of,
    list_team,
)

_TEAM_ONLY = ("space_not_found", "not_on_team", "role_too_small", "sign_in_required")


def router(store: Store[Catalog]) -> APIRouter:
    routes = APIRouter(prefix="/spaces", tags=["spaces"])
    _add_reads(routes, store)
    _add_commands(routes, store)
    _add_experiences(routes, store)
    _add_team(routes, store)
    return routes


def _add_reads(routes: APIRouter, store: Store[Catalog]) -> None:
    @routes.get("")
    async def show_spaces(
        person: MaybePerson, ids: Annotated[list[UUID], Query(alias="id", max_length=200)]
    ) -> list[SpacePage]:
        return await store.ask(lambda curs: list_spaces(curs, ids, _id_of(person)))

    @routes.get("/mine", responses=declared("sign_in_required"))
    async def show_my_spaces(person: Person) -> list[SpaceCard]:
        return await store.ask(lambda curs: list_spaces_of(curs, person.id))

    @routes.get("/{space_slug}", responses=declared("space_not_found"))
    async def show_space(space_slug: SpaceSlug, person: MaybePerson) -> SpacePage:
        return await store.ask(lambda curs: get_space(curs, space_slug, _id_of(person)))

    @routes.get("/{space_slug}/team", responses=declared(*_TEAM_ONLY))
    async def show_team(space_slug: SpaceSlug, person: Person) -> list[TeamMember]:
        return await store.ask(lambda curs: list_team(curs, space_slug, person.id))


def _add_commands(routes: APIRouter, store: Store[Catalog]) -> None:
    catalog = store.application

    @routes.post(
        "",
        status_code=201,
        responses=declared("slug_taken", "invalid_request", "sign_in_required"),
    )
    async def create_space(body: NewSpace, person: Person, command: TheCommand) -> Answer:
        space_id = uuid5(command.id, "space")

        def decide() -> Written:
            return catalog.create_space(
                space_id, person.id, body.slug, body.details(), body.currency
            )

        return await carry_out(store, command, decide, space_id=str(space_id), slug=body.slug)

    @routes.put(
        "/{space_slug}",
        responses=declared(*_TEAM_ONLY, "changed_meanwhile", "invalid_request"),
    )
    async def change_space(
        space_slug: SpaceSlug, body: ChangedSpace, person: Person, command: TheCommand
    ) -> Answer:
        def decide() -> Written:
            return catalog.change_space(
                space_slug, person.id, body.details(), body.expected_version
            )

        return await carry_out(store, command, decide, slug=space_slug)

    @routes.post("/{space_slug}/publish", responses=declared(*_TEAM_ONLY))
    async def publish_space(space_slug: SpaceSlug, person: Person, command: TheCommand) -> Answer:
        def decide() -> Written:
            return catalog.publish_space(space_slug, person.id)

        return await carry_out(store, command, decide, slug=space_slug, status="published")


def _add_experiences(routes: APIRouter, store: Store[Catalog]) -> None:
    catalog = store.application

    @routes.post(
        "/{space_slug}/experiences",
        status_code=201,
        responses=declared(*_TEAM_ONLY, "slug_taken", "invalid_request"),
    )
    async def add_experience(
        space_slug: SpaceSlug, body: NewExperience, person: Person, command: TheCommand
    ) -> Answer:
        experience_id = uuid5(command.id, "experience")

        def decide() -> Written:
            return catalog.add_experience(
                space_slug, person.id, experience_id, body.slug, body.name, body.kind
            )

        return await carry_out(
            store, command, decide, experience_id=str(experience_id), slug=body.slug
        )


def _add_team(routes: APIRouter, store: Store[Catalog]) -> None:
    catalog = store.application

    @routes.post(
        "/{space_slug}/team",
        responses=declared(*_TEAM_ONLY, "owner_stays", "banned", "invalid_request"),
    )
    async def add_to_team(
        space_slug: SpaceSlug, body: NewTeamMember, person: Person, command: TheCommand
    ) -> Answer:
        def decide() -> Written:
            if body.person_id is not None:
                return catalog.add_to_team(space_slug, person.id, body.person_id, body.role)
            return catalog.add_creator_to_team(
                space_slug, person.id, body.username or "", body.role
            )

        return await carry_out(store, command, decide, slug=space_slug)

    @routes.delete("/{space_slug}/team/{person_id}", responses=declared(*_TEAM_ONLY, "owner_stays"))
    async def remove_from_team(
        space_slug: SpaceSlug, person_id: UUID, person: Person, command: TheCommand
    ) -> Answer:
        def decide() -> Written:
            return catalog.remove_from_team(space_slug, person.id, person_id)

        return await carry_out(store, command, decide, slug=space_slug)


def _id_of(person: MaybePerson) -> UUID | None:
    return None if person is None else person.id
