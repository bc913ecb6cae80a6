"""The erasable rows of the identity service in PostgreSQL, written in the open unit of work."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from libs.runtime.store import unit_of_work
from services.identity.domain import SESSION_ABSOLUTE_LIMIT, SESSION_IDLE_LIMIT, Sends
from services.identity.rows import CodeRow, PersonRow, SessionRow, Tables

_SENDS = """
    SELECT count(*) FILTER (WHERE browser_hash = %(browser)s) AS by_browser,
           count(*) FILTER (WHERE network_hash = %(network)s) AS by_network,
           count(*) AS in_total,
           count(*) FILTER (WHERE inbox = %(inbox)s) AS to_inbox,
           coalesce(min(asked_at) FILTER (WHERE browser_hash = %(browser)s), %(since)s)
               AS browser_since,
           coalesce(min(asked_at) FILTER (WHERE network_hash = %(network)s), %(since)s)
               AS network_since,
           coalesce(min(asked_at), %(since)s) AS total_since,
           coalesce(max(asked_at) FILTER (WHERE inbox = %(inbox)s), %(since)s) AS last_to_inbox
    FROM sign_in_codes WHERE asked_at > %(since)s
"""
# As long as browsers keep cookies at most (Chrome's cap).
_KNOWN_FOR = timedelta(days=400)


def _run(statement: str, parameters: dict[str, Any]) -> Cursor[DictRow]:
    return unit_of_work.required().cursor().execute(statement, parameters)


def _first(statement: str, parameters: dict[str, Any]) -> DictRow:
    row = _run(statement, parameters).fetchone()
    if row is None:
        raise LookupError(statement)
    return row


class CodeTable:
    """`sign_in_codes`: the newest of a browser is the one with the highest number."""

    def lock(self, inbox: str) -> None:
        _run("SELECT pg_advisory_xact_lock(1, hashtext(%(inbox)s))", {"inbox": inbox})

    def sends_since(
        self, since: datetime, inbox: str, browser_hash: bytes, network_hash: bytes
    ) -> Sends:
        about = {"inbox": inbox, "browser": browser_hash, "network": network_hash}
        return Sends(**_first(_SENDS, about | {"since": since}))

    def add(self, row: CodeRow) -> None:
        _run(
            """
            INSERT INTO sign_in_codes (request_id, address, inbox, browser_hash, network_hash,
                                       code_hash, locale, asked_at)
            VALUES (%(request_id)s, %(address)s, %(inbox)s, %(browser_hash)s, %(network_hash)s,
                    %(code_hash)s, %(locale)s, %(asked_at)s)
            ON CONFLICT DO NOTHING
            """,
            {name: getattr(row, name) for name in CodeRow.__dataclass_fields__},
        )

    def newest(self, address: str, browser_hash: bytes) -> CodeRow | None:
        return _code(
            _run(
                "SELECT * FROM sign_in_codes"
                " WHERE address = %(address)s AND browser_hash = %(browser)s"
                " ORDER BY number DESC LIMIT 1",
                {"address": address, "browser": browser_hash},
            ).fetchone()
        )

    def failures_since(self, since: datetime, browser_hash: bytes) -> int:
        row = _first(
            "SELECT coalesce(sum(failures), 0) AS failures FROM sign_in_codes"
            " WHERE browser_hash = %(browser)s AND last_failed_at > %(since)s",
            {"browser": browser_hash, "since": since},
        )
        return int(row["failures"])

    def note_failure(self, request_id: UUID, at: datetime) -> None:
        _run(
            "UPDATE sign_in_codes SET failures = failures + 1, last_failed_at = %(at)s"
            " WHERE request_id = %(request_id)s",
            {"request_id": request_id, "at": at},
        )

    def note_used(self, request_id: UUID, at: datetime) -> None:
        _run(
            "UPDATE sign_in_codes SET used_at = %(at)s WHERE request_id = %(request_id)s",
            {"request_id": request_id, "at": at},
        )

    def note_refused(self, request_id: UUID, smtp_code: int) -> None:
        _run(
            "UPDATE sign_in_codes SET refused_with = %(code)s WHERE request_id = %(request_id)s",
            {"request_id": request_id, "code": smtp_code},
        )

    def note_browser(self, address: str, browser_hash: bytes, at: datetime) -> None:
        _run(
            "INSERT INTO known_browsers (address, browser_hash, last_at)"
            " VALUES (%(address)s, %(browser)s, %(at)s)"
            " ON CONFLICT (address, browser_hash) DO UPDATE SET last_at = excluded.last_at",
            {"address": address, "browser": browser_hash, "at": at},
        )

    def knows_browser(self, address: str, browser_hash: bytes) -> bool:
        found = _run(
            "SELECT 1 FROM known_browsers"
            " WHERE address = %(address)s AND browser_hash = %(browser)s",
            {"address": address, "browser": browser_hash},
        )
        return found.fetchone() is not None

    def forget_before(self, before: datetime) -> None:
        _run("DELETE FROM sign_in_codes WHERE asked_at < %(before)s", {"before": before})
        _run("DELETE FROM known_browsers WHERE last_at < %(at)s", {"at": before - _KNOWN_FOR})


def _code(row: DictRow | None) -> CodeRow | None:
    if row is None:
        return None
    return CodeRow(
        request_id=row["request_id"],
        address=row["address"],
        inbox=row["inbox"],
        browser_hash=bytes(row["browser_hash"]),
        network_hash=bytes(row["network_hash"]),
        code_hash=bytes(row["code_hash"]),
        locale=row["locale"],
        asked_at=row["asked_at"],
        failures=row["failures"],
        used=row["used_at"] is not None,
    )


class PeopleTable:
    """`people`: one person per address."""

    def of_address(self, address: str) -> PersonRow | None:
        return _person(
            _run("SELECT * FROM people WHERE address = %(address)s", {"address": address})
        )

    def get(self, person_id: UUID) -> PersonRow | None:
        return _person(
            _run("SELECT * FROM people WHERE person_id = %(person_id)s", {"person_id": person_id})
        )

    def add(self, row: PersonRow, at: datetime) -> None:
        _run(
            "INSERT INTO people (person_id, address, display_name, locale, registered_at)"
            " VALUES (%(person_id)s, %(address)s, %(display_name)s, %(locale)s, %(at)s)",
            {
                "person_id": row.person_id,
                "address": row.address,
                "display_name": row.display_name,
                "locale": row.locale,
                "at": at,
            },
        )

    def change(self, person_id: UUID, display_name: str, locale: str) -> None:
        _run(
            "UPDATE people SET display_name = %(display_name)s, locale = %(locale)s"
            " WHERE person_id = %(person_id)s",
            {"person_id": person_id, "display_name": display_name, "locale": locale},
        )


def _person(found: Cursor[DictRow]) -> PersonRow | None:
    row = found.fetchone()
    if row is None:
        return None
    return PersonRow(row["person_id"], row["address"], row["display_name"], row["locale"])


class SessionTable:
    """`sessions`: only open ones; a session's row is deleted with it."""

    def add(self, row: SessionRow) -> None:
        _run(
            """
            INSERT INTO sessions (session_id, person_id, token_hash, user_agent, started_at,
                                  last_seen_at)
            VALUES (%(session_id)s, %(person_id)s, %(token_hash)s, %(user_agent)s, %(started_at)s,
                    %(started_at)s)
            """,
            {name: getattr(row, name) for name in SessionRow.__dataclass_fields__},
        )

    def open_ids(self, person_id: UUID) -> list[UUID]:
        rows = _run(
            "SELECT session_id FROM sessions WHERE person_id = %(person_id)s FOR UPDATE",
            {"person_id": person_id},
        )
        return [row["session_id"] for row in rows]

    def expired_ids(self, at: datetime) -> list[UUID]:
        rows = _run(
            "SELECT session_id FROM sessions WHERE last_seen_at <= %(idle)s"
            " OR started_at <= %(oldest)s LIMIT 1000 FOR UPDATE SKIP LOCKED",
            {"idle": at - SESSION_IDLE_LIMIT, "oldest": at - SESSION_ABSOLUTE_LIMIT},
        )
        return [row["session_id"] for row in rows]

    def remove(self, session_id: UUID) -> None:
        _run("DELETE FROM sessions WHERE session_id = %(id)s", {"id": session_id})

    def note_seen(self, session_id: UUID, at: datetime) -> None:
        _run(
            "UPDATE sessions SET last_seen_at = %(at)s WHERE session_id = %(id)s",
            {"id": session_id, "at": at},
        )


def tables() -> Tables:
    """Return all tables."""
    return Tables(CodeTable(), PeopleTable(), SessionTable())
