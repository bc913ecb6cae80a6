"""Reads of the notifications service's tables, as small frozen models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.runtime.views.view import ViewCursor
from services.notifications.application import Names
from services.notifications.domain import Kind


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice in the app, before its text is written."""

    notice_id: UUID
    kind: Kind
    facts: Mapping[str, Any]
    url: str
    created_at: datetime
    read_at: datetime | None


def list_notices_of(
    curs: ViewCursor, person_id: UUID, *, before: datetime | None, limit: int
) -> list[NoticeRow]:
    """Return the person's notices in the app, the newest first."""
    rows = curs.execute(
        """
        SELECT notice_id, kind, facts, url, created_at, read_at FROM notice_list
        WHERE person_id = %(person)s AND channel = 'in_app' AND status = 'delivered'
          AND (%(before)s::timestamptz IS NULL OR created_at < %(before)s)
        ORDER BY created_at DESC, notice_id LIMIT %(limit)s
        """,
        {"person": person_id, "before": before, "limit": limit},
    )
    return [NoticeRow(**row | {"kind": Kind(row["kind"])}) for row in rows]


def count_unread(curs: ViewCursor, person_id: UUID) -> int:
    """Return how many notices in the app are unread."""
    row = curs.execute(
        "SELECT count(*) AS unread FROM notice_list WHERE person_id = %s"
        " AND channel = 'in_app' AND status = 'delivered' AND read_at IS NULL",
        (person_id,),
        prepare=True,
    ).fetchone()
    return 0 if row is None else int(row["unread"])


def list_standing(
    curs: ViewCursor, experience_id: UUID, at: datetime, after: UUID, limit: int
) -> Sequence[UUID]:
    """Return the next people by id who may enter the experience at that time."""
    rows = curs.execute(
        """
        SELECT DISTINCT person_id FROM audience_list a
        WHERE experience_id = %(experience)s AND NOT revoked AND person_id > %(after)s
          AND valid_from <= %(at)s AND (valid_until IS NULL OR valid_until > %(at)s)
          AND NOT EXISTS (SELECT 1 FROM banned_list b WHERE b.stands
                          AND b.person_id = a.person_id AND b.space_id = a.space_id)
        ORDER BY person_id LIMIT %(limit)s
        """,
        {"experience": experience_id, "at": at, "after": after, "limit": limit},
    )
    return [row["person_id"] for row in rows]


def get_names(curs: ViewCursor, of: UUID) -> Names:
    """Return what a space, an experience or a pass is called; empty names if unknown."""
    row = curs.execute(
        "SELECT n.name, n.slug, coalesce(s.name, '') AS space_name,"
        " coalesce(s.slug, '') AS space_slug"
        " FROM name_list n LEFT JOIN name_list s ON s.id = n.of_id WHERE n.id = %s",
        (of,),
    ).fetchone()
    return Names() if row is None else Names(**row)


def is_opted_out(curs: ViewCursor, person_id: UUID, space_id: UUID) -> bool:
    """Return whether the person wants no mail from the space."""
    row = curs.execute(
        "SELECT 1 FROM mail_opt_outs WHERE person_id = %s AND space_id = %s",
        (person_id, space_id),
    ).fetchone()
    return row is not None


def list_opt_outs(curs: ViewCursor, person_id: UUID) -> list[UUID]:
    """Return the spaces from which the person wants no mail."""
    rows = curs.execute(
        "SELECT space_id FROM mail_opt_outs WHERE person_id = %s ORDER BY since", (person_id,)
    )
    return [row["space_id"] for row in rows]
