"""Routes of the access service: members see their own grants, teams those of their space."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID, uuid5

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from libs.permissions import Permission
from libs.runtime.http.app import CommandCause, Person
from libs.runtime.http.bodies import RequestBody
from libs.runtime.http.problems import Refusal
from libs.runtime.store.store import Store
from services.access import queries
from services.access.admission import Admission, get_admission
from services.access.application import Access, Entitlement, GrantNotFound
from services.access.domain import (
    AlreadyBanned,
    BanReason,
    EntryRule,
    GrantNotActive,
    GrantReason,
    NotBanned,
    RevocationCause,
    WindowNotOpen,
)
from services.access.explanation import Explanation, explain
from services.access.queries import Entry, Member, OwnGrant
from services.access.sentences import sentence

REFUSALS: Final[Mapping[type[Exception], Refusal]] = {
    GrantNotFound: Refusal(404, "grant_not_found", "There is no such grant"),
    GrantNotActive: Refusal(409, "grant_not_active", "The grant has ended already"),
    WindowNotOpen: Refusal(422, "window_not_open", "The end lies before the beginning"),
    AlreadyBanned: Refusal(409, "already_banned", "The person is banned already"),
    NotBanned: Refusal(404, "ban_not_found", "The person is not banned"),
    queries.ExperienceNotFound: Refusal(404, "experience_not_found", "There is no such experience"),
    queries.ExperiencesOfSeveralSpaces: Refusal(
        422, "several_spaces", "The experiences belong to several spaces"
    ),
    queries.SpaceNotFound: Refusal(404, "space_not_found", "There is no such space"),
    queries.NotOnTeam: Refusal(403, "not_on_team", "You do not work in this space"),
    queries.RoleNotAllowed: Refusal(403, "role_not_allowed", "Your role may not do this"),
    queries.Banned: Refusal(403, "banned", "You are banned from this space"),
    queries.OnTeam: Refusal(409, "on_team", "People who work in the space can't be banned"),
}


class Revocation(RequestBody):
    """Why the team revokes a grant."""

    cause: Literal["creator", "abuse", "mistake"] = "creator"


class Comp(RequestBody):
    """Free access, given by the team; by default from now on, for ever."""

    person_id: UUID
    experience_ids: Annotated[list[UUID], Field(min_length=1, max_length=100)]
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None


class CompGiven(BaseModel):
    """The comp and the grants that rest on it."""

    comp_id: UUID
    grant_ids: list[UUID]


class NewBan(RequestBody):
    """Whom a space bans, and why."""

    person_id: UUID
    reason_code: BanReason = BanReason.OTHER


class StepInWords(BaseModel):
    """One event, as a sentence."""

    at: AwareDatetime
    sentence: str


class ExplanationInWords(BaseModel):
    """Why a person may or may not enter, in sentences."""

    person_id: UUID
    experience_id: UUID
    at: AwareDatetime
    allowed: bool
    because: EntryRule
    sentence: str
    timeline: list[StepInWords]


def access_router(store: Store[Access]) -> APIRouter:
    """The routes of the access service."""
    router = APIRouter()
    _add_own(router, store)
    _add_explanation(router, store)
    _add_team(router, store)
    _add_bans(router, store)
    return router


def _add_own(router: APIRouter, store: Store[Access]) -> None:
    @router.get("/grants/mine", responses={401: {}})
    async def list_my_grants(person: Person) -> list[OwnGrant]:
        now = store.clock.now()
        return await store.ask(lambda curs: queries.list_grants_of(curs, person.id, now))

    @router.get("/experiences/{experience_id}/entry", responses={401: {}})
    async def get_my_entry(experience_id: UUID, person: Person) -> Entry:
        now = store.clock.now()
        return await store.ask(lambda curs: queries.get_entry(curs, person.id, experience_id, now))

    @router.get("/spaces/{space_id}/admission", responses={401: {}})
    async def get_my_admission(space_id: UUID, person: Person) -> Admission:
        now = store.clock.now()
        return await store.ask(lambda curs: get_admission(curs, person.id, space_id, now))


def _add_explanation(router: APIRouter, store: Store[Access]) -> None:
    @router.get("/experiences/{experience_id}/explanation", responses={401: {}, 403: {}, 404: {}})
    async def explain_access(
        experience_id: UUID,
        person: Person,
        person_id: UUID | None = None,
        at: Annotated[AwareDatetime | None, Query()] = None,
    ) -> ExplanationInWords:
        whose = person_id or person.id
        explained = await store.ask(
            lambda curs: _explain(store, curs, (person.id, whose, experience_id), at)
        )
        return _in_words(explained, whose, experience_id)


def _explain(
    store: Store[Access], curs: Any, who: tuple[UUID, UUID, UUID], at: datetime | None
) -> Explanation:
    asking, whose, experience_id = who
    space_id = queries.get_space_of_experiences(curs, [experience_id])
    if asking != whose:
        queries.require(curs, space_id, asking, Permission.SEE_MEMBERS)
    grant_ids = queries.list_grant_ids(curs, whose, experience_id)
    events = store.application.list_history(grant_ids, [space_id], whose)
    return explain(events, at or store.clock.now())


def _in_words(explained: Explanation, person_id: UUID, experience_id: UUID) -> ExplanationInWords:
    return ExplanationInWords(
        person_id=person_id,
        experience_id=experience_id,
        at=explained.at,
        allowed=explained.allowed,
        because=explained.because,
        sentence=sentence(f"because-{explained.because}", {}),
        timeline=[
            StepInWords(at=step.at, sentence=sentence(step.sentence, step.given))
            for step in explained.timeline
        ],
    )


def _add_team(router: APIRouter, store: Store[Access]) -> None:
    access = store.application

    @router.post("/grants/{grant_id}/revoke", responses={403: {}, 404: {}, 409: {}})
    async def revoke_grant(
        grant_id: UUID, body: Revocation, person: Person, cause: CommandCause
    ) -> dict[str, str]:
        def decide() -> dict[str, str]:
            curs = store.cursor()
            space_id = queries.get_space_of_grant(curs, grant_id)
            queries.require(curs, space_id, person.id, Permission.GIVE_ACCESS)
            access.revoke_grant(grant_id, RevocationCause(body.cause))
            return {"grant_id": str(grant_id), "status": "revoked"}

        return await store.command(cause, decide)

    @router.post("/comps", status_code=201, responses={403: {}, 404: {}, 422: {}})
    async def give_comp(body: Comp, person: Person, cause: CommandCause) -> CompGiven:
        comp_id = uuid5(cause.command_id, "comp")
        valid_from = body.valid_from or store.clock.now()

        def decide() -> list[str]:
            curs = store.cursor()
            space_id = queries.get_space_of_experiences(curs, body.experience_ids)
            queries.require(curs, space_id, person.id, Permission.GIVE_ACCESS)
            entitled = Entitlement(
                source_id=comp_id,
                person_id=body.person_id,
                space_id=space_id,
                experience_ids=body.experience_ids,
                reason=GrantReason.COMP,
                valid_from=valid_from,
                valid_until=body.valid_until,
            )
            return [str(grant_id) for grant_id in access.give_comp(entitled)]

        given = await store.command(cause, decide)
        return CompGiven(comp_id=comp_id, grant_ids=[UUID(grant_id) for grant_id in given])

    @router.get("/spaces/{space_id}/members", responses={401: {}, 403: {}, 404: {}})
    async def list_members(
        space_id: UUID,
        person: Person,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
        offset: Annotated[int, Query(ge=0)] = 0,
    ) -> list[Member]:
        now = store.clock.now()

        def read(curs: Any) -> list[Member]:
            queries.require(curs, space_id, person.id, Permission.SEE_MEMBERS)
            return queries.list_members(curs, space_id, now, limit=limit, offset=offset)

        return await store.ask(read)


def _add_bans(router: APIRouter, store: Store[Access]) -> None:
    access = store.application

    @router.post("/spaces/{space_id}/bans", status_code=201, responses={403: {}, 404: {}, 409: {}})
    async def ban_person(
        space_id: UUID, body: NewBan, person: Person, cause: CommandCause
    ) -> dict[str, str]:
        def decide() -> dict[str, str]:
            curs = store.cursor()
            queries.require(curs, space_id, person.id, Permission.BAN)
            queries.refuse_on_team(curs, space_id, body.person_id)
            access.ban_person(space_id, body.person_id, body.reason_code)
            return {"person_id": str(body.person_id), "status": "banned"}

        return await store.command(cause, decide)

    @router.delete("/spaces/{space_id}/bans/{person_id}", responses={403: {}, 404: {}})
    async def lift_ban(
        space_id: UUID, person_id: UUID, person: Person, cause: CommandCause
    ) -> dict[str, str]:
        def decide() -> dict[str, str]:
            queries.require(store.cursor(), space_id, person.id, Permission.BAN)
            access.lift_ban(space_id, person_id)
            return {"person_id": str(person_id), "status": "lifted"}

        return await store.command(cause, decide)
