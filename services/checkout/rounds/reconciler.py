"""Every hour: what the provider's lists say is what our books say, or is brought right.

Once a day the refunds are gone through again which a bank may have given back since.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter

from libs.runtime.store.store import Store
from services.checkout import queries
from services.checkout.application import Checkout
from services.checkout.domain import Listed, Listing, OrderNotFound, Page, Payment, RefundOrder
from services.checkout.payments import PaymentProvider, Record
from services.checkout.rounds.table import (
    BALANCE_DAY,
    FIRST_BACK,
    HOURLY,
    MAY_FAIL_FOR,
    OVERLAP,
    RECONCILE_LISTS,
    REFUNDS,
    SETTLE_LISTED,
    YOUNG,
    Place,
    Round,
    RoundTable,
    midnight,
    put_lists,
    put_refunds,
)

logger = logging.getLogger(__name__)

_LISTINGS: Final = tuple(Listing)
_KEPT: Final = TypeAdapter(Listed)


class Reconciler:
    """Goes through the lists of payments, charges and refunds, one page in a step.

    What we do not know is put on the schedule, each by itself: one that can't be settled holds up
    neither the round nor the others.
    """

    def __init__(self, store: Store[Checkout], provider: PaymentProvider) -> None:
        self._store = store
        self._checkout = store.application
        self._provider = provider
        self._rounds = RoundTable()

    def step(self, day: str | None = None, *, up_to_now: bool = False) -> Record:
        """The next page: of the hourly round, or of one over a day (ISO 8601, UTC) alone. A round
        that begins `up_to_now` leaves nothing to the webhooks.

        Raises ProviderSilent: the round stays where it is.
        """
        young = timedelta(0) if up_to_now else YOUNG
        return self._go_on(
            HOURLY if day is None else f"lists {day}",
            lambda begun: self._all_of(begun, day, young),
            lambda stands: self._put_next(stands, day),
        )

    def look_back(self) -> Record:
        """The next page of the refunds that were made so lately that they may fail at a bank.

        Raises ProviderSilent: the round stays where it is.
        """
        return self._go_on(REFUNDS, self._may_have_failed, self._put_refunds)

    def settle(self, kept: Mapping[str, Any]) -> Record:
        """Ask for one payment of which a list says what we may not know, and bring it right.

        Raises ProviderSilent.
        """
        listed = _KEPT.validate_python(kept)
        payment = self._provider.get(listed.payment_intent_id)
        return lambda: self._settled(listed, payment)

    def return_stray(self, payment_intent_id: str) -> Record | None:
        """Send back what is left of a payment whose order we do not have; None when a round has
        found no such payment, or it is no such payment any more. What it asks for first tells
        whether it was sent back before.

        Raises ProviderSilent, RefundImpossible.
        """
        stray = self._store.query(lambda curs: queries.find_stray(curs, payment_intent_id))
        if stray is None or not stray.is_kept:
            return None
        payment = self._provider.get(payment_intent_id)
        if sum(refund.amount_minor for refund in payment.refunds) < payment.amount_minor:
            key = f"return:{payment_intent_id}"
            self._provider.refund(RefundOrder(stray.order_id, payment_intent_id, key))
            payment = self._provider.get(payment_intent_id)
        return partial(self._keep_stray, stray.order_id, payment)

    def _go_on(
        self, name: str, place_of: Callable[[Round], Place], put_next: Callable[[Round], None]
    ) -> Record:
        begun = self._store.query(lambda _: self._rounds.get(name))
        place = None if begun.under_way is None else Place.of(begun.under_way)
        # What lies ahead was written by a clock that was wrong.
        if place is None or place.until > self._store.clock.now():
            place = place_of(begun)
        page = self._provider.list_page(place.listing, place.since, place.until, place.after)
        return lambda: put_next(self._record(begun, place, page))

    def _all_of(self, begun: Round, day: str | None, young: timedelta) -> Place:
        now = self._store.clock.now()
        if day is not None:
            since = midnight(day)
            return Place(since, since + timedelta(days=1), _LISTINGS[0])
        back, reached = OVERLAP, begun.reached
        if reached is None or reached > now:
            back, reached = FIRST_BACK, now
        return Place(reached - back, now - young, _LISTINGS[0])

    def _may_have_failed(self, begun: Round) -> Place:
        """Those that could not fail any more when the round was made last are left out."""
        now = self._store.clock.now()
        reached = min(begun.reached or now, now)
        return Place(reached - MAY_FAIL_FOR, now - YOUNG, Listing.REFUNDS)

    def _record(self, begun: Round, place: Place, page: Page) -> Round:
        """Where the round stands now."""
        going_on = _after(place, page)
        reached = place.until if going_on is None else begun.reached
        under_way = None if going_on is None else going_on.kept()
        now = Round(begun.name, reached, under_way)
        moved = self._rounds.move(begun, now)
        if moved:
            # A payment that was made long ago may have been captured a moment ago.
            self._put_unknown([listed for listed in page.listed if listed.at < place.until])
        return now if moved else self._rounds.get(begun.name)

    def _put_unknown(self, listed: Sequence[Listed]) -> None:
        now, schedule = self._store.clock.now(), self._store.schedule
        unknown = self._store.query(lambda curs: queries.list_unknown(curs, listed, SETTLE_LISTED))
        for each in unknown:
            schedule.at(SETTLE_LISTED, each.key, now, _KEPT.dump_python(each, mode="json"))

    def _put_next(self, stands: Round, day: str | None) -> None:
        now, schedule = self._store.clock.now(), self._store.schedule
        if day is None:
            put_lists(schedule, stands, now)
        else:
            kind = BALANCE_DAY if stands.under_way is None else RECONCILE_LISTS
            schedule.at(kind, day, now, {"day": day})

    def _put_refunds(self, stands: Round) -> None:
        put_refunds(self._store.schedule, stands, self._store.clock.now())

    def _settled(self, listed: Listed, payment: Payment) -> None:
        try:
            if self._checkout.reconcile(listed, payment):
                self._cry_out(
                    "order %s: the provider says %s of %s, which nobody told us; settled now",
                    listed.order_id,
                    listed.says,
                    listed.movement_id,
                )
        except OrderNotFound:
            self._keep_stray(listed.order_id, payment)

    def _keep_stray(self, order_id: UUID, payment: Payment) -> None:
        if self._checkout.keep_stray(order_id, payment):
            self._cry_out(
                "payment %s is of order %s, which our log does not hold: kept until a person has it"
                " returned",
                payment.payment_intent_id,
                order_id,
            )

    def _cry_out(self, message: str, *about: object) -> None:
        self._store.after_commit(lambda: logger.error(message, *about))


def _after(place: Place, page: Page) -> Place | None:
    """Where it goes on; None when that was the last page of the last list."""
    if page.next_after is not None:
        return Place(place.since, place.until, place.listing, page.next_after)
    following = _LISTINGS[_LISTINGS.index(place.listing) + 1 :]
    return Place(place.since, place.until, following[0]) if following else None
