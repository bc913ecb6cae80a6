"""Every night: compares the day's sums at the provider with ours, by currency."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, Final

from libs.runtime.store.store import Store
from libs.runtime.views.view import ViewCursor
from services.checkout.payments.provider.protocol import (
    Listing,
    MovementKind,
    PaymentProvider,
    PaymentStatus,
    PaymentUnknown,
    ProviderPayment,
    Record,
)
from services.checkout.reconciliation import queries
from services.checkout.reconciliation.queries import Movement
from services.checkout.reconciliation.runs.run import (
    BALANCE_DAY,
    DAILY,
    RECONCILE_LISTS,
    SETTLE_MOVEMENT,
    Cursor,
    Run,
    RunTable,
    midnight,
    put_sums,
)
from services.checkout.reconciliation.use_cases import Reconciliation

logger = logging.getLogger(__name__)

_AT_ONCE: Final = 10
"""Payments looked up in one step, which must end before its lease does."""
_SETTLED_WITHIN: Final = timedelta(seconds=1)
_NAMED: Final = 20
"""The most differences that are named; the sums count all."""
_ZERO: Final = {
    "captured_theirs_minor": 0,
    "captured_ours_minor": 0,
    "returned_theirs_minor": 0,
    "returned_ours_minor": 0,
}


@dataclass
class _Sums:
    """Both sides in minor units by currency, and the movements that differ."""

    by_currency: dict[str, dict[str, int]] = field(default_factory=dict)
    differing: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, kept: dict[str, Any] | None) -> "_Sums":
        if kept is None:
            return cls()
        # Copied, because `move` compares what was kept with the row.
        return cls({c: dict(each) for c, each in kept["by_currency"].items()}, kept["differing"][:])

    def add(self, what: str, movement_id: str, currency: str, theirs: int, ours: int) -> None:
        sums = self.by_currency.setdefault(currency, dict(_ZERO))
        sums[f"{what}_theirs_minor"] += theirs
        sums[f"{what}_ours_minor"] += ours
        if theirs != ours and len(self.differing) < _NAMED:
            self.differing.append(movement_id)

    def kept(self) -> dict[str, Any]:
        return {"by_currency": self.by_currency, "differing": self.differing}


@dataclass(frozen=True)
class _Step:
    """The result of one step and the next cursor; no listing: our own side is left."""

    begun: Run
    day: str
    sums: _Sums
    seen: list[str]
    listing: Listing | None = None
    after: str | None = None
    is_last: bool = False


class Balancer:
    """Reads a day's charges and refunds at the provider, then our own movements of that day.

    The day is that of the provider's clock. A movement that we recorded on another day is looked up
    by its id before it counts as a difference.
    """

    def __init__(
        self, store: Store[Any], reconciliation: Reconciliation, provider: PaymentProvider
    ) -> None:
        self._store = store
        self._reconciliation = reconciliation
        self._provider = provider
        self._runs = RunTable()

    def step(self, day: str | None = None) -> Record | None:
        """Read the next page of the day that is due, or of that day (ISO 8601, UTC) again.

        Raises ProviderSilent: the run stays where it is.
        """
        name = DAILY if day is None else f"sums {day}"
        begun = self._store.query(lambda _: self._runs.get(name))
        if day is None:
            if begun.reached is None:
                return None
            day = begun.reached.date().isoformat()
        elif begun.under_way is None and self._store.query(_is_settling):
            return partial(self._wait, day)
        kept = begun.under_way or {"listing": Listing.CHARGES.value, "after": None, "sums": None}
        sums = _Sums.of(kept["sums"])
        if kept["listing"] is None:
            step = self._ours(begun, day, sums)
        else:
            step = self._theirs(begun, day, sums, Listing(kept["listing"]), kept["after"])
        return lambda: self._record(step)

    def _wait(self, day: str) -> None:
        """Wait until the day's listed movements are settled, or have failed once."""
        due_at = self._store.clock.now() + _SETTLED_WITHIN
        self._store.schedule.at(BALANCE_DAY, day, due_at, {"day": day})

    def _theirs(
        self, begun: Run, day: str, sums: _Sums, listing: Listing, after: str | None
    ) -> _Step:
        cursor = self._day(day, listing, after)
        page = self._provider.list_page(listing, cursor.since, cursor.until, after)
        moved = [listed for listed in page.listed if listed.kind is not MovementKind.REFUND_FAILED]
        booked = self._store.query(lambda curs: queries.list_booked(curs, moved))
        for listed, ours_minor in booked:
            what = "captured" if listed.kind is MovementKind.CAPTURED else "returned"
            sums.add(what, listed.movement_id, listed.currency, listed.amount_minor, ours_minor)
        seen = [listed.movement_id for listed, _ in booked]
        if page.next_after is not None:
            return _Step(begun, day, sums, seen, listing, page.next_after)
        following = Listing.REFUNDS if listing is Listing.CHARGES else None
        return _Step(begun, day, sums, seen, following)

    def _ours(self, begun: Run, day: str, sums: _Sums) -> _Step:
        cursor = self._day(day, Listing.CHARGES, None)
        unseen = self._store.query(
            lambda curs: queries.list_unseen(curs, begun.name, cursor.since, cursor.until, _AT_ONCE)
        )
        for movement in self._missing(unseen):
            what = "captured" if movement.kind == "captured" else "returned"
            sums.add(what, movement.movement_id, movement.currency, 0, movement.amount_minor)
        seen = [movement.movement_id for movement in unseen]
        return _Step(begun, day, sums, seen, is_last=len(unseen) < _AT_ONCE)

    def _missing(self, ours: Iterable[Movement]) -> list[Movement]:
        return [each for each in ours if not self._is_there(each)]

    def _is_there(self, movement: Movement) -> bool:
        try:
            payment = self._provider.get(movement.payment_intent_id)
        except PaymentUnknown:
            return False
        if movement.kind == "captured":
            return payment.status is PaymentStatus.SUCCEEDED
        return _went_back(payment, movement.movement_id)

    def _day(self, day: str, listing: Listing, after: str | None) -> Cursor:
        since = midnight(day)
        return Cursor(since, since + timedelta(days=1), listing, after)

    def _record(self, step: _Step) -> None:
        begun = step.begun
        if step.is_last:
            now = Run(begun.name, midnight(step.day) + timedelta(days=1))
        else:
            cursor = {"listing": step.listing and step.listing.value, "after": step.after}
            now = Run(begun.name, begun.reached, cursor | {"sums": step.sums.kept()})
        moved = self._runs.move(begun, now)
        if moved and step.is_last:
            self._runs.forget_seen(begun.name)
            self._end(step)
        elif moved:
            self._runs.see(begun.name, step.seen)
        self._put_next(now if moved else self._runs.get(begun.name), step.day)

    def _end(self, step: _Step) -> None:
        day, sums = step.day, step.sums
        self._reconciliation.balance_day(day, sums.by_currency, sums.differing)
        if not sums.differing:
            return
        self._store.after_commit(
            lambda: logger.error(
                "the money of %s differs at the provider: %s; %s",
                day,
                sums.by_currency,
                sums.differing,
            )
        )
        if step.begun.name == DAILY:
            # Read and summed once more; a difference then needs an operator.
            now = self._store.clock.now()
            self._store.schedule.at(RECONCILE_LISTS, day, now, {"day": day})

    def _put_next(self, stands: Run, day: str) -> None:
        now, schedule = self._store.clock.now(), self._store.schedule
        if stands.name == DAILY:
            put_sums(schedule, stands, now)
        elif stands.under_way is not None:
            schedule.at(BALANCE_DAY, day, now, {"day": day})


def _is_settling(curs: ViewCursor) -> bool:
    return queries.is_settling(curs, SETTLE_MOVEMENT)


def _went_back(payment: ProviderPayment, refund_id: str) -> bool:
    return refund_id in {refund.refund_id for refund in payment.refunds}
