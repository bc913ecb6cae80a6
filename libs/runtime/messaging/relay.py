"""The outbox: publishes the store's events in order and without gaps."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import nats.errors
import psycopg
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError
from psycopg import Cursor
from psycopg.rows import DictRow

from libs.events.contract import Contract, stream_of, subject_of
from libs.events.envelope import Envelope
from libs.runtime.failpoints import failpoint
from libs.runtime.messaging import bus
from libs.runtime.store import log
from libs.runtime.store.interventions import is_runtime_topic
from libs.runtime.store.leadership import Leadership
from libs.runtime.store.log import START, LoggedEvent, Page, Position
from libs.runtime.store.store import Store
from libs.runtime.telemetry import continued_span

logger = logging.getLogger(__name__)

ToContract = Callable[[Any], Contract | None]

_WINDOW: Final = 64
_PAGE: Final = 256
_POLL_S: Final = 0.5
_UNSETTLED_S: Final = (0.002, 0.05)
_FAULT_PAUSE_S: Final = 0.25
_FAULTS_IN_A_ROW: Final = 8
_OTHERS_TRY_S: Final = 3.0
_COMPARE_EVERY_S: Final = 60.0
_ACK_TIMEOUT_S: Final = 5.0


class StreamAhead(Exception):
    """The stream holds events that the store lacks: an old backup of the store was restored."""


class LogReplaced(Exception):
    """The log lacks the last published event: it is another database."""


class Announcement(NamedTuple):
    """One public event, ready to be published."""

    message_id: str
    envelope: Envelope
    contract: Contract


class Relay:
    """Publishes a service's public events; only one of its replicas publishes at a time.

    Each message expects its predecessor to be the last of the stream. The stream is therefore
    ordered, without gaps, and closed to a second publisher. The stream's last message is the
    cursor: after a loss or restore of the stream, the relay refills it from there by itself.
    """

    def __init__(
        self, store: Store[Any], client: Client, leadership: Leadership, to_contract: ToContract
    ) -> None:
        self.alarm: str | None = None
        self.published = 0
        self._store = store
        self._service = store.service
        self._stream = stream_of(store.service)
        self._client = client
        self._js: JetStreamContext = client.jetstream(timeout=_ACK_TIMEOUT_S)
        self._leadership = leadership
        self._lead = f"relay of {store.service}"
        self._call = f"call.{self._lead.replace(' ', '_')}"
        self._calls: set[asyncio.Task[None]] = set()
        self._to_contract = to_contract
        self._woken = asyncio.Event()
        self._epoch = 0
        self._reached: LoggedEvent | None = None
        """The last published event; None at the beginning of the log."""
        self._last_id = ""
        self._last_sequence = 0
        self._faults = 0

    @property
    def faults(self) -> int:
        """Return how many attempts to publish have failed in a row."""
        return self._faults

    async def published_until(self) -> Position:
        """Return the published position; asks the stream if another replica publishes."""
        if self.leads:
            return START if self._reached is None else self._reached.position
        last = await self._last_message()
        return START if last is None else _parse((last.headers or {}).get("Nats-Msg-Id", ""))[1]

    def is_public(self, logged: LoggedEvent) -> bool:
        """Return whether an event is announced to other services."""
        return self._announcement(logged) is not None

    @property
    def leads(self) -> bool:
        """Return whether this process publishes."""
        return self._leadership.holds(self._lead)

    def wake(self) -> None:
        """Wake the relay: there is something to publish, here or in the leading replica."""
        self._woken.set()
        if not self.leads:
            calling = asyncio.create_task(self._call_the_one_who_leads())
            self._calls.add(calling)
            calling.add_done_callback(self._calls.discard)

    async def _call_the_one_who_leads(self) -> None:
        # A lost call delays the leading replica by one pause of its poll.
        with contextlib.suppress(nats.errors.Error):
            await self._client.publish(self._call)

    async def _on_call(self, _: Msg) -> None:
        self._woken.set()

    async def run(self) -> None:
        """Publish for ever; after any fault, restart from the stream's last message."""
        await self._client.subscribe(self._call, cb=self._on_call)
        while True:
            try:
                await self._leadership.acquire(self._lead)
                connection = self._connection
                await self._compare_with_stream()
                await self._publish_until_compare(connection)
            except StreamAhead as ahead:
                self.alarm = str(ahead)
                logger.critical("%s", ahead)
                await asyncio.sleep(5)
            except Exception as fault:
                logger.warning("The relay restarts after a fault: %s", repr(fault))
                await self._pause_after(fault)

    async def _pause_after(self, fault: Exception) -> None:
        """Hand over the lead after repeated faults: a newer version may read what we can't."""
        self._faults += 1
        if self._faults < _FAULTS_IN_A_ROW:
            await asyncio.sleep(_FAULT_PAUSE_S)
            return
        self.alarm = f"nothing is published, {self._faults} tries failed: {fault!r}"
        with contextlib.suppress(psycopg.OperationalError):
            await self._leadership.release(self._lead)
        await asyncio.sleep(_OTHERS_TRY_S)

    @property
    def _connection(self) -> int:
        """Return which connection to the bus this is, because a restarted server may have lost its
        disk."""
        return self._client.stats["reconnects"]

    async def _publish_until_compare(self, connection: int) -> None:
        compare_at = time.monotonic() + _COMPARE_EVERY_S
        unsettled_s = _UNSETTLED_S[0]
        while time.monotonic() < compare_at and self._connection == connection:
            await self._leadership.confirm(self._lead)
            self._woken.clear()
            page = await asyncio.to_thread(self._store.query, self._next_page)
            for start in range(0, len(page.events), _WINDOW):
                await self._publish(page.events[start : start + _WINDOW])
            self._faults, self.alarm = 0, None
            if page.unsettled:
                # A long transaction of another session can delay this.
                await asyncio.sleep(unsettled_s)
                unsettled_s = min(unsettled_s * 2, _UNSETTLED_S[1])
                continue
            unsettled_s = _UNSETTLED_S[0]
            if not page.events:
                await self._wait()

    def _next_page(self, curs: Cursor[DictRow]) -> Page:
        """Read on. Raises LogReplaced if an older copy was restored while the relay runs."""
        if self._reached is None:
            return log.read_after(curs, START, _PAGE)
        if log.at(curs, self._reached.position) != self._reached:
            raise LogReplaced(f"{self._reached.position} is another event, or gone")
        return log.read_after(curs, self._reached.position, _PAGE)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(_POLL_S):
                await self._woken.wait()
        except TimeoutError:
            pass

    async def _publish(self, events: Sequence[LoggedEvent]) -> None:
        """Send a window of messages at once; the stream refuses a gap, and we restart."""
        failpoint("relay.before_publish")
        announcements = [said for event in events if (said := self._announcement(event))]
        sent = []
        for announcement in announcements:
            sent.append(asyncio.create_task(self._send(announcement, self._expectation())))
            self._last_id = announcement.message_id
        # The tasks hand over first, then the client writes: no acknowledgement has arrived yet.
        for _ in range(2):
            await asyncio.sleep(0)
        failpoint("relay.sent")
        await _all_or_first_fault(sent)
        failpoint("relay.after_publish")
        self._reached = events[-1]
        self.published += len(sent)

    def _expectation(self) -> dict[str, str]:
        if self._last_id:
            return {"Nats-Expected-Last-Msg-Id": self._last_id}
        return {"Nats-Expected-Last-Sequence": str(self._last_sequence)}

    async def _send(self, said: Announcement, expectation: dict[str, str]) -> None:
        envelope = said.envelope
        headers = envelope.to_headers() | expectation | {"Nats-Msg-Id": said.message_id}
        with continued_span(f"publish {envelope.type}", envelope.traceparent):
            await self._js.publish(
                subject_of(envelope.type, envelope.entity_id),
                said.contract.model_dump_json().encode(),
                timeout=_ACK_TIMEOUT_S,
                stream=self._stream,
                headers=headers,
            )

    def _announcement(self, logged: LoggedEvent) -> Announcement | None:
        if is_runtime_topic(logged.stored.topic):
            return None
        contract = self._to_contract(self._store.application.mapper.to_domain_event(logged.stored))
        if contract is None:
            return None
        envelope = self._store.envelope_of(logged, contract.type, self._epoch)
        return Announcement(f"{self._service}.{envelope.position}", envelope, contract)

    async def _compare_with_stream(self) -> None:
        """Take the cursor from the stream. Raises StreamAhead if the store lacks its last event."""
        info = await bus.ensure_stream(self._js, self._service)
        self._epoch = await asyncio.to_thread(self._store.query, log.epoch)
        last = await self._last_message() if info.state.messages else None
        self._last_sequence = info.state.last_seq
        if last is None:
            self._reached, self._last_id = None, ""
            return
        message_id = (last.headers or {}).get("Nats-Msg-Id", "")
        epoch, position = _parse(message_id)
        if epoch < self._epoch:
            # Only up to what we saw, because the leader may have published more since.
            await self._js.purge_stream(self._stream, seq=last.seq + 1 if last.seq else None)
            self._reached, self._last_id = None, ""
            return
        held = await asyncio.to_thread(self._held, position, last)
        if epoch > self._epoch or held is None:
            msg = (
                f"stream {self._stream} ends with {message_id}, which the store of {self._service}"
                " does not hold: an older database was put back. Nothing is published until"
                f" `backstage epoch new {self._service}` says that the store is right."
            )
            raise StreamAhead(msg)
        self._reached, self._last_id = held, message_id

    def _held(self, position: Position, last: RawStreamMsg) -> LoggedEvent | None:
        # A restored database may have given the same position to another event.
        logged = self._store.query(lambda curs: log.at(curs, position))
        if logged is None:
            return None
        about = self._store.envelope_of(logged, "", self._epoch).to_headers()
        said = last.headers or {}
        same = all(said.get(name) == about[name] for name in ("ce-id", "ce-recordedtime"))
        return logged if same else None

    async def _last_message(self) -> RawStreamMsg | None:
        try:
            return await self._js.get_last_msg(self._stream, f"bp.{self._service}.>")
        except NotFoundError:
            return None


async def _all_or_first_fault(tasks: Sequence[asyncio.Task[None]]) -> None:
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome


def _parse(message_id: str) -> tuple[int, Position]:
    try:
        _, epoch, position = message_id.split(".", 2)
        return int(epoch), Position.parse(position)
    except ValueError:
        msg = f"the stream's last message is not ours: {message_id!r}"
        raise StreamAhead(msg) from None
