"""The rows of the identity service in memory."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from services.identity.domain import SESSION_ABSOLUTE_LIMIT, SESSION_IDLE_LIMIT, Sends
from services.identity.rows import CodeRow, PersonRow, SessionRow, Tables


@dataclass
class FakeCodes:
    rows: list[CodeRow] = field(default_factory=list)
    failed_at: dict[UUID, datetime] = field(default_factory=dict)
    locked: list[str] = field(default_factory=list)

    browsers: set[tuple[str, bytes]] = field(default_factory=set)
    refused: dict[UUID, int] = field(default_factory=dict)

    def lock(self, inbox: str) -> None:
        self.locked.append(inbox)

    def sends_since(
        self, since: datetime, inbox: str, browser_hash: bytes, network_hash: bytes
    ) -> Sends:
        recent = [row for row in self.rows if row.asked_at > since]
        browser = [row.asked_at for row in recent if row.browser_hash == browser_hash]
        network = [row.asked_at for row in recent if row.network_hash == network_hash]
        to_inbox = [row.asked_at for row in recent if row.inbox == inbox]
        return Sends(
            by_browser=len(browser),
            by_network=len(network),
            in_total=len(recent),
            to_inbox=len(to_inbox),
            browser_since=min(browser, default=since),
            network_since=min(network, default=since),
            total_since=min((row.asked_at for row in recent), default=since),
            last_to_inbox=max(to_inbox, default=since),
        )

    def add(self, row: CodeRow) -> None:
        self.rows.append(row)

    def newest(self, address: str, browser_hash: bytes) -> CodeRow | None:
        mine = (address, browser_hash)
        rows = (row for row in reversed(self.rows) if (row.address, row.browser_hash) == mine)
        return next(rows, None)

    def failures_since(self, since: datetime, browser_hash: bytes) -> int:
        return sum(
            row.failures
            for row in self.rows
            if row.browser_hash == browser_hash
            and self.failed_at.get(row.request_id, since) > since
        )

    def note_failure(self, request_id: UUID, at: datetime) -> None:
        self.failed_at[request_id] = at
        self._change(request_id, lambda row: replace(row, failures=row.failures + 1))

    def note_used(self, request_id: UUID, at: datetime) -> None:
        self._change(request_id, lambda row: replace(row, used=True))

    def note_refused(self, request_id: UUID, smtp_code: int) -> None:
        self.refused[request_id] = smtp_code

    def note_browser(self, address: str, browser_hash: bytes, at: datetime) -> None:
        self.browsers.add((address, browser_hash))

    def knows_browser(self, address: str, browser_hash: bytes) -> bool:
        return (address, browser_hash) in self.browsers

    def forget_before(self, before: datetime) -> None:
        self.rows = [row for row in self.rows if row.asked_at >= before]

    def _change(self, request_id, change) -> None:
        self.rows = [change(row) if row.request_id == request_id else row for row in self.rows]


@dataclass
class FakePeople:
    rows: dict[UUID, PersonRow] = field(default_factory=dict)

    def of_address(self, address: str) -> PersonRow | None:
        return next((row for row in self.rows.values() if row.address == address), None)

    def get(self, person_id: UUID) -> PersonRow | None:
        return self.rows.get(person_id)

    def add(self, row: PersonRow, at: datetime) -> None:
        self.rows[row.person_id] = row

    def change(self, person_id: UUID, display_name: str, locale: str) -> None:
        row = self.rows[person_id]
        self.rows[person_id] = replace(row, display_name=display_name, locale=locale)


@dataclass
class FakeSessions:
    rows: dict[UUID, SessionRow] = field(default_factory=dict)
    seen_at: dict[UUID, datetime] = field(default_factory=dict)

    def add(self, row: SessionRow) -> None:
        self.rows[row.session_id] = row
        self.seen_at[row.session_id] = row.started_at

    def open_ids(self, person_id: UUID) -> list[UUID]:
        return [row.session_id for row in self.rows.values() if row.person_id == person_id]

    def expired_ids(self, at: datetime) -> list[UUID]:
        return [
            row.session_id
            for row in self.rows.values()
            if self.seen_at[row.session_id] + SESSION_IDLE_LIMIT <= at
            or row.started_at + SESSION_ABSOLUTE_LIMIT <= at
        ]

    def remove(self, session_id: UUID) -> None:
        del self.rows[session_id]

    def note_seen(self, session_id: UUID, at: datetime) -> None:
        self.seen_at[session_id] = at


@dataclass
class FakeTables:
    codes: FakeCodes = field(default_factory=FakeCodes)
    people: FakePeople = field(default_factory=FakePeople)
    sessions: FakeSessions = field(default_factory=FakeSessions)

    def as_tables(self) -> Tables:
        return Tables(self.codes, self.people, self.sessions)
