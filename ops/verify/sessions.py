"""Every open session began with an event; a row without one would open somebody's account."""

from typing import Final

from psycopg import Connection
from psycopg.rows import DictRow

from ops.verify.finding import Finding

_EXAMPLES: Final = 10

# A session's row and its events are written in one transaction, so one statement sees both or none.
_WITHOUT_EVENT: Final = """
    SELECT s.session_id, s.person_id,
           (convert_from(started.state, 'UTF8')::jsonb -> 'person_id' ->> '_data_')::uuid
               AS started_by,
           ended.originator_id IS NOT NULL AS has_ended
    FROM sessions s
    LEFT JOIN events started ON started.originator_id = s.session_id
        AND started.topic = 'identity.session.started'
    LEFT JOIN events ended ON ended.originator_id = s.session_id
        AND ended.topic = 'identity.session.ended'
    WHERE started.originator_id IS NULL OR ended.originator_id IS NOT NULL
       OR s.person_id <> (convert_from(started.state, 'UTF8')::jsonb -> 'person_id'
                          ->> '_data_')::uuid
    LIMIT %s
"""


def check_sessions(identity: Connection[DictRow]) -> list[Finding]:
    """Find open sessions that never began, that have ended, or that belong to another person."""
    return [
        Finding(
            "sessions",
            "identity",
            f"session {row['session_id']} is open for person {row['person_id']}, but {_why(row)}",
            "remove that row from the table sessions of identity, then find out who wrote it",
        )
        for row in identity.execute(_WITHOUT_EVENT, (_EXAMPLES,))
    ]


def _why(row: DictRow) -> str:
    if row["started_by"] is None:
        return "no event began it"
    return "an event has ended it" if row["has_ended"] else f"{row['started_by']} began it"
