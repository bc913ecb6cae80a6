"""What the use cases read and write beside events, in the open transaction."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from libs.runtime.store.unit_of_work import required
from services.notifications import queries
from services.notifications.application import Names


class AudienceTable:
    """Who may enter an experience."""

    def list_standing(
        self, experience_id: UUID, at: datetime, after: UUID, limit: int
    ) -> Sequence[UUID]:
        with required().cursor() as curs:
            return queries.list_standing(curs, experience_id, at, after, limit)


class CatalogueTable:
    """Names of things."""

    def names_of(self, of: UUID) -> Names:
        with required().cursor() as curs:
            return queries.get_names(curs, of)


class OptOutTable:
    """Who wants no mail from which space."""

    def add(self, person_id: UUID, space_id: UUID, at: datetime) -> None:
        with required().cursor() as curs:
            curs.execute(
                "INSERT INTO mail_opt_outs (person_id, space_id, since) VALUES (%s, %s, %s)"
                " ON CONFLICT DO NOTHING",
                (person_id, space_id, at),
            )

    def remove(self, person_id: UUID, space_id: UUID) -> None:
        with required().cursor() as curs:
            curs.execute(
                "DELETE FROM mail_opt_outs WHERE person_id = %s AND space_id = %s",
                (person_id, space_id),
            )
