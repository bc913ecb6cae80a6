"""Reads of the catalog's views, as small frozen models. Drafts are seen by their team alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict

from libs.events.catalog import ExperienceKind, PassTerms
from libs.money import exponent_of
from services.catalog.domain.refusals import (
    NotOnTeam,
    PassNotFound,
    ProfileNotFound,
    SpaceNotFound,
)

Curs = Cursor[DictRow]


class Read(BaseModel):
    """What is read is never changed in place."""

    model_config = ConfigDict(frozen=True)


class SpaceCard(Read):
    """A space in a list; `role` is that of the person who asks."""

    space_id: UUID
    slug: str
    name: str
    description: str
    status: str
    visibility: str
    currency: str
    currency_exponent: int
    time_zone: str
    owner_id: UUID
    version: int
    role: str | None = None


class Experience(Read):
    """Something to enter in a space."""

    experience_id: UUID
    space_id: UUID
    slug: str
    name: str
    kind: ExperienceKind


class Offer(Read):
    """What a pass is under one version, published or drafted."""

    name: str
    description: str
    experience_ids: tuple[UUID, ...]
    terms: PassTerms


class Point(Read):
    """An open point of the publish checklist."""

    code: str
    message: str


class PassPage(Offer):
    """A pass as it was last published, or as drafted while it never was.

    `status` is draft, published or archived. `version` is what a change must expect. `draft`,
    `has_changes` and the open points of the `checklist` are there for the team alone.
    """

    pass_id: UUID
    space_id: UUID
    slug: str
    status: str
    version: int
    version_id: UUID | None
    version_number: int
    published_at: datetime | None
    experiences: tuple[Experience, ...] = ()
    draft: Offer | None = None
    has_changes: bool | None = None
    checklist: tuple[Point, ...] | None = None


class Owner(Read):
    """The creator behind a space, as they call themselves."""

    username: str
    display_name: str


class SpacePage(SpaceCard):
    """A space with what can be entered there and what is sold."""

    owner: Owner | None
    experiences: tuple[Experience, ...]
    passes: tuple[PassPage, ...]


class ProfilePage(Read):
    """A creator's public face; `following` is whether the person who asks follows them."""

    profile_id: UUID
    person_id: UUID
    username: str
    display_name: str
    bio: str
    followers: int
    following: bool
    spaces: tuple[SpaceCard, ...]


class TeamMember(Read):
    """Who works in a space; the username is there when they have a profile."""

    person_id: UUID
    role: str
    username: str | None
    display_name: str | None


_SPACE = """
    SELECT s.*, t.role FROM space_list s
    LEFT JOIN team_list t ON t.space_id = s.space_id AND t.person_id = %(viewer)s
"""
_PROFILE = """
    SELECT p.profile_id, p.person_id, x.username, x.display_name, x.bio,
           (SELECT count(*) FROM follower_list f WHERE f.profile_id = p.profile_id) AS followers,
           EXISTS (SELECT FROM follower_list f
                   WHERE f.profile_id = p.profile_id AND f.person_id = %(viewer)s) AS following
    FROM profile_list p JOIN profile_texts x USING (profile_id)
"""


def get_profile(curs: Curs, username: str, viewer: UUID | None) -> ProfilePage:
    """A creator's page with their published, listed spaces. Raises ProfileNotFound."""
    given = {"username": username, "viewer": viewer}
    row = curs.execute(f"{_PROFILE} WHERE x.username = %(username)s", given).fetchone()
    return _profile_page(curs, row, viewer)


def get_profile_of(curs: Curs, person_id: UUID) -> ProfilePage:
    """A person's own profile. Raises ProfileNotFound."""
    given = {"viewer": person_id}
    row = curs.execute(f"{_PROFILE} WHERE p.person_id = %(viewer)s", given).fetchone()
    return _profile_page(curs, row, person_id)


def _profile_page(curs: Curs, row: DictRow | None, viewer: UUID | None) -> ProfilePage:
    if row is None:
        raise ProfileNotFound
    spaces = curs.execute(
        f"{_SPACE} WHERE s.owner_id = %(owner)s AND s.published AND s.visibility = 'public'"
        " ORDER BY s.name",
        {"owner": row["person_id"], "viewer": viewer},
    )
    return ProfilePage(**row, spaces=tuple(_space_card(each) for each in spaces))


def list_spaces_of(curs: Curs, person_id: UUID) -> list[SpaceCard]:
    """The spaces in which a person works, drafts too."""
    rows = curs.execute(f"{_SPACE} WHERE t.role IS NOT NULL ORDER BY s.name", {"viewer": person_id})
    return [_space_card(row) for row in rows]


def list_spaces(curs: Curs, ids: Sequence[UUID], viewer: UUID | None) -> list[SpacePage]:
    """Published spaces by their ids, with what can be entered there; passes left out."""
    rows = curs.execute(
        f"{_SPACE} WHERE s.space_id = ANY(%(ids)s) AND (s.published OR t.role IS NOT NULL)"
        " ORDER BY s.name",
        {"ids": list(ids), "viewer": viewer},
    ).fetchall()
    return [
        SpacePage(
            **_space_card(row).model_dump(),
            owner=None,
            experiences=_experiences(curs, row["space_id"]),
            passes=(),
        )
        for row in rows
    ]


def get_space(curs: Curs, slug: str, viewer: UUID | None) -> SpacePage:
    """A space's page: published for everyone, a draft for its team. Raises SpaceNotFound."""
    row = _space_row(curs, slug, viewer)
    on_team = row["role"] is not None
    experiences = _experiences(curs, row["space_id"])
    passes = curs.execute(
        "SELECT * FROM pass_list WHERE space_id = %s ORDER BY slug", (row["space_id"],)
    ).fetchall()
    shown = [each for each in passes if on_team or _is_on_sale(each)]
    return SpacePage(
        **_space_card(row).model_dump(),
        owner=_owner(curs, row["owner_id"]),
        experiences=experiences,
        passes=tuple(_pass_page(each, experiences, on_team) for each in shown),
    )


def get_pass(curs: Curs, space_slug: str, slug: str, viewer: UUID | None) -> PassPage:
    """A pass's page; drafts are for the team. Raises SpaceNotFound and PassNotFound."""
    space = _space_row(curs, space_slug, viewer)
    on_team = space["role"] is not None
    row = curs.execute(
        "SELECT * FROM pass_list WHERE space_id = %s AND slug = %s", (space["space_id"], slug)
    ).fetchone()
    if row is None or not (on_team or row["published"] is not None):
        raise PassNotFound(slug)
    return _pass_page(row, _experiences(curs, space["space_id"]), on_team)


def list_team(curs: Curs, slug: str, viewer: UUID) -> list[TeamMember]:
    """Who works in a space, for those who do. Raises SpaceNotFound and NotOnTeam."""
    space = _space_row(curs, slug, viewer)
    if space["role"] is None:
        raise NotOnTeam(viewer)
    rows = curs.execute(
        """
        SELECT t.person_id, t.role, x.username, x.display_name FROM team_list t
        LEFT JOIN profile_list p ON p.person_id = t.person_id
        LEFT JOIN profile_texts x USING (profile_id)
        WHERE t.space_id = %s ORDER BY t.role <> 'owner', t.role, t.person_id
        """,
        (space["space_id"],),
    )
    return [TeamMember(**row) for row in rows]


def _space_row(curs: Curs, slug: str, viewer: UUID | None) -> DictRow:
    row = curs.execute(
        f"{_SPACE} WHERE s.slug = %(slug)s", {"slug": slug, "viewer": viewer}
    ).fetchone()
    if row is None or not (row["published"] or row["role"] is not None):
        raise SpaceNotFound(slug)
    return row


def _space_card(row: DictRow) -> SpaceCard:
    return SpaceCard(
        status="published" if row["published"] else "draft",
        currency_exponent=exponent_of(row["currency"]),
        **{name: value for name, value in row.items() if name != "published"},
    )


def _owner(curs: Curs, person_id: UUID) -> Owner | None:
    row = curs.execute(
        "SELECT x.username, x.display_name FROM profile_list p"
        " JOIN profile_texts x USING (profile_id) WHERE p.person_id = %s",
        (person_id,),
    ).fetchone()
    return None if row is None else Owner(**row)


def _experiences(curs: Curs, space_id: UUID) -> tuple[Experience, ...]:
    rows = curs.execute(
        "SELECT experience_id, space_id, slug, name, kind FROM experience_list"
        " WHERE space_id = %s ORDER BY added_as",
        (space_id,),
    )
    return tuple(Experience(**row) for row in rows)


def _is_on_sale(row: DictRow) -> bool:
    return row["published"] is not None and not row["archived"]


def _pass_page(row: DictRow, experiences: Sequence[Experience], on_team: bool) -> PassPage:
    offer = Offer.model_validate(row["published"] or row["draft"])
    for_team: dict[str, Any] = {}
    if on_team:
        for_team = {"draft": row["draft"], "has_changes": row["has_changes"]}
    return PassPage(
        **offer.model_dump(),
        pass_id=row["pass_id"],
        space_id=row["space_id"],
        slug=row["slug"],
        status=_pass_status(row),
        version=row["version"],
        version_id=row["version_id"],
        version_number=row["version_number"],
        published_at=row["published_at"],
        experiences=tuple(e for e in experiences if e.experience_id in offer.experience_ids),
        **for_team,
    )


def _pass_status(row: DictRow) -> str:
    if row["archived"]:
        return "archived"
    return "draft" if row["published"] is None else "published"
