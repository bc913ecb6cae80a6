"""The inbox of webhooks: stored as received, then followed up as hints."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from libs.runtime.failpoints import failpoint
from libs.runtime.scheduling.schedule import Schedule
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from services.checkout.payments.provider.protocol import Record, WebhookEvent
from services.checkout.payments.webhooks.tables import WebhookTable

logger = logging.getLogger(__name__)

FOLLOW_HINT: Final = "follow_hint"
FORGOTTEN_AFTER: Final = timedelta(seconds=30)

# The rest is kept and ignored: `created` tells what we did ourselves, the charge of a payment comes
# with the payment, and disputes are not handled yet.
HEEDED: Final = frozenset(
    {
        "payment_intent.succeeded",
        "payment_intent.payment_failed",
        "payment_intent.canceled",
        "payment_intent.processing",
        "charge.refunded",
        "refund.created",
        "refund.updated",
        "refund.failed",
        "charge.refund.updated",
    }
)


class Webhooks:
    """Stores webhooks and follows them up."""

    def __init__(
        self, store: Store[Any], follow_hint: Callable[[str], Record | None], schedule: Schedule
    ) -> None:
        self._store = store
        self._follow_hint = follow_hint
        self._schedule = schedule
        self._table = WebhookTable()

    async def receive(self, event: WebhookEvent) -> None:
        """Store it once, with the job that follows it up."""
        cause = Cause(uuid5(NAMESPACE_URL, f"/stripe-events/{event.event_id}"), actor="stripe")
        failpoint("webhook.before_store")
        await self._store.command(cause, lambda: self._keep(event))
        failpoint("webhook.after_store")

    def _keep(self, event: WebhookEvent) -> None:
        now = self._store.clock.now()
        if not self._table.add(event, now):
            return
        if event.type in HEEDED and event.payment_intent_id is not None:
            self._schedule.at(
                FOLLOW_HINT,
                event.event_id,
                now,
                {"event_id": event.event_id, "payment_intent_id": event.payment_intent_id},
            )
        else:
            self._table.mark_handled(event.event_id, "ignored", now)

    def follow(self, event_id: str, payment_intent_id: str) -> Record:
        """Get the payment that the webhook names, and apply it. A fault is noted in the inbox."""
        try:
            found = self._follow_hint(payment_intent_id)
        except Exception as fault:
            error = repr(fault)
            self._in_own(event_id, lambda: self._table.note_error(event_id, error))
            raise
        now = self._store.clock.now()
        if found is None:
            return lambda: self._table.mark_handled(event_id, "not_ours", now)
        return self._and_mark(event_id, found, now)

    def _and_mark(self, event_id: str, settle: Record, now: datetime) -> Record:
        def record() -> None:
            settle()
            self._table.mark_handled(event_id, "settled", now)

        return record

    def _in_own(self, event_id: str, decide: Callable[[], None]) -> None:
        self._store.work(Cause(uuid5(NAMESPACE_URL, f"/stripe-events/{event_id}/error")), decide)

    def sweep(self) -> None:
        """Reschedule webhooks that have no job; there should be none."""
        now = self._store.clock.now()
        for event_id, payment_intent_id in self._table.forgotten(
            FOLLOW_HINT, now - FORGOTTEN_AFTER
        ):
            logger.error("webhook %s had no job, rescheduled now", event_id)
            self._schedule.at(
                FOLLOW_HINT,
                event_id,
                now,
                {"event_id": event_id, "payment_intent_id": payment_intent_id},
            )
