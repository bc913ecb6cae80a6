"""The payments of orders, and the money that moved."""

from datetime import datetime
from typing import Any

from typing_extensions import override

from libs.events.envelope import Envelope
from libs.runtime.views.view import View, ViewCursor
from services.checkout.orders.order import Order


class PaymentList(View):
    """Every payment that was asked for, by order and attempt, with the provider's id of it."""

    name = "payment_list"
    tables = ("payment_list",)
    ddl = """
        CREATE TABLE IF NOT EXISTS payment_list (
            order_id uuid NOT NULL,
            attempt integer NOT NULL,
            idempotency_key text,
            amount_minor bigint,
            currency text,
            requested_at timestamptz,
            payment_intent_id text UNIQUE,
            state text NOT NULL,
            return_cause text,
            PRIMARY KEY (order_id, attempt)
        )
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        match event:
            case Order.PaymentRequested():
                curs.execute(
                    "INSERT INTO payment_list (order_id, attempt, idempotency_key, amount_minor,"
                    " currency, requested_at, state) VALUES (%s, %s, %s, %s, %s, %s, 'requested')",
                    (
                        about.entity_id,
                        event.attempt,
                        event.idempotency_key,
                        event.amount_minor,
                        event.currency,
                        event.requested_at,
                    ),
                    prepare=True,
                )
            case Order.PaymentIntentCreated():
                curs.execute(
                    "INSERT INTO payment_list (order_id, attempt, payment_intent_id, state)"
                    " VALUES (%s, %s, %s, 'created') ON CONFLICT (order_id, attempt) DO UPDATE"
                    " SET payment_intent_id = excluded.payment_intent_id, state = 'created'",
                    (about.entity_id, event.attempt, event.payment_intent_id),
                    prepare=True,
                )
            case Order.Event():
                self._move(event, curs)
            case _:
                pass

    def _move(self, event: Any, curs: ViewCursor) -> None:
        match event:
            case Order.PaymentFailed(payment_intent_id=None):
                curs.execute(
                    "UPDATE payment_list SET state = 'impossible'"
                    " WHERE order_id = %s AND state = 'requested'",
                    (event.originator_id,),
                )
            case Order.PaymentFailed():
                _state(curs, event, "failed")
            case Order.PaymentCancelled():
                _state(curs, event, "cancelled")
            case Order.PaymentSucceeded():
                _state(curs, event, "succeeded")
            case Order.ReturnRequested():
                curs.execute(
                    "UPDATE payment_list SET state = 'returning', return_cause = %s"
                    " WHERE payment_intent_id = %s",
                    (event.cause, event.payment_intent_id),
                )
            case Order.PaymentReturned():
                _state(curs, event, "returned")
            case Order.ReturnFailed(returned_by=str()):
                _state(curs, event, "returning")
            case _:
                pass


def _state(curs: ViewCursor, event: Any, state: str) -> None:
    curs.execute(
        "UPDATE payment_list SET state = %s WHERE payment_intent_id = %s",
        (state, event.payment_intent_id),
        prepare=True,
    )


class MoneyList(View):
    """Every payment that was captured, every part of a purchase that was refunded, and every
    payment that was returned whole: by the provider's id of it."""

    name = "money_list"
    tables = ("money_list",)
    ddl = """
        CREATE TABLE IF NOT EXISTS money_list (
            order_id uuid NOT NULL,
            movement_id text NOT NULL,
            kind text NOT NULL,
            payment_intent_id text,
            amount_minor bigint NOT NULL,
            currency text NOT NULL,
            recorded_at timestamptz NOT NULL,
            PRIMARY KEY (order_id, movement_id)
        );
        CREATE INDEX IF NOT EXISTS money_list_by_time ON money_list (recorded_at);
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        match event:
            case Order.PaymentSucceeded(payment_intent_id=intent):
                _add(curs, event, "captured", intent, intent, event.succeeded_at)
            case Order.Refunded():
                _add(curs, event, "refunded", event.refund_id, None, event.refunded_at)
            case Order.PaymentReturned(payment_intent_id=intent):
                _add(curs, event, "returned", event.refund_id, intent, event.returned_at)
            case Order.RefundFailed(counted=True):
                _remove(curs, event, event.refund_id)
            case Order.ReturnFailed(returned_by=str(refund_id)):
                _remove(curs, event, refund_id)
            case _:
                pass


def _add(
    curs: ViewCursor, event: Any, kind: str, movement_id: str, intent: str | None, at: datetime
) -> None:
    curs.execute(
        "INSERT INTO money_list VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (event.originator_id, movement_id, kind, intent, event.amount_minor, event.currency, at),
        prepare=True,
    )


def _remove(curs: ViewCursor, event: Any, movement_id: str) -> None:
    curs.execute(
        "DELETE FROM money_list WHERE order_id = %s AND movement_id = %s",
        (event.originator_id, movement_id),
        prepare=True,
    )
