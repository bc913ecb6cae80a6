"""Every hour: finds in the provider's lists what our log lacks, and corrects it.

Once a day the refunds are read again, because a bank may have rejected one since.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter

from libs.runtime.store.store import Store
from services.checkout.payments.charge import OrderNotFound
from services.checkout.payments.provider.protocol import (
    Listing,
    Page,
    PaymentProvider,
    ProviderMovement,
    ProviderPayment,
    Record,
    RefundRequest,
)
from services.checkout.reconciliation import queries
from services.checkout.reconciliation.runs.run import (
    BALANCE_DAY,
    FIRST_BACK,
    HOURLY,
    MAY_FAIL_FOR,
    OVERLAP,
    RECONCILE_LISTS,
    REFUNDS,
    SETTLE_MOVEMENT,
    YOUNG,
    Cursor,
    Run,
    RunTable,
    midnight,
    put_lists,
    put_refunds,
)
from services.checkout.reconciliation.use_cases import Reconciliation

logger = logging.getLogger(__name__)

_LISTINGS: Final = tuple(Listing)
_KEPT: Final = TypeAdapter(ProviderMovement)


class Reconciler:
    """Reads the lists of payments, charges and refunds, one page in a step.

    Each movement that we lack is scheduled by itself: one that can't be settled delays neither the
    run nor the others.
    """

    def __init__(
        self, store: Store[Any], reconciliation: Reconciliation, provider: PaymentProvider
    ) -> None:
        self._store = store
        self._reconciliation = reconciliation
        self._provider = provider
        self._runs = RunTable()

    def step(self, day: str | None = None, *, up_to_now: bool = False) -> Record:
        """Read the next page of the hourly run, or of a run over one day (ISO 8601, UTC).

        A run `up_to_now` leaves nothing to the webhooks. Raises ProviderSilent: the run stays where
        it is.
        """
        young = timedelta(0) if up_to_now else YOUNG
        return self._go_on(
            HOURLY if day is None else f"lists {day}",
            lambda begun: self._all_of(begun, day, young),
            lambda stands: self._put_next(stands, day),
        )

    def look_back(self) -> Record:
        """Read the next page of the refunds that may still fail at a bank.

        Raises ProviderSilent: the run stays where it is.
        """
        return self._go_on(REFUNDS, self._may_have_failed, self._put_refunds)

    def settle(self, kept: Mapping[str, Any]) -> Record:
        """Get the payment of one listed movement, and apply it. Raises ProviderSilent."""
        listed = _KEPT.validate_python(kept)
        payment = self._provider.get(listed.payment_intent_id)
        return lambda: self._settled(listed, payment)

    def refund_orphaned_payment(self, payment_intent_id: str) -> Record | None:
        """Refund what is left of an orphaned payment; None if it isn't one, or not any more.

        Look for existing refunds first. Raises ProviderSilent, RefundImpossible.
        """
        orphan = self._store.query(
            lambda curs: queries.find_orphaned_payment(curs, payment_intent_id)
        )
        if orphan is None or not orphan.is_kept:
            return None
        payment = self._provider.get(payment_intent_id)
        if sum(refund.amount_minor for refund in payment.refunds) < payment.amount_minor:
            key = f"return:{payment_intent_id}"
            self._provider.refund(RefundRequest(orphan.order_id, payment_intent_id, key))
            payment = self._provider.get(payment_intent_id)
        return partial(self._record_orphaned_payment, orphan.order_id, payment)

    def _go_on(
        self, name: str, cursor_of: Callable[[Run], Cursor], put_next: Callable[[Run], None]
    ) -> Record:
        begun = self._store.query(lambda _: self._runs.get(name))
        cursor = None if begun.under_way is None else Cursor.of(begun.under_way)
        # A cursor in the future was written by a wrong clock.
        if cursor is None or cursor.until > self._store.clock.now():
            cursor = cursor_of(begun)
        page = self._provider.list_page(cursor.listing, cursor.since, cursor.until, cursor.after)
        return lambda: put_next(self._record(begun, cursor, page))

    def _all_of(self, begun: Run, day: str | None, young: timedelta) -> Cursor:
        now = self._store.clock.now()
        if day is not None:
            since = midnight(day)
            return Cursor(since, since + timedelta(days=1), _LISTINGS[0])
        back, reached = OVERLAP, begun.reached
        if reached is None or reached > now:
            back, reached = FIRST_BACK, now
        return Cursor(reached - back, now - young, _LISTINGS[0])

    def _may_have_failed(self, begun: Run) -> Cursor:
        """Leaves out refunds that could not fail any more at the last run."""
        now = self._store.clock.now()
        reached = min(begun.reached or now, now)
        return Cursor(reached - MAY_FAIL_FOR, now - YOUNG, Listing.REFUNDS)

    def _record(self, begun: Run, cursor: Cursor, page: Page) -> Run:
        """The state of the run now."""
        going_on = _after(cursor, page)
        reached = cursor.until if going_on is None else begun.reached
        under_way = None if going_on is None else going_on.kept()
        now = Run(begun.name, reached, under_way)
        moved = self._runs.move(begun, now)
        if moved:
            # An old payment may have been captured a moment ago.
            self._put_unknown([listed for listed in page.listed if listed.at < cursor.until])
        return now if moved else self._runs.get(begun.name)

    def _put_unknown(self, listed: Sequence[ProviderMovement]) -> None:
        now, schedule = self._store.clock.now(), self._store.schedule
        unknown = self._store.query(
            lambda curs: queries.list_unknown(curs, listed, SETTLE_MOVEMENT)
        )
        for each in unknown:
            schedule.at(SETTLE_MOVEMENT, each.key, now, _KEPT.dump_python(each, mode="json"))

    def _put_next(self, stands: Run, day: str | None) -> None:
        now, schedule = self._store.clock.now(), self._store.schedule
        if day is None:
            put_lists(schedule, stands, now)
        else:
            kind = BALANCE_DAY if stands.under_way is None else RECONCILE_LISTS
            schedule.at(kind, day, now, {"day": day})

    def _put_refunds(self, stands: Run) -> None:
        put_refunds(self._store.schedule, stands, self._store.clock.now())

    def _settled(self, listed: ProviderMovement, payment: ProviderPayment) -> None:
        try:
            if self._reconciliation.reconcile(listed, payment):
                self._report(
                    "order %s: we had missed that %s is %s at the provider; settled now",
                    listed.order_id,
                    listed.movement_id,
                    listed.kind,
                )
        except OrderNotFound:
            self._record_orphaned_payment(listed.order_id, payment)

    def _record_orphaned_payment(self, order_id: UUID, payment: ProviderPayment) -> None:
        if self._reconciliation.record_orphaned_payment(order_id, payment):
            self._report(
                "payment %s: our log lacks its order %s; kept until an operator has it returned",
                payment.payment_intent_id,
                order_id,
            )

    def _report(self, message: str, *about: object) -> None:
        self._store.after_commit(lambda: logger.error(message, *about))


def _after(cursor: Cursor, page: Page) -> Cursor | None:
    """The next cursor; None after the last page of the last list."""
    if page.next_after is not None:
        return Cursor(cursor.since, cursor.until, cursor.listing, page.next_after)
    following = _LISTINGS[_LISTINGS.index(cursor.listing) + 1 :]
    return Cursor(cursor.since, cursor.until, following[0]) if following else None
