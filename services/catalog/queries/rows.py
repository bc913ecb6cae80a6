"""Rows of the catalog's views, and the models that they become."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from libs.money import exponent_of
from services.catalog.domain.refusals import SpaceNotFound
from services.catalog.queries.models import Experience, PassContent, PassPage, SpaceCard

Curs = Cursor[DictRow]

SPACE = """
    SELECT s.*, t.role FROM space_list s
    LEFT JOIN team_list t ON t.space_id = s.space_id AND t.person_id = %(viewer)s
"""


def space_row(curs: Curs, slug: str, viewer: UUID | None) -> DictRow:
    """Return a published space, or a draft to its team. Raises SpaceNotFound."""
    row = curs.execute(
        f"{SPACE} WHERE s.slug = %(slug)s", {"slug": slug, "viewer": viewer}
    ).fetchone()
    if row is None or not (row["published"] or row["role"] is not None):
        raise SpaceNotFound(slug)
    return row


def space_card(row: DictRow) -> SpaceCard:
    """Return a space from a row of `SPACE`."""
    return SpaceCard(
        status="published" if row["published"] else "draft",
        currency_exponent=exponent_of(row["currency"]),
        **{name: value for name, value in row.items() if name != "published"},
    )


def experiences_of(curs: Curs, space_id: UUID) -> tuple[Experience, ...]:
    """Return a space's experiences in the order in which they were added."""
    rows = curs.execute(
        """
        SELECT experience_id, space_id, slug, name, kind, ARRAY(
            SELECT jsonb_build_object('slug', p.slug, 'name', p.published ->> 'name')
            FROM pass_experience_list JOIN pass_list p USING (pass_id)
            WHERE experience_id = e.experience_id AND p.status = 'published' ORDER BY p.slug
        ) AS opened_by
        FROM experience_list e WHERE space_id = %s ORDER BY added_as
        """,
        (space_id,),
    )
    return tuple(Experience(**row) for row in rows)


def pass_page(row: DictRow, experiences: Sequence[Experience], on_team: bool) -> PassPage:
    """Return a pass from a row of `pass_list`; its draft only to the team."""
    content = PassContent.model_validate(row["published"] or row["draft"])
    for_team: dict[str, Any] = {}
    if on_team:
        for_team = {"draft": row["draft"], "has_changes": row["has_changes"]}
    return PassPage(
        **content.model_dump(),
        pass_id=row["pass_id"],
        space_id=row["space_id"],
        slug=row["slug"],
        status=row["status"],
        version=row["version"],
        version_id=row["version_id"],
        version_number=row["version_number"],
        published_at=row["published_at"],
        experiences=tuple(e for e in experiences if e.experience_id in content.experience_ids),
        **for_team,
    )
