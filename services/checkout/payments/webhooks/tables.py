"""The table of webhooks, used in the open unit of work."""

from datetime import datetime

from services.checkout.payments.provider.protocol import WebhookEvent
from services.checkout.sql import execute


class WebhookTable:
    """`webhook_inbox`: each event of the provider once."""

    def add(self, event: WebhookEvent, at: datetime) -> bool:
        """True if newly stored; False if known."""
        added = execute(
            "INSERT INTO webhook_inbox (event_id, type, payment_intent_id, body, received_at)"
            " VALUES (%(id)s, %(type)s, %(intent)s, %(body)s, %(at)s) ON CONFLICT DO NOTHING",
            {
                "id": event.event_id,
                "type": event.type,
                "intent": event.payment_intent_id,
                "body": event.body,
                "at": at,
            },
        )
        return added.rowcount == 1

    def mark_handled(self, event_id: str, outcome: str, at: datetime) -> None:
        execute(
            "UPDATE webhook_inbox SET handled_at = %(at)s, outcome = %(outcome)s, error = NULL"
            " WHERE event_id = %(id)s",
            {"id": event_id, "outcome": outcome, "at": at},
        )

    def note_error(self, event_id: str, error: str) -> None:
        execute(
            "UPDATE webhook_inbox SET error = %(error)s WHERE event_id = %(id)s",
            {"id": event_id, "error": error},
        )

    def forgotten(self, kind: str, before: datetime) -> list[tuple[str, str]]:
        """Unhandled webhooks from before then without a job, at most a hundred."""
        rows = execute(
            "SELECT event_id, payment_intent_id FROM webhook_inbox w WHERE handled_at IS NULL"
            " AND received_at < %(before)s AND NOT EXISTS (SELECT 1 FROM schedule s"
            " WHERE s.kind = %(kind)s AND s.key = w.event_id) ORDER BY received_at LIMIT 100",
            {"before": before, "kind": kind},
        )
        return [(row["event_id"], row["payment_intent_id"]) for row in rows]
