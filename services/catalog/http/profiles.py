"""Creator profiles and their followers over HTTP."""

from uuid import UUID

from fastapi import APIRouter

from libs.runtime.http.app import MaybePerson, Person
from libs.runtime.store.store import Store
from services.catalog.application import Catalog, Written
from services.catalog.http.answers import Answer, TheCommand, Username, carry_out, declared
from services.catalog.http.bodies import NewProfile, ProfileText
from services.catalog.queries import ProfilePage, get_profile, get_profile_of


def router(store: Store[Catalog]) -> APIRouter:
    routes = APIRouter(prefix="/creator-profiles", tags=["creator profiles"])
    _add_own(routes, store)
    _add_public(routes, store)
    return routes


def _add_own(routes: APIRouter, store: Store[Catalog]) -> None:
    catalog = store.application

    @routes.post(
        "",
        status_code=201,
        responses=declared(
            "profile_already_opened", "username_taken", "invalid_request", "sign_in_required"
        ),
    )
    async def open_profile(body: NewProfile, person: Person, command: TheCommand) -> Answer:
        def decide() -> Written:
            return catalog.open_profile(person.id, body.username, body.display_name, body.bio)

        return await carry_out(store, command, decide, username=body.username)

    @routes.get("/mine", responses=declared("profile_not_found", "sign_in_required"))
    async def show_my_profile(person: Person) -> ProfilePage:
        return await store.ask(lambda curs: get_profile_of(curs, person.id))

    @routes.put(
        "/mine", responses=declared("profile_not_found", "invalid_request", "sign_in_required")
    )
    async def change_profile(body: ProfileText, person: Person, command: TheCommand) -> Answer:
        def decide() -> Written:
            return catalog.change_profile(person.id, body.display_name, body.bio)

        return await carry_out(store, command, decide)


def _add_public(routes: APIRouter, store: Store[Catalog]) -> None:
    catalog = store.application

    @routes.get("/{username}", responses=declared("profile_not_found"))
    async def show_profile(username: Username, person: MaybePerson) -> ProfilePage:
        return await store.ask(lambda curs: get_profile(curs, username, _id_of(person)))

    @routes.put(
        "/{username}/followers/me",
        status_code=204,
        responses=declared("profile_not_found", "own_profile", "sign_in_required"),
    )
    async def follow(username: Username, person: Person, command: TheCommand) -> None:
        await carry_out(store, command, lambda: catalog.follow_creator(username, person.id))

    @routes.delete(
        "/{username}/followers/me",
        status_code=204,
        responses=declared("profile_not_found", "sign_in_required"),
    )
    async def unfollow(username: Username, person: Person, command: TheCommand) -> None:
        await store.command(command.cause, lambda: catalog.unfollow_creator(username, person.id))


def _id_of(person: MaybePerson) -> UUID | None:
    return None if person is None else person.id
