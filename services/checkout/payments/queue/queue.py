"""The waiters for a payment, in the order in which their orders were opened."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile
from math import ceil
from typing import Final, Generic, NamedTuple, TypeVar
from uuid import UUID

from services.checkout.payments.provider.protocol import Asked
from services.checkout.payments.queue.limit import SlidingWindowLimit

W = TypeVar("W")

_AGAIN_AFTER_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0)
_SILENT_FROM: Final = 3
"""This many calls in a row without an answer are the provider's fault, not the order's."""
_REMEMBERED_S: Final = 180.0
"""The end of a hold is handled within two minutes."""


@dataclass(frozen=True, slots=True)
class QueuePosition:
    """How many are ahead, and the estimated seconds until one's turn."""

    ahead: int
    about_s: int


class _Key(NamedTuple):
    opened_at: datetime
    order_id: UUID


@dataclass(slots=True)
class _Entry(Generic[W]):
    key: _Key
    waiter: W
    gone_at: float
    arrival: int | None
    asked_before: bool
    due_at: float = 0.0
    tries: int = 0
    taken_at: float = 0.0

    @property
    def never_asked(self) -> bool:
        return self.tries == 0 and not self.asked_before


@dataclass
class Queue(Generic[W]):
    """Admits one waiter after another, within the limit and the concurrency.

    Keeps no clock: every call passes the time, in seconds of the limit's clock. A waiter without an
    answer keeps the place, and is retried after a pause while those behind go on. When nobody gets
    an answer, all pause.
    """

    limit: SlidingWindowLimit
    concurrency: int
    """How many payments may be asked for at once."""
    _keys: list[_Key] = field(default_factory=list)
    _waiting: dict[UUID, _Entry[W]] = field(default_factory=dict)
    _inside: dict[UUID, _Entry[W]] = field(default_factory=dict)
    _gone: dict[UUID, _Entry[W]] = field(default_factory=dict)
    _arriving: dict[int, None] = field(default_factory=dict)
    _arrivals: int = 0
    _crowded: bool = False
    _unanswered: int = 0
    _paused_until: float = 0.0

    def __len__(self) -> int:
        return len(self._waiting)

    def arrive(self) -> int:
        """Reserve a place for a buyer who has just opened an order.

        Later arrivals don't overtake them until it is known what is due.
        """
        self._arrivals += 1
        self._arriving[self._arrivals] = None
        return self._arrivals

    def arrived(self, arrival: int) -> None:
        """Give up a reserved place: they have joined, or have nothing to pay."""
        self._arriving.pop(arrival, None)

    def join(
        self,
        order_id: UUID,
        waiter: W,
        opened_at: datetime,
        gone_at: float,
        *,
        arrival: int | None = None,
        asked_before: bool = False,
    ) -> bool:
        """Join until the hold ends at `gone_at`; False if already there."""
        if order_id in self._waiting or order_id in self._inside or order_id in self._gone:
            return False
        self._enter(_Entry(_Key(opened_at, order_id), waiter, gone_at, arrival, asked_before))
        return True

    def next(self, now: float) -> tuple[UUID, W] | None:
        """Admit the next waiter, if any: it takes a token, and `ended` must follow."""
        self._let_go(now)
        entry = next(self._ready(now), None)
        if entry is None:
            self._crowded = self._crowded and bool(self._waiting)
            return None
        if not self._open(now) or not self.limit.take(now, evenly=self._crowded):
            self._crowded = True
            return None
        self._leave(entry)
        entry.taken_at = now
        self._inside[entry.key.order_id] = entry
        return entry.key.order_id, entry.waiter

    def next_at(self, now: float) -> float | None:
        """When to call `next` again; None: not before someone joins or ends."""
        if not self._waiting or len(self._inside) >= self.concurrency:
            return None
        due_at = min(
            (e.due_at for e in self._waiting.values() if not self._overtakes(e)), default=None
        )
        if due_at is None:
            return None
        return max(due_at, self._paused_until, self.limit.free_at(evenly=self._crowded), now)

    def ended(self, order_id: UUID, outcome: Asked, now: float) -> None:
        """Record what came of an admitted waiter: an answer, nothing to ask for, or silence."""
        entry = self._inside.pop(order_id)
        match outcome:
            case Asked.NEEDLESSLY:
                self.limit.give_back(entry.taken_at)
            case Asked.ANSWERED:
                self._heard(now)
            case Asked.IN_VAIN:
                self._unheard(entry, now)

    def look_again(self, order_id: UUID, now: float) -> None:
        """Retry the first in the queue at once, because the buyer asks."""
        if self._keys and self._keys[0].order_id == order_id:
            self._waiting[order_id].due_at = now

    def waiter_of(self, order_id: UUID) -> W | None:
        """The waiter of this order, queued or admitted."""
        entry = self._waiting.get(order_id) or self._inside.get(order_id)
        return None if entry is None else entry.waiter

    def position_of(self, order_id: UUID, now: float) -> QueuePosition | None:
        """The order's place in the queue; None if it has none."""
        if order_id in self._inside:
            return QueuePosition(0, 1)
        entry = self._waiting.get(order_id)
        if entry is None:
            return None
        ahead = bisect_left(self._keys, entry.key) + self._arriving_before(entry)
        first_at = max(entry.due_at, self._paused_until, self.limit.free_at(evenly=True))
        return QueuePosition(ahead, max(1, ceil(max(first_at - now, 0) + ahead / self.limit.per_s)))

    def never_asked(self, order_id: UUID) -> bool:
        """Whether the provider certainly knows nothing of this order."""
        entry = self._waiting.get(order_id) or self._gone.get(order_id)
        return entry is not None and entry.never_asked

    def _open(self, now: float) -> bool:
        return len(self._inside) < self.concurrency and now >= self._paused_until

    def _ready(self, now: float) -> Iterator[_Entry[W]]:
        for key in self._keys:
            entry = self._waiting[key.order_id]
            if entry.due_at <= now and not self._overtakes(entry):
                yield entry

    def _arriving_before(self, entry: _Entry[W]) -> int:
        arrival = entry.arrival or 0
        return sum(1 for _ in takewhile(lambda other: other < arrival, self._arriving))

    def _overtakes(self, entry: _Entry[W]) -> bool:
        first = next(iter(self._arriving), None)
        return first is not None and entry.arrival is not None and first < entry.arrival

    def _enter(self, entry: _Entry[W]) -> None:
        self._waiting[entry.key.order_id] = entry
        insort(self._keys, entry.key)

    def _leave(self, entry: _Entry[W]) -> None:
        del self._waiting[entry.key.order_id]
        del self._keys[bisect_left(self._keys, entry.key)]

    def _let_go(self, now: float) -> None:
        """Drop expired holds; they are all at the front, because holds are equally long."""
        while self._keys and self._waiting[self._keys[0].order_id].gone_at <= now:
            entry = self._waiting[self._keys[0].order_id]
            self._leave(entry)
            self._gone[entry.key.order_id] = entry
        while self._gone:
            oldest = next(iter(self._gone.values()))
            if oldest.gone_at + _REMEMBERED_S > now:
                break
            del self._gone[oldest.key.order_id]

    def _heard(self, now: float) -> None:
        if self._unanswered >= _SILENT_FROM:
            # The fault wasn't theirs: they go on in the order in which they came.
            for entry in self._waiting.values():
                entry.due_at = now
        self._unanswered = 0
        self._paused_until = now

    def _unheard(self, entry: _Entry[W], now: float) -> None:
        entry.tries += 1
        entry.due_at = now + _pause_s(entry.tries)
        self._enter(entry)
        self._unanswered += 1
        if self._unanswered >= _SILENT_FROM:
            self._paused_until = now + _pause_s(self._unanswered - _SILENT_FROM + 1)


def _pause_s(times: int) -> float:
    return _AGAIN_AFTER_S[min(times, len(_AGAIN_AFTER_S)) - 1]
