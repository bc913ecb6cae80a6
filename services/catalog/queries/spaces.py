"""Spaces with their experiences, passes and team."""

from collections.abc import Sequence
from uuid import UUID

from services.catalog.domain.refusals import NotOnTeam, PassNotFound
from services.catalog.queries.models import Owner, PassPage, SpaceCard, SpacePage, TeamMember
from services.catalog.queries.rows import (
    SPACE,
    Curs,
    experiences_of,
    pass_page,
    space_card,
    space_row,
)


def list_spaces_of(curs: Curs, person_id: UUID) -> list[SpaceCard]:
    """Return the spaces in which a person works, drafts included."""
    rows = curs.execute(f"{SPACE} WHERE t.role IS NOT NULL ORDER BY s.name", {"viewer": person_id})
    return [space_card(row) for row in rows]


def list_spaces(curs: Curs, ids: Sequence[UUID], viewer: UUID | None) -> list[SpacePage]:
    """Return spaces that the viewer may see, with their experiences but without their passes."""
    rows = curs.execute(
        f"{SPACE} WHERE s.space_id = ANY(%(ids)s) AND (s.published OR t.role IS NOT NULL)"
        " ORDER BY s.name",
        {"ids": list(ids), "viewer": viewer},
    ).fetchall()
    return [
        SpacePage(
            **space_card(row).model_dump(),
            owner=None,
            experiences=experiences_of(curs, row["space_id"]),
            passes=(),
        )
        for row in rows
    ]


def get_space(curs: Curs, slug: str, viewer: UUID | None) -> SpacePage:
    """Return a space with the passes on sale, to its team with all passes. Raises SpaceNotFound."""
    row = space_row(curs, slug, viewer)
    on_team = row["role"] is not None
    experiences = experiences_of(curs, row["space_id"])
    shown = ["draft", "published", "archived"] if on_team else ["published"]
    passes = curs.execute(
        "SELECT * FROM pass_list WHERE space_id = %s AND status = ANY(%s) ORDER BY slug",
        (row["space_id"], shown),
    ).fetchall()
    return SpacePage(
        **space_card(row).model_dump(),
        owner=_owner(curs, row["owner_id"]),
        experiences=experiences,
        passes=tuple(pass_page(each, experiences, on_team) for each in passes),
    )


def get_pass(curs: Curs, space_slug: str, slug: str, viewer: UUID | None) -> PassPage:
    """Return a pass; a draft only to its team. Raises SpaceNotFound and PassNotFound."""
    space = space_row(curs, space_slug, viewer)
    on_team = space["role"] is not None
    row = curs.execute(
        "SELECT * FROM pass_list WHERE space_id = %s AND slug = %s", (space["space_id"], slug)
    ).fetchone()
    if row is None or (row["status"] == "draft" and not on_team):
        raise PassNotFound(slug)
    return pass_page(row, experiences_of(curs, space["space_id"]), on_team)


def list_team(curs: Curs, slug: str, viewer: UUID) -> list[TeamMember]:
    """Return a space's team to one of its members. Raises SpaceNotFound and NotOnTeam."""
    space = space_row(curs, slug, viewer)
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


def _owner(curs: Curs, person_id: UUID) -> Owner | None:
    row = curs.execute(
        "SELECT x.username, x.display_name FROM profile_list p"
        " JOIN profile_texts x USING (profile_id) WHERE p.person_id = %s",
        (person_id,),
    ).fetchone()
    return None if row is None else Owner(**row)
