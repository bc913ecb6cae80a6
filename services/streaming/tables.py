"""Tables of the streaming service that no event can rebuild."""

from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow
from typing_extensions import override

from libs.runtime.store import unit_of_work
from services.streaming.application import Stage, WebhookInbox


class StageTable(Stage):
    """The live stream of each experience: one row each, which decides a race."""

    @override
    def take(self, experience_id: UUID, stream_id: UUID) -> UUID:
        with _cursor() as curs:
            curs.execute(
                "INSERT INTO stage (experience_id, stream_id) VALUES (%s, %s)"
                " ON CONFLICT DO NOTHING",
                (experience_id, stream_id),
            )
            row = curs.execute(
                "SELECT stream_id FROM stage WHERE experience_id = %s FOR UPDATE",
                (experience_id,),
            ).fetchone()
        if row is None:
            raise LookupError(f"the stage of {experience_id} was left just now")
        holder: UUID = row["stream_id"]
        return holder

    @override
    def leave(self, experience_id: UUID, stream_id: UUID) -> None:
        with _cursor() as curs:
            curs.execute(
                "DELETE FROM stage WHERE experience_id = %s AND stream_id = %s",
                (experience_id, stream_id),
            )


class WebhookTable(WebhookInbox):
    """The webhooks as they arrived; a known id is not stored again."""

    @override
    def keep(self, event_id: str, kind: str, body: str, *, handled: bool) -> bool:
        with _cursor() as curs:
            curs.execute(
                "INSERT INTO webhook_inbox (event_id, kind, body, handled_at)"
                " VALUES (%s, %s, %s, CASE WHEN %s THEN clock_timestamp() END)"
                " ON CONFLICT DO NOTHING",
                (event_id, kind, body, handled),
            )
            return curs.rowcount == 1

    @override
    def mark_handled(self, event_id: str) -> None:
        with _cursor() as curs:
            curs.execute(
                "UPDATE webhook_inbox SET handled_at = clock_timestamp() WHERE event_id = %s",
                (event_id,),
            )


def _cursor() -> Cursor[DictRow]:
    return unit_of_work.required().cursor()
