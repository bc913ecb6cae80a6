"""Every hour: what the provider's lists say is what our books say, or is brought right."""

import logging
from datetime import timedelta
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from libs.runtime.cause import Cause
from libs.runtime.store import Store
from services.checkout import queries
from services.checkout.application import Checkout
from services.checkout.domain import Listed, Listing, Page
from services.checkout.payments import PaymentProvider, Record
from services.checkout.rounds.table import (
    BALANCE_DAY,
    HOURLY,
    OVERLAP,
    RECONCILE_LISTS,
    YOUNG,
    Place,
    Round,
    RoundTable,
    midnight,
    put_lists,
)

logger = logging.getLogger(__name__)

_AT_ONCE: Final = 10
"""So many payments are asked for in one step, which must be over before its lease is."""
_LISTINGS: Final = tuple(Listing)


class Reconciler:
    """Goes through the lists of payments, charges and refunds, one page in a step."""

    def __init__(self, store: Store[Checkout], provider: PaymentProvider) -> None:
        self._store = store
        self._checkout = store.application
        self._provider = provider
        self._rounds = RoundTable()

    def step(self, day: str | None = None) -> Record:
        """The next page: of the hourly round, or of one over a day (ISO 8601, UTC) alone.

        Raises ProviderSilent: the round stays where it is.
        """
        name = HOURLY if day is None else f"lists {day}"
        begun = self._store.query(lambda _: self._rounds.get(name))
        place = self._place(begun, day)
        page = self._provider.list_page(place.listing, place.since, place.until, place.after)
        going_on = _after(place, page, self._bring_right(place, page))
        return lambda: self._record(begun, place, going_on, day)

    def _place(self, begun: Round, day: str | None) -> Place:
        if begun.under_way is not None:
            return Place.of(begun.under_way)
        if day is not None:
            since = midnight(day)
            return Place(since, since + timedelta(days=1), _LISTINGS[0])
        until = self._store.clock.now() - YOUNG
        return Place((begun.reached or until) - OVERLAP, until, _LISTINGS[0])

    def _bring_right(self, place: Place, page: Page) -> str | None:
        """Settle what we do not know. The object at which it stopped; None: all of the page."""
        # A payment that was made long ago may have been captured a moment ago.
        grown = [listed for listed in page.listed if listed.at < place.until]
        unknown = self._store.query(lambda curs: queries.list_unknown(curs, grown))
        for listed in unknown[:_AT_ONCE]:
            self._settle(listed)
        return unknown[_AT_ONCE - 1].object_id if len(unknown) > _AT_ONCE else None

    def _settle(self, listed: Listed) -> None:
        """In a unit of work of its own: the locks of ten orders at once could block others."""
        payment = self._provider.get(listed.payment_intent_id)
        named = f"/reconciliation/{listed.movement_id}/{listed.says}"
        cause = Cause(uuid5(NAMESPACE_URL, named), actor="reconciler")
        if self._store.work(cause, lambda: self._checkout.reconcile(listed, payment)):
            logger.error(
                "order %s: the provider says %s of %s, which nobody told us; settled now",
                listed.order_id,
                listed.says,
                listed.movement_id,
            )

    def _record(self, begun: Round, place: Place, going_on: Place | None, day: str | None) -> None:
        reached = place.until if going_on is None else begun.reached
        under_way = None if going_on is None else going_on.kept()
        now = Round(begun.name, reached, under_way)
        moved = self._rounds.move(begun, now)
        stands = now if moved else self._rounds.get(begun.name)
        self._put_next(stands, day)

    def _put_next(self, stands: Round, day: str | None) -> None:
        now, schedule = self._store.clock.now(), self._store.schedule
        if day is None:
            put_lists(schedule, stands, now)
        else:
            kind = BALANCE_DAY if stands.under_way is None else RECONCILE_LISTS
            schedule.at(kind, day, now, {"day": day})


def _after(place: Place, page: Page, stopped_at: str | None) -> Place | None:
    """Where it goes on; None when that was the last page of the last list."""
    after = stopped_at or page.next_after
    if after is not None:
        return Place(place.since, place.until, place.listing, after)
    following = _LISTINGS[_LISTINGS.index(place.listing) + 1 :]
    return Place(place.since, place.until, following[0]) if following else None
