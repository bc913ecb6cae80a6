"""The catalog's refusals as HTTP problems, and how its commands are carried out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Header

from libs.runtime.http.app import CommandCause
from libs.runtime.http.problems import Problem, Refusal
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from services.catalog.application import Catalog, Written
from services.catalog.domain import refusals as no
from services.catalog.domain.names import check_slug, check_username
from services.catalog.sentences import language_for, sentence

Answer = dict[str, Any]

REFUSALS: Final[Mapping[type[Exception], Refusal]] = {
    no.SpaceNotFound: Refusal(404, "space_not_found", "There is no such space"),
    no.PassNotFound: Refusal(404, "pass_not_found", "There is no such pass"),
    no.ProfileNotFound: Refusal(404, "profile_not_found", "There is no such creator"),
    no.ProfileAlreadyOpened: Refusal(409, "profile_already_opened", "You have a profile already"),
    no.OwnProfile: Refusal(409, "own_profile", "Nobody follows themselves"),
    no.NotOnTeam: Refusal(403, "not_on_team", "You don't work in this space"),
    no.RoleTooSmall: Refusal(403, "role_too_small", "Your role in this space can't do this"),
    no.OwnerStays: Refusal(409, "owner_stays", "The owner of a space stays its owner"),
    no.Banned: Refusal(409, "banned", "A ban keeps this person out of the space; lift it first"),
    no.ChangedMeanwhile: Refusal(
        409, "changed_meanwhile", "Someone else changed this since you opened it"
    ),
    no.PassArchived: Refusal(409, "pass_archived", "The pass is archived"),
    no.PassNotPublished: Refusal(409, "pass_not_published", "The pass was never published"),
}

_TAKEN: Final = frozenset({"slug_taken", "username_taken"})
_POINT_FIELDS: Final = {
    "no_experience": "experience_ids",
    "sale_already_over": "terms.sale_ends_at",
    "already_expired": "terms.auto_expire_at",
    "recurring_not_yet": "terms.pricing_type",
    "waitlist_not_yet": "terms.waitlist",
    "split_payments_not_yet": "terms.split_payments",
}


def _language(accept_language: Annotated[str, Header()] = "") -> str:
    return language_for(accept_language)


Language = Annotated[str, Depends(_language)]
"""The language of answers; the edges send the one that the viewer chose."""


@dataclass(frozen=True, slots=True)
class Command:
    """The command's id, and the language in which to report its errors."""

    cause: Cause
    language: str

    @property
    def id(self) -> UUID:
        """Return the command's id."""
        return self.cause.command_id


def _command(cause: CommandCause, language: Language) -> Command:
    return Command(cause, language)


TheCommand = Annotated[Command, Depends(_command)]


async def carry_out(
    store: Store[Catalog], command: Command, decide: Callable[[], Written], **more: str
) -> Answer:
    """Carry out one command; answers the changed aggregate, its new version and `more`."""

    def decided() -> Answer:
        written = decide()
        return {"id": str(written.id), "version": written.version, **more}

    try:
        return await store.command(command.cause, decided)
    except no.Invalid as invalid:
        raise _of_fields(invalid.errors, command.language) from None
    except no.PassNotReady as not_ready:
        raise _of_checklist(not_ready.missing, command.language) from None


def _of_fields(errors: tuple[no.FieldError, ...], language: str) -> Problem:
    told = [
        {
            "field": each.field,
            "code": each.code,
            "message": sentence(each.code, each.given, language),
        }
        for each in errors
    ]
    if len(errors) == 1 and errors[0].code in _TAKEN:
        return Problem(409, errors[0].code, told[0]["message"], errors=told)
    return Problem(422, "invalid_request", "The request has invalid fields", errors=told)


def _of_checklist(missing: tuple[str, ...], language: str) -> Problem:
    told = [
        {
            "field": _POINT_FIELDS.get(code, "space"),
            "code": code,
            "message": sentence(code, locale=language),
        }
        for code in missing
    ]
    return Problem(409, "pass_not_ready", "The publish checklist isn't done", errors=told)


def declared(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Return the problems of a route, for its OpenAPI description."""
    statuses = {refusal.code: refusal.status for refusal in REFUSALS.values()} | {
        "slug_taken": 409,
        "username_taken": 409,
        "pass_not_ready": 409,
        "invalid_request": 422,
        "sign_in_required": 401,
    }
    described: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        entry = described.setdefault(
            statuses[code], {"description": "", "content": {"application/problem+json": {}}}
        )
        entry["description"] = ", ".join(filter(None, [entry["description"], code]))
    return described


def _space_slug(space_slug: str) -> str:
    if check_slug(space_slug):
        raise no.SpaceNotFound(space_slug)
    return space_slug


def _pass_slug(pass_slug: str) -> str:
    if check_slug(pass_slug):
        raise no.PassNotFound(pass_slug)
    return pass_slug


def _username(username: str) -> str:
    if check_username(username):
        raise no.ProfileNotFound(username)
    return username


# A malformed name belongs to nobody: 404 without asking the database.
SpaceSlug = Annotated[str, Depends(_space_slug)]
PassSlug = Annotated[str, Depends(_pass_slug)]
Username = Annotated[str, Depends(_username)]
