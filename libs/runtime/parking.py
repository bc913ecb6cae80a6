"""Messages that could not be handled wait in the database, with their error, for an operator.

Later messages of the same entity wait behind them, so that its order holds; all others go on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from psycopg import Cursor
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

_PARK: Final = """
    INSERT INTO parked (durable, message_key, entity_key, subject, headers, body, error)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (durable, message_key) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Unhandled:
    """A message as it came, and why it could not be handled."""

    durable: str
    key: str
    subject: str
    headers: Mapping[str, str]
    body: bytes
    error: str


def park(curs: Cursor[DictRow], unhandled: Unhandled) -> None:
    """Keep the message; the same message is kept once."""
    curs.execute(
        _PARK,
        (
            unhandled.durable,
            unhandled.key,
            entity_key_of(unhandled.subject),
            unhandled.subject,
            Jsonb(dict(unhandled.headers)),
            unhandled.body,
            unhandled.error,
        ),
    )


def entity_key_of(subject: str) -> str:
    """The entity that a message is about is the last token of its subject, readable or not."""
    return subject.rsplit(".", 1)[-1]


def parked_entities(curs: Cursor[DictRow], durable: str) -> set[str]:
    """The entities of which a message is parked."""
    rows = curs.execute("SELECT DISTINCT entity_key FROM parked WHERE durable = %s", (durable,))
    return {row["entity_key"] for row in rows}
