"""Building views again from nothing, beside the live ones, while their service runs.

From the service's own log and, for views of other services' events, from their streams: of these,
the events that this service has handled, as its inbox says, so that at one moment of the database
the rebuild and the live tables must be the same, row for row.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from uuid import UUID

import psycopg
from eventsourcing.persistence import Mapper
from psycopg import Connection
from psycopg.rows import DictRow, dict_row

from libs.events.envelope import Envelope
from libs.runtime.failpoints import failpoint
from libs.runtime.messaging.streams import Message, Streams
from libs.runtime.store import log
from libs.runtime.store.cause import Cause
from libs.runtime.store.interventions import is_runtime_topic
from libs.runtime.store.log import LoggedEvent, Position
from libs.runtime.views.shadow_tables import SCRATCH, SITE, Difference, Place, ShadowTables
from libs.runtime.views.view import View, about_own

_PAGE: Final = 1000
_SWAP_TRIES: Final = 5
_PAUSE_S: Final = 0.25

Progress: TypeAlias = Callable[[int, int], None]
"""Is told how many events were applied of how many there were at the beginning."""


class StreamsIncomplete(Exception):
    """The streams lack events that the service has handled: they are being refilled, or lost."""


class AnotherRebuild(Exception):
    """Somebody else rebuilds views of this service just now."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What a service's views are made from: its log, and the streams of others."""

    service: str
    database_url: str
    mapper: Mapper[Any]
    streams: Streams


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a rebuild went: what was applied, what differed, how long the live tables were locked."""

    events: int
    messages: int
    differences: Sequence[Difference]
    took_s: float
    locked_s: float = 0.0

    @property
    def same(self) -> bool:
        """Whether the live tables were what a rebuild from zero gives."""
        return not any(difference.found for difference in self.differences)


@dataclass
class _Reached:
    """How far the rebuild has come in the log and in each stream."""

    position: Position = log.START
    ahead: set[Position] = field(default_factory=set)
    sequences: dict[str, int] = field(default_factory=dict)
    events: int = 0
    messages: int = 0


def compare(sources: Sources, views: Sequence[View], progress: Progress | None = None) -> Outcome:
    """Build the views in temporary tables and compare them with the live ones, changing nothing.

    Raises StreamsIncomplete.
    """
    return _Rebuild(sources, views, SCRATCH, progress).compare()


def rebuild(sources: Sources, views: Sequence[View], progress: Progress | None = None) -> Outcome:
    """Build the views beside the live ones, compare them, and put them in their place.

    Raises StreamsIncomplete, AnotherRebuild, and psycopg's LockNotAvailable when the live tables
    are never free for 2 s; then nothing has changed.
    """
    return _Rebuild(sources, views, SITE, progress).run(comparing=True)


def build_changed(sources: Sources, views: Sequence[View]) -> Outcome:
    """The same for views whose tables got another shape, which can't be compared."""
    return _Rebuild(sources, views, SITE, None).run(comparing=False)


class _Rebuild:
    def __init__(
        self, sources: Sources, views: Sequence[View], place: Place, progress: Progress | None
    ) -> None:
        self._sources = sources
        self._views = views
        self._place = place
        self._progress = progress or _nobody
        self._reached = _Reached()
        self._total = 0
        self._contracts = {c.type: c for view in views for c in view.subscriptions}
        self._producers = sorted({c.producer() for c in self._contracts.values()})

    def compare(self) -> Outcome:
        begun = time.monotonic()
        with self._beside() as (beside, reading):
            self._build(beside, reading)
            with beside.snapshot():
                self._catch_up(beside)
                differences = beside.differences()
        return self._outcome(begun, differences)

    def run(self, *, comparing: bool) -> Outcome:
        begun = time.monotonic()
        with self._beside() as (beside, reading):
            _alone(beside.conn)
            self._build(beside, reading)
            differences: list[Difference] = []
            if comparing:
                with beside.snapshot():
                    self._catch_up(beside)
                    differences = beside.differences()
            locked_s = self._swap(beside)
        return self._outcome(begun, differences, locked_s)

    def _outcome(
        self, begun: float, differences: Sequence[Difference], locked_s: float = 0.0
    ) -> Outcome:
        took_s = time.monotonic() - begun
        reached = self._reached
        return Outcome(reached.events, reached.messages, differences, took_s, locked_s)

    @contextmanager
    def _beside(self) -> Iterator[tuple[ShadowTables, Connection[DictRow]]]:
        url = self._sources.database_url
        with (
            psycopg.connect(url, autocommit=True, row_factory=dict_row) as reading,
            psycopg.connect(url, autocommit=True, row_factory=dict_row) as building,
        ):
            beside = ShadowTables(building, self._views, self._place)
            try:
                yield beside, reading
            finally:
                if not building.broken:
                    beside.drop()

    def _build(self, beside: ShadowTables, reading: Connection[DictRow]) -> None:
        """Everything that is settled, without holding anyone up."""
        beside.make()
        row = reading.execute("SELECT count(*) AS events FROM events").fetchone()
        self._total = row["events"] if row else 0
        with reading.cursor() as curs:
            while page := log.read_after(curs, self._reached.position, _PAGE).events:
                with beside.conn.transaction():
                    self._apply_own(beside, page)
                self._reached.position = page[-1].position
                self._progress(self._reached.events, self._total)
        for producer in self._producers:
            self._follow_while_it_moves(beside, producer)

    def _apply_own(self, beside: ShadowTables, page: Sequence[LoggedEvent]) -> None:
        with beside.conn.pipeline(), beside.conn.cursor() as curs:
            for logged in page:
                if is_runtime_topic(logged.stored.topic):
                    continue
                event: Any = self._sources.mapper.to_domain_event(logged.stored)
                cause = Cause(logged.command_id, logged.actor, logged.traceparent)
                about = about_own(self._sources.service, event, cause)
                for view in self._views:
                    view.apply(event, about, curs)
        self._reached.events += len(page)

    def _follow_while_it_moves(self, beside: ShadowTables, producer: str) -> None:
        """Up to what the service has not handled yet; as long as it does so, after it."""
        before = -1
        while not self._follow(beside, producer, to_the_end=False):
            if self._reached.sequences[producer] == before:
                return
            before = self._reached.sequences[producer]
            time.sleep(_PAUSE_S)

    def _follow(self, beside: ShadowTables, producer: str, *, to_the_end: bool) -> bool:
        """Apply what was handled of a stream; False when it stopped before what is still coming.

        Inside a snapshot or under locks nothing is coming: it goes on to the end.
        """
        durable = f"{self._sources.service}-{producer}"
        after = self._reached.sequences.get(producer, 0)
        reached = True
        for page in self._sources.streams.read(producer, after):
            with beside.conn.transaction():
                coming = self._apply_page(beside, durable, page)
            if reached:
                self._reached.sequences[producer] = coming - 1 if coming else page[-1].sequence
            reached = reached and not coming
            if not reached and not to_the_end:
                return False
        return True

    def _apply_page(
        self, beside: ShadowTables, durable: str, page: Sequence[Message]
    ) -> int | None:
        """Apply those of a page that were handled; the sequence of the first that is to come."""
        heard = [(message, event_id) for message in page if (event_id := _event_id(message))]
        ids = [event_id for _, event_id in heard]
        new = beside.newly_handled(durable, ids)
        mine = [(m, id_) for m, id_ in heard if m.headers.get("ce-type") in self._contracts]
        coming = beside.still_coming(durable, [id_ for _, id_ in mine])
        with beside.conn.pipeline(), beside.conn.cursor() as curs:
            for message, event_id in mine:
                if event_id in new:
                    new.discard(event_id)
                    self._apply_foreign(message, curs)
        self._reached.messages += len(page)
        return next((m.sequence for m, id_ in mine if id_ in coming), None)

    def _apply_foreign(self, message: Message, curs: Any) -> None:
        about = Envelope.from_headers(message.headers)
        event = self._contracts[about.type].model_validate_json(message.body)
        for view in self._views:
            if type(event) in view.subscriptions:
                view.apply(event, about, curs)

    def _catch_up(self, beside: ShadowTables) -> None:
        """Everything that this transaction can see. Raises StreamsIncomplete."""
        position, ahead = self._reached.position, self._reached.ahead
        with beside.conn.cursor() as curs:
            while seen := log.read_visible_after(curs, position, _PAGE):
                self._apply_own(beside, [each for each in seen if each.position not in ahead])
                ahead.update(each.position for each in seen)
                position = seen[-1].position
        for producer in self._producers:
            durable = f"{self._sources.service}-{producer}"
            if not beside.missing(durable):
                continue
            self._follow(beside, producer, to_the_end=True)
            if missing := beside.missing(durable):
                msg = (
                    f"{missing} events of {producer} that {self._sources.service} has handled are"
                    f" not in its stream: `backstage events verify --service {producer}`"
                )
                raise StreamsIncomplete(msg)

    def _swap(self, beside: ShadowTables) -> float:
        for attempt in range(1, _SWAP_TRIES + 1):
            reached = self._reached
            kept = _Reached(
                reached.position,
                set(reached.ahead),
                dict(reached.sequences),
                reached.events,
                reached.messages,
            )
            try:
                with beside.locked():
                    begun = time.monotonic()
                    self._catch_up(beside)
                    failpoint("rebuild.before_swap")
                    beside.swap()
                return time.monotonic() - begun
            except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
                # What was applied under the lock is rolled back with it.
                self._reached = kept
                if attempt == _SWAP_TRIES:
                    raise
                time.sleep(_PAUSE_S * attempt)
        raise AssertionError("unreachable")


def _alone(conn: Connection[DictRow]) -> None:
    row = conn.execute(
        "SELECT pg_try_advisory_lock(hashtextextended('rebuild of views', 0)) AS alone"
    ).fetchone()
    if row is None or not row["alone"]:
        raise AnotherRebuild("wait for it to end")


def _event_id(message: Message) -> UUID | None:
    try:
        return UUID(message.headers["ce-id"])
    except (KeyError, ValueError):
        return None


def _nobody(done: int, total: int) -> None:
    """Nobody watches."""
