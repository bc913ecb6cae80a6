"""Messages that could not be handled, stored with their error for an operator.

Later messages of the same entity wait behind them, so that its order holds. Other entities
continue.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from libs.runtime.messaging.streams import Message

_PARK: Final = """
    INSERT INTO dead_letters (durable, message_key, entity_key, subject, headers, body, error)
    SELECT %s, %s, %s, %s, %s, %s, %s
    WHERE NOT EXISTS (SELECT FROM inbox WHERE event_id = %s)
    ON CONFLICT (durable, message_key) DO NOTHING
"""
SKIPPED: Final = "skipped"


@dataclass(frozen=True, slots=True)
class Unhandled:
    """A message as it arrived, and why it could not be handled."""

    durable: str
    key: str
    subject: str
    headers: Mapping[str, str]
    body: bytes
    error: str


def add(curs: Cursor[DictRow], unhandled: Unhandled) -> None:
    """Store the message once. A handled message is skipped: a refilled stream delivers it again."""
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
            _uuid(unhandled.key),
        ),
    )


def unknown_of(curs: Cursor[DictRow], durable: str, event_ids: Sequence[UUID]) -> list[UUID]:
    """Return the events that are neither handled nor stored as dead letters."""
    rows = curs.execute(
        "SELECT id FROM unnest(%s::uuid[]) AS id"
        " WHERE NOT EXISTS (SELECT FROM inbox WHERE event_id = id)"
        " AND NOT EXISTS (SELECT FROM dead_letters WHERE durable = %s AND message_key = id::text)",
        (list(event_ids), durable),
    )
    return [row["id"] for row in rows]


def entity_key_of(subject: str) -> str:
    """Return the entity of a message: the last token of its subject, even if the body is
    unreadable."""
    return subject.rsplit(".", 1)[-1]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that could not be handled."""

    dead_letter_id: int
    durable: str
    entity_key: str
    key: str
    message: Message


def entities_with_dead_letters(curs: Cursor[DictRow], durable: str) -> set[str]:
    """Return the entities that have a dead letter."""
    rows = curs.execute(
        "SELECT DISTINCT entity_key FROM dead_letters WHERE durable = %s AND skipped_at IS NULL",
        (durable,),
    )
    return {row["entity_key"] for row in rows}


def add_behind(curs: Cursor[DictRow], unhandled: Unhandled) -> bool:
    """Store the message if a dead letter of its entity waits; runs inside a transaction.

    It waits for a dead letter that is being freed just now. If that one stays, this message waits
    behind it; if it goes, this message need not wait.
    """
    ahead = curs.execute(
        "SELECT dead_letter_id FROM dead_letters WHERE durable = %s AND entity_key = %s"
        " AND skipped_at IS NULL ORDER BY dead_letter_id LIMIT 1 FOR SHARE",
        (unhandled.durable, entity_key_of(unhandled.subject)),
    ).fetchone()
    if ahead is not None:
        add(curs, unhandled)
    return ahead is not None


def entities_to_retry(curs: Cursor[DictRow], durable: str) -> list[str]:
    """Return the entities with a message that an operator asked to retry."""
    rows = curs.execute(
        "SELECT DISTINCT entity_key FROM dead_letters WHERE durable = %s"
        " AND retry_asked_at IS NOT NULL AND skipped_at IS NULL",
        (durable,),
        prepare=True,
    )
    return [row["entity_key"] for row in rows]


def oldest_of(curs: Cursor[DictRow], durable: str, entity_key: str) -> DeadLetter | None:
    """Return the entity's first waiting message."""
    row = curs.execute(
        "SELECT dead_letter_id, message_key, subject, headers, body FROM dead_letters"
        " WHERE durable = %s AND entity_key = %s AND skipped_at IS NULL"
        " ORDER BY dead_letter_id LIMIT 1",
        (durable, entity_key),
    ).fetchone()
    if row is None:
        return None
    message = Message(0, row["subject"], row["headers"], bytes(row["body"]))
    return DeadLetter(row["dead_letter_id"], durable, entity_key, row["message_key"], message)


def free(curs: Cursor[DictRow], row: DeadLetter) -> None:
    """Remove a message that this transaction handles, and make the next one due."""
    curs.execute("DELETE FROM dead_letters WHERE dead_letter_id = %s", (row.dead_letter_id,))
    _ask_next(curs, row.durable, row.entity_key)


def note_failure(curs: Cursor[DictRow], dead_letter_id: int, error: str) -> None:
    """Record that the retry failed; the message waits for the operator again."""
    curs.execute(
        "UPDATE dead_letters SET error = %s, attempts = attempts + 1 WHERE dead_letter_id = %s",
        (error, dead_letter_id),
    )
    curs.execute(
        "UPDATE dead_letters SET retry_asked_at = NULL WHERE (durable, entity_key) ="
        " (SELECT durable, entity_key FROM dead_letters WHERE dead_letter_id = %s)",
        (dead_letter_id,),
    )


def ask_retry(curs: Cursor[DictRow], dead_letter_id: int) -> None:
    """Ask the service to retry its entity, from the oldest message on."""
    curs.execute(
        "UPDATE dead_letters SET retry_asked_at = clock_timestamp() WHERE dead_letter_id = %s",
        (dead_letter_id,),
    )


def skip(curs: Cursor[DictRow], row: Mapping[str, Any], reason: str) -> None:
    """Skip the message for good and retry those behind it. The row stays, with the reason.

    The inbox remembers it under a name of its own, so that a refilled stream does not bring it
    back.
    """
    curs.execute(
        "UPDATE dead_letters SET skipped_at = clock_timestamp(), skipped_because = %s"
        " WHERE dead_letter_id = %s",
        (reason, row["dead_letter_id"]),
    )
    event_id = _uuid(row["message_key"])
    if event_id is not None:
        curs.execute(
            "INSERT INTO inbox (event_id, durable) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            (event_id, f"{row['durable']} {SKIPPED}"),
        )
    _ask_next(curs, row["durable"], row["entity_key"])


def _ask_next(curs: Cursor[DictRow], durable: str, entity_key: str) -> None:
    curs.execute(
        "UPDATE dead_letters SET retry_asked_at = clock_timestamp() WHERE dead_letter_id ="
        " (SELECT min(dead_letter_id) FROM dead_letters WHERE durable = %s AND entity_key = %s"
        " AND skipped_at IS NULL)",
        (durable, entity_key),
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
