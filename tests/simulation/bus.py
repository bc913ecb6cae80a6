"""JetStream as a pipe that may do anything: repeat, delay, reorder, lose its memory.

`orderly` keeps the order of each entity, as the real consumer does; without it any of the next
fifty messages may come first. Publishing and handling of one message are the runtime's own code.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, cast

from nats.aio.client import Client

from libs.events.contract import Contract, subject_of
from libs.events.envelope import Envelope
from libs.runtime.messaging.handling import Reaction
from libs.runtime.messaging.relay import Announcement, Relay, ToContract
from libs.runtime.messaging.streams import PAGE, Message
from libs.runtime.store import log
from libs.runtime.store.leadership import Leadership
from libs.runtime.store.log import START, Position
from libs.runtime.store.store import Store
from tests.simulation.fault_injector import FaultInjector

WINDOW: Final = 50
_TRIES: Final = 6


class _NoClient:
    """The loops that speak to NATS do not run here."""

    def jetstream(self, timeout: float) -> None:
        """No method is called."""


_NOBODY: Final = cast(Client, _NoClient())
_NO_LEAD: Final = cast(Leadership, None)


class Writer(Relay):
    """The runtime's relay, one page at a time, into a list."""

    def __init__(self, store: Store[Any], to_contract: ToContract) -> None:
        super().__init__(store, _NOBODY, _NO_LEAD, to_contract)
        self._epoch = 1
        self._last = self._private_until = START

    def next_page(self, last: Position, limit: int) -> list[Announcement]:
        """Return what follows the last message of the stream; private events are skipped."""
        if last != self._last:
            self._last = self._private_until = last
        page = self._store.query(
            lambda curs: log.read_after(curs, self._private_until, limit)
        ).events
        said = [each for event in page if (each := self._announcement(event))]
        if page and not said:
            self._private_until = page[-1].position
            return self.next_page(last, limit)
        return said

    def everything(self) -> list[Announcement]:
        """Return everything that the store publishes, from its first event on."""
        position, said = START, []
        while page := self._store.query(
            partial(log.read_after, position=position, limit=500)
        ).events:
            said += [each for event in page if (each := self._announcement(event))]
            position = page[-1].position
        return said


class WrongLast(Exception):
    """The stream does not end as the relay expects."""


def position_of(text: str) -> Position:
    """Return the log position of an envelope."""
    return Position.parse(text.partition(".")[2])


@dataclass
class Durable:
    """The state of one durable consumer."""

    consumer: str
    producer: str
    subscriptions: frozenset[str]
    acked: set[int] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    tries: int = 0


@dataclass
class Bus:
    """The streams and their durable consumers."""

    injector: FaultInjector
    orderly: bool
    streams: dict[str, list[Message]] = field(default_factory=dict)
    durables: list[Durable] = field(default_factory=list)

    def subscribe(self, consumer: str, subscriptions: Mapping[type[Contract], Reaction]) -> None:
        """Create a durable for each subscribed producer."""
        for producer in sorted({contract.producer() for contract in subscriptions}):
            types = frozenset(c.type for c in subscriptions if c.producer() == producer)
            self.durables.append(Durable(consumer, producer, types))

    def add(
        self,
        producer: str,
        envelope: Envelope,
        contract: Contract,
        expected: Position | None = None,
    ) -> None:
        """Store one message at the end of a stream. Raises WrongLast if its expected predecessor is
        not the last message."""
        stream = self.streams.setdefault(producer, [])
        if expected is not None and expected != self.last_position(producer):
            raise WrongLast(producer)
        subject = subject_of(envelope.type, envelope.entity_id)
        headers = envelope.to_headers()
        body = contract.model_dump_json().encode()
        stream.append(Message(len(stream) + 1, subject, headers, body))

    def last_position(self, producer: str) -> Position:
        """Return the stream's last message, from which a relay continues."""
        stream = self.streams.get(producer)
        if not stream:
            return START
        return position_of(stream[-1].headers["ce-position"])

    def forget(self, producer: str, keep: int) -> None:
        """Lose the disk, or restore an older copy; acknowledgements are lost too."""
        del self.streams.get(producer, [])[keep:]
        for durable in self.durables:
            if durable.producer == producer:
                durable.acked.clear()

    def waiting(self, durable: Durable) -> list[Message]:
        """Return what may be delivered next, the oldest first."""
        open_ = [m for m in self._heard(durable) if m.sequence not in durable.acked]
        if not self.orderly:
            return open_[:WINDOW]
        found, busy = [], set()
        for message in open_:
            entity = message.headers["ce-subject"]
            if entity not in busy:
                found.append(message)
            if message.headers["ce-id"] not in durable.done:
                busy.add(entity)
        return found

    def deliver(
        self, durable: Durable, message: Message, handle: Callable[[Message], None]
    ) -> bool:
        """Deliver a message, and acknowledge it unless the acknowledgement is lost.

        Raises the handler's fault after as many attempts as the consumer makes.
        """
        try:
            handle(message)
        except Exception:
            durable.tries += 1
            if durable.tries >= _TRIES:
                raise
            return False
        durable.tries = 0
        durable.done.add(message.headers["ce-id"])
        if not self.injector.mishap(0.08):
            durable.acked.add(message.sequence)
        return True

    def read(self, producer: str, after: int) -> Iterator[Sequence[Message]]:
        """As libs.runtime.messaging.streams.Streams."""
        rest = self.streams.get(producer, [])[after:]
        for start in range(0, len(rest), PAGE):
            yield rest[start : start + PAGE]

    def everything(self, durable: Durable) -> list[Message]:
        """Return all subscribed messages, delivered or not."""
        return list(self._heard(durable))

    def _heard(self, durable: Durable) -> Iterator[Message]:
        for message in self.streams.get(durable.producer, []):
            if message.headers["ce-type"] in durable.subscriptions:
                yield message
