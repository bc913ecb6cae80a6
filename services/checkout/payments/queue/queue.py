"""Who waits for a payment, in the order in which their orders were opened."""

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
"""So many calls in a row without an answer mean the provider, not the order."""
_REMEMBERED_S: Final = 180.0
"""The end of a hold is looked at within two minutes."""


@dataclass(frozen=True, slots=True)
class QueuePosition:
    """How many are in front, and in about how many seconds it is one's turn."""

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
    """Lets in one waiter after the other, as the limit has tokens and calls may run at once.

    Keeps no clock: every call says what time it is, in seconds of the bucket's clock. Who gets no
    answer keeps the place, and is tried again after a pause while those behind go on; when nobody
    gets one, all pause.
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
        """Someone has opened an order, and joins as soon as it is known what is due.

        Those who came later don't overtake them meanwhile."""
        self._arrivals += 1
        self._arriving[self._arrivals] = None
        return self._arrivals

    def arrived(self, arrival: int) -> None:
        """They have joined, or have nothing to pay."""
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
        """Join the queue until the hold is over at `gone_at`; False for who is there already."""
        if order_id in self._waiting or order_id in self._inside or order_id in self._gone:
            return False
        self._enter(_Entry(_Key(opened_at, order_id), waiter, gone_at, arrival, asked_before))
        return True

    def next(self, now: float) -> tuple[UUID, W] | None:
        """Who is let in now, if anybody: a token is theirs, and `ended` must follow."""
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
        """When it is worth to ask for the next one; None: not before someone joins or ends."""
        if not self._waiting or len(self._inside) >= self.concurrency:
            return None
        due_at = min(
            (e.due_at for e in self._waiting.values() if not self._overtakes(e)), default=None
        )
        if due_at is None:
            return None
        return max(due_at, self._paused_until, self.limit.free_at(evenly=self._crowded), now)

    def ended(self, order_id: UUID, outcome: Asked, now: float) -> None:
        """What became of one who was let in: an answer, nothing to ask for, or silence."""
        entry = self._inside.pop(order_id)
        match outcome:
            case Asked.NEEDLESSLY:
                self.limit.give_back(entry.taken_at)
            case Asked.ANSWERED:
                self._heard(now)
            case Asked.IN_VAIN:
                self._unheard(entry, now)

    def look_again(self, order_id: UUID, now: float) -> None:
        """The buyer asks: the first in the queue need not wait for their next try."""
        if self._keys and self._keys[0].order_id == order_id:
            self._waiting[order_id].due_at = now

    def waiter_of(self, order_id: UUID) -> W | None:
        """Who is in the queue, or is let in, with this order."""
        entry = self._waiting.get(order_id) or self._inside.get(order_id)
        return None if entry is None else entry.waiter

    def position_of(self, order_id: UUID, now: float) -> QueuePosition | None:
        """Where in the queue an order is; None when it does not."""
        if order_id in self._inside:
            return QueuePosition(0, 1)
        entry = self._waiting.get(order_id)
        if entry is None:
            return None
        ahead = bisect_left(self._keys, entry.key) + self._arriving_before(entry)
        first_at = max(entry.due_at, self._paused_until, self.limit.free_at(evenly=True))
        return QueuePosition(ahead, max(1, ceil(max(first_at - now, 0) + ahead / self.limit.per_s)))

    def never_asked(self, order_id: UUID) -> bool:
        """Whether it is certain that the provider has not heard of this order."""
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
        """Holds are equally long: those that are over stand in front."""
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
            # It was not about them: they go on in the order in which they came.
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
