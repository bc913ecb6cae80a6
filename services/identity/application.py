"""Use cases of the identity service: codes, sessions, people."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID

from eventsourcing.application import Application

from services.identity.domain import (
    LIMIT_WINDOW,
    Limits,
    Person,
    PersonNotFound,
    Session,
    SessionNotFound,
    TooManyCodes,
    Verdict,
    inbox_of,
    normalise_address,
    normalise_display_name,
)
from services.identity.keyed_hashing import KeyedHashing, same
from services.identity.rows import CodeRow, PersonRow, SessionRow, Tables

MAIL_SIGN_IN_CODE: Final = "mail_sign_in_code"
PUT_CONTACT: Final = "put_contact"
REFILL_CONTACTS: Final = "refill_contacts"
COMPARE_CONTACTS: Final = "compare_contacts"
SWEEP: Final = "sweep"
CODES_KEPT_FOR: Final = timedelta(hours=24)
SWEEP_EVERY: Final = timedelta(minutes=15)
REFILL_EVERY: Final = timedelta(minutes=10)
COMPARE_EVERY: Final = timedelta(seconds=5)
_NO_REQUEST: Final = UUID(int=0)


class Clock(Protocol):
    """A source of the present time."""

    def now(self) -> datetime: ...


class Schedule(Protocol):
    """Work that is due at a time."""

    def at(self, kind: str, key: str, due_at: datetime, payload: Mapping[str, Any]) -> None:
        """Schedule work; the same kind and key moves the entry."""
        ...


@dataclass(frozen=True, slots=True)
class Guess:
    """A typed code, and the token hash of the session that a right code starts."""

    address: str
    code: str
    browser_id: str
    user_agent: str
    token_hash: bytes
    may_register: bool = True


class NoRoomForMore(Exception):
    """Nobody new is registered while storage is low; the code stays valid."""


class Identity(Application[UUID]):
    """The use cases of the identity service."""

    def __init__(
        self,
        env: Mapping[str, str] | None = None,
        *,
        clock: Clock,
        schedule: Schedule,
        tables: Tables,
        hashing: KeyedHashing,
        limits: Limits | None = None,
    ) -> None:
        super().__init__(env)
        self._clock = clock
        self._schedule = schedule
        self._codes = tables.codes
        self._people = tables.people
        self._sessions = tables.sessions
        self._hashing = hashing
        self._limits = limits or Limits()

    def request_code(
        self, request_id: UUID, address: str, browser_id: str, network: str, locale: str
    ) -> None:
        """Have a code mailed, without looking the address up: known and unknown ones are treated
        alike.

        Raises InvalidAddress, TooManyCodes.
        """
        now = self._clock.now()
        address = normalise_address(address)
        inbox = inbox_of(address)
        browser_hash = self._hashing.origin_hash("browser", browser_id)
        network_hash = self._hashing.origin_hash("network", network)
        self._codes.lock(inbox)
        sends = self._codes.sends_since(now - LIMIT_WINDOW, inbox, browser_hash, network_hash)
        known = self._codes.knows_browser(address, browser_hash)
        wait = self._limits.wait_of(sends, now, known_browser=known)
        if wait > timedelta(0):
            raise TooManyCodes(wait)
        self._codes.add(
            CodeRow(
                request_id=request_id,
                address=address,
                inbox=inbox,
                browser_hash=browser_hash,
                network_hash=network_hash,
                code_hash=self._hashing.code_hash(request_id, self._hashing.code_of(request_id)),
                locale=locale,
                asked_at=now,
            )
        )
        payload = {"request_id": str(request_id)}
        self._schedule.at(MAIL_SIGN_IN_CODE, str(request_id), now, payload)

    def note_refused_mail(self, request_id: UUID, smtp_code: int) -> None:
        """Record that the mail server refused the code's mail for good: it is not retried."""
        self._codes.note_refused(request_id, smtp_code)

    def sign_in(self, guess: Guess) -> dict[str, str]:
        """Judge a guess; returns `verdict`, and for a right one `session_id` and `person_id`.

        A wrong guess is an answer and not a refusal, because it must be counted. Raises
        NoRoomForMore.
        """
        now = self._clock.now()
        address = normalise_address(guess.address)
        browser_hash = self._hashing.origin_hash("browser", guess.browser_id)
        self._codes.lock(inbox_of(address))
        asked = self._codes.newest(address, browser_hash)
        verdict = self._judge(guess.code, asked, now)
        if verdict is not Verdict.RIGHT or asked is None:
            return {"verdict": verdict.value}
        if not guess.may_register and self._people.of_address(asked.address) is None:
            raise NoRoomForMore
        known_browser = self._codes.knows_browser(address, browser_hash)
        self._codes.note_used(asked.request_id, now)
        self._codes.note_browser(address, browser_hash, now)
        person_id, registered = self._person_of(asked, now)
        session = Session(asked.request_id, person_id, now)
        if not registered and not known_browser:
            session.note_new_browser()
        self.save(*registered, session)
        self._sessions.add(
            SessionRow(session.id, person_id, guess.token_hash, guess.user_agent, now)
        )
        return {
            "verdict": verdict.value,
            "session_id": str(session.id),
            "person_id": str(person_id),
        }

    def _judge(self, code: str, asked: CodeRow | None, now: datetime) -> Verdict:
        # The same hashing is done for a browser that never asked for a code.
        typed = self._hashing.code_hash(asked.request_id if asked else _NO_REQUEST, code)
        same_code = same(typed, asked.code_hash if asked else bytes(len(typed)))
        if asked is None:
            return Verdict.WRONG
        failures = self._codes.failures_since(now - LIMIT_WINDOW, asked.browser_hash)
        if failures >= self._limits.failures_per_browser:
            return Verdict.TOO_MANY_TRIES
        verdict = asked.to_code().judge(now, same_code=same_code)
        if verdict in {Verdict.WRONG, Verdict.BURNED}:
            self._codes.note_failure(asked.request_id, now)
        return verdict

    def _person_of(self, asked: CodeRow, now: datetime) -> tuple[UUID, list[Person]]:
        known = self._people.of_address(asked.address)
        if known is not None:
            return known.person_id, []
        person = Person(asked.request_id, now)
        self._people.add(PersonRow(person.id, asked.address, "", asked.locale), now)
        self._put_contact(person.id, now)
        return person.id, [person]

    def _put_contact(self, person_id: UUID, now: datetime) -> None:
        self._schedule.at(PUT_CONTACT, str(person_id), now, {"person_id": str(person_id)})

    def end_session(self, person_id: UUID, session_id: UUID) -> None:
        """End one session of this person. Raises SessionNotFound."""
        if session_id not in self._sessions.open_ids(person_id):
            raise SessionNotFound(session_id)
        self._end([session_id])

    def end_all_sessions(self, person_id: UUID) -> None:
        """End every session of this person, the present one included."""
        self._end(self._sessions.open_ids(person_id))

    def _end(self, session_ids: list[UUID]) -> None:
        now = self._clock.now()
        ended: list[Session] = []
        for session_id in session_ids:
            session: Session = self.repository.get(session_id)
            session.end(now)
            self._sessions.remove(session_id)
            ended.append(session)
        self.save(*ended)

    def note_seen(self, session_id: UUID) -> None:
        """Restart the idle limit of a session that was used now."""
        self._sessions.note_seen(session_id, self._clock.now())

    def change_profile(self, person_id: UUID, display_name: str | None, locale: str | None) -> None:
        """Change name or language; None keeps the present value. Raises PersonNotFound,
        InvalidDisplayName."""
        person = self._people.get(person_id)
        if person is None:
            raise PersonNotFound(person_id)
        name = person.display_name if display_name is None else normalise_display_name(display_name)
        self._people.change(person_id, name, person.locale if locale is None else locale)
        self._put_contact(person_id, self._clock.now())

    def sweep(self) -> None:
        """Erase codes older than a day, end sessions past their limits, and schedule the next
        sweep."""
        now = self._clock.now()
        self._codes.forget_before(now - CODES_KEPT_FOR)
        self._end(self._sessions.expired_ids(now))
        self._schedule.at(SWEEP, "all", now + SWEEP_EVERY, {})

    def begin_chores(self) -> None:
        """Schedule the sweep and the refill of the contact bucket, which then repeat."""
        now = self._clock.now()
        self._schedule.at(SWEEP, "all", now, {})
        self.refill_contacts_after(None)
        self._schedule.at(COMPARE_CONTACTS, "bucket", now + COMPARE_EVERY, {})

    def compare_contacts_again(self, *, refill: bool) -> None:
        """Refill the bucket at once if it lost people, and check again in five seconds."""
        if refill:
            self.refill_contacts_after(None)
        self._schedule.at(COMPARE_CONTACTS, "bucket", self._clock.now() + COMPARE_EVERY, {})

    def refill_contacts_after(self, person_id: UUID | None) -> None:
        """Continue the refill behind this person, or start it anew."""
        payload = {"after": str(person_id or UUID(int=0))}
        self._schedule.at(REFILL_CONTACTS, "bucket", self._clock.now(), payload)

    def rest_from_refilling(self) -> None:
        """Check the full bucket again in ten minutes: NATS may have lost it by then."""
        due_at = self._clock.now() + REFILL_EVERY
        self._schedule.at(REFILL_CONTACTS, "bucket", due_at, {"after": str(UUID(int=0))})
