"""Rebuilding views in shadow tables while their service runs.

The sources are the service's own log and the streams of the services that its views follow. Of the
streams only the events count that the service has handled, as its inbox says. At one moment of the
database, rebuild and live tables must therefore be equal, row for row.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from uuid import UUID

import psycopg
from eventsourcing.persistence import Mapper
from psycopg import Connection
from psycopg.rows import DictRow, dict_row

from libs.events.contract import Contract
from libs.events.envelope import Envelope
from libs.runtime.failpoints import failpoint
from libs.runtime.messaging.streams import Message, Streams
from libs.runtime.store import log
from libs.runtime.store.cause import Cause
from libs.runtime.store.interventions import is_runtime_topic
from libs.runtime.store.log import LoggedEvent, Position
from libs.runtime.views.shadow_tables import (
    PERSISTENT,
    TEMPORARY,
    Discrepancy,
    Schema,
    ShadowTables,
)
from libs.runtime.views.view import View, about_own

_PAGE: Final = 1000
_SWAP_TRIES: Final = 5
_PAUSE_S: Final = 0.25

Progress: TypeAlias = Callable[[int, int], None]
"""Gets the number of applied events and the number of events at the beginning."""


class StreamsIncomplete(Exception):
    """The streams lack events that the service has handled: they are being refilled, or are
    lost."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What a service's views are made from: its log, and other services' streams.

    `subscriptions` are all contracts that the service handles, those of its reactions included.
    """

    service: str
    database_url: str
    mapper: Mapper[Any]
    streams: Streams
    subscriptions: Iterable[type[Contract]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rebuild applied, what differed, and how long the live tables were locked."""

    events: int
    messages: int
    discrepancies: Sequence[Discrepancy]
    took_s: float
    locked_s: float = 0.0

    @property
    def same(self) -> bool:
        """Return whether the live tables equal a rebuild from zero."""
        return not any(discrepancy.found for discrepancy in self.discrepancies)


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
    return _Rebuild(sources, views, TEMPORARY, progress).compare()


def rebuild(sources: Sources, views: Sequence[View], progress: Progress | None = None) -> Outcome:
    """Build the views in shadow tables, compare them with the live ones, and swap them.

    Raises StreamsIncomplete and AnotherRebuild. Raises psycopg's LockNotAvailable if the live
    tables are never free for 2 s; then nothing has changed.
    """
    return _Rebuild(sources, views, PERSISTENT, progress).run(comparing=True)


def build_changed(sources: Sources, views: Sequence[View]) -> Outcome:
    """Rebuild views whose tables have a new shape, which makes a comparison impossible."""
    return _Rebuild(sources, views, PERSISTENT, None).run(comparing=False)


class _Rebuild:
    def __init__(
        self,
        sources: Sources,
        views: Sequence[View],
        schema: Schema,
        progress: Progress | None,
    ) -> None:
        self._sources = sources
        self._views = views
        self._schema = schema
        self._progress = progress or (lambda _done, _total: None)
        self._reached = _Reached()
        self._total = 0
        self._contracts = {c.type: c for view in views for c in view.subscriptions}
        self._producers = sorted({c.producer() for c in self._contracts.values()})
        self._handled_types = {*self._contracts, *(c.type for c in sources.subscriptions)}

    def compare(self) -> Outcome:
        begun = time.monotonic()
        with self._shadow_tables() as (shadow, reading):
            self._build(shadow, reading)
            with shadow.snapshot():
                self._catch_up(shadow)
                discrepancies = shadow.discrepancies()
        return self._outcome(begun, discrepancies)

    def run(self, *, comparing: bool) -> Outcome:
        begun = time.monotonic()
        with self._shadow_tables() as (shadow, reading):
            shadow.exclude_other_rebuilds()
            self._build(shadow, reading)
            discrepancies: list[Discrepancy] = []
            if comparing:
                with shadow.snapshot():
                    self._catch_up(shadow)
                    discrepancies = shadow.discrepancies()
            locked_s = self._swap(shadow)
        return self._outcome(begun, discrepancies, locked_s)

    def _outcome(
        self, begun: float, discrepancies: Sequence[Discrepancy], locked_s: float = 0.0
    ) -> Outcome:
        took_s = time.monotonic() - begun
        reached = self._reached
        return Outcome(reached.events, reached.messages, discrepancies, took_s, locked_s)

    @contextmanager
    def _shadow_tables(self) -> Iterator[tuple[ShadowTables, Connection[DictRow]]]:
        url = self._sources.database_url
        with (
            psycopg.connect(url, autocommit=True, row_factory=dict_row) as reading,
            psycopg.connect(url, autocommit=True, row_factory=dict_row) as building,
        ):
            shadow = ShadowTables(building, self._views, self._schema)
            try:
                yield shadow, reading
            finally:
                if not building.broken:
                    shadow.drop()

    def _build(self, shadow: ShadowTables, reading: Connection[DictRow]) -> None:
        """Apply everything that is settled, without blocking anyone."""
        shadow.make()
        row = reading.execute("SELECT count(*) AS events FROM events").fetchone()
        self._total = row["events"] if row else 0
        with reading.cursor() as curs:
            while page := log.read_after(curs, self._reached.position, _PAGE).events:
                with shadow.conn.transaction():
                    self._apply_own(shadow, page)
                self._reached.position = page[-1].position
                self._progress(self._reached.events, self._total)
        for producer in self._producers:
            self._follow_while_it_moves(shadow, producer)

    def _apply_own(self, shadow: ShadowTables, page: Sequence[LoggedEvent]) -> None:
        with shadow.conn.pipeline(), shadow.conn.cursor() as curs:
            for logged in page:
                if is_runtime_topic(logged.stored.topic):
                    continue
                event: Any = self._sources.mapper.to_domain_event(logged.stored)
                cause = Cause(logged.command_id, logged.actor, logged.traceparent)
                about = about_own(self._sources.service, event, cause)
                for view in self._views:
                    view.apply(event, about, curs)
        self._reached.events += len(page)

    def _follow_while_it_moves(self, shadow: ShadowTables, producer: str) -> None:
        """Apply a stream up to what the service has not handled; follow while the service
        progresses."""
        before = -1
        while not self._follow(shadow, producer, to_the_end=False):
            if self._reached.sequences[producer] == before:
                return
            before = self._reached.sequences[producer]
            time.sleep(_PAUSE_S)

    def _follow(self, shadow: ShadowTables, producer: str, *, to_the_end: bool) -> bool:
        """Apply the handled events of a stream; returns False if it stopped before unhandled ones.

        Inside a snapshot or under locks nothing more is handled, so it goes on to the end.
        """
        durable = f"{self._sources.service}-{producer}"
        after = self._reached.sequences.get(producer, 0)
        reached = True
        for page in self._sources.streams.read(producer, after):
            with shadow.conn.transaction():
                coming = self._apply_page(shadow, durable, page)
            if reached:
                self._reached.sequences[producer] = coming - 1 if coming else page[-1].sequence
            reached = reached and not coming
            if not reached and not to_the_end:
                return False
        return True

    def _apply_page(
        self, shadow: ShadowTables, durable: str, page: Sequence[Message]
    ) -> int | None:
        """Apply the handled events of a page; returns the sequence of the first unhandled one."""
        heard = [(message, event_id) for message in page if (event_id := _event_id(message))]
        ids = [event_id for _, event_id in heard]
        new = shadow.newly_handled(durable, ids)
        # Events of reactions count too, because the inbox will hold them.
        mine = [(m, id_) for m, id_ in heard if m.headers.get("ce-type") in self._handled_types]
        coming = shadow.still_coming(durable, [id_ for _, id_ in mine])
        with shadow.conn.pipeline(), shadow.conn.cursor() as curs:
            for message, event_id in mine:
                if event_id in new and message.headers["ce-type"] in self._contracts:
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

    def _catch_up(self, shadow: ShadowTables) -> None:
        """Apply everything that this transaction can see. Raises StreamsIncomplete."""
        position, ahead = self._reached.position, self._reached.ahead
        with shadow.conn.cursor() as curs:
            while seen := log.read_visible_after(curs, position, _PAGE):
                self._apply_own(shadow, [each for each in seen if each.position not in ahead])
                ahead.update(each.position for each in seen)
                position = seen[-1].position
        for producer in self._producers:
            durable = f"{self._sources.service}-{producer}"
            if not shadow.missing(durable):
                continue
            self._follow(shadow, producer, to_the_end=True)
            if missing := shadow.missing(durable):
                msg = (
                    f"{missing} events of {producer} that {self._sources.service} has handled are"
                    f" not in its stream: `backstage events verify --service {producer}`"
                )
                raise StreamsIncomplete(msg)

    def _swap(self, shadow: ShadowTables) -> float:
        for attempt in range(1, _SWAP_TRIES + 1):
            kept = deepcopy(self._reached)
            try:
                with shadow.locked():
                    begun = time.monotonic()
                    self._catch_up(shadow)
                    failpoint("rebuild.before_swap")
                    shadow.swap()
                return time.monotonic() - begun
            except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
                # The rollback also undoes what was applied under the lock.
                self._reached = kept
                if attempt == _SWAP_TRIES:
                    raise
                time.sleep(_PAUSE_S * attempt)
        raise AssertionError("unreachable")


def _event_id(message: Message) -> UUID | None:
    try:
        return UUID(message.headers["ce-id"])
    except (KeyError, ValueError):
        return None
