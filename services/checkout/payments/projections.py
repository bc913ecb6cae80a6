"""Payments, and the money that moved."""

from datetime import datetime
from typing import Any

from typing_extensions import override

from libs.events.envelope import Envelope
from libs.runtime.views.view import View, ViewCursor
from services.checkout.payments.charge import PaymentState
from services.checkout.payments.payment import Payment


class PaymentList(View):
    """Every payment by order and attempt, with the provider's id."""

    name = "payment_list"
    tables = ("payment_list",)
    ddl = """
        CREATE TABLE IF NOT EXISTS payment_list (
            payment_id uuid PRIMARY KEY,
            order_id uuid NOT NULL,
            attempt integer NOT NULL,
            amount_minor bigint NOT NULL,
            currency text NOT NULL,
            requested_at timestamptz NOT NULL,
            payment_intent_id text UNIQUE,
            state text NOT NULL,
            return_cause text,
            refunded_minor bigint NOT NULL DEFAULT 0,
            -- Of the last requested refund, or of one that a bank rejected.
            refund_failure text,
            UNIQUE (order_id, attempt)
        )
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        match event:
            case Payment.Requested():
                curs.execute(
                    "INSERT INTO payment_list (payment_id, order_id, attempt, amount_minor,"
                    " currency, requested_at, state) VALUES (%s, %s, %s, %s, %s, %s, 'requested')",
                    (
                        about.entity_id,
                        event.charge["order_id"],
                        event.attempt,
                        event.charge["amount_minor"],
                        event.charge["currency"],
                        event.requested_at,
                    ),
                    prepare=True,
                )
            case Payment.IntentCreated():
                _set(
                    curs,
                    event,
                    "state = 'created', payment_intent_id = %s",
                    event.payment_intent_id,
                )
            case Payment.Event():
                self._move(event, curs)
            case _:
                pass

    def _move(self, event: Payment.Event, curs: ViewCursor) -> None:
        match event:
            case Payment.Failed(payment_intent_id=None):
                _set(curs, event, "state = %s", PaymentState.IMPOSSIBLE)
            case Payment.Failed():
                _set(curs, event, "state = %s", PaymentState.FAILED)
            case Payment.Cancelled():
                _set(curs, event, "state = %s", PaymentState.CANCELLED)
            case Payment.Succeeded():
                _set(curs, event, "state = %s", PaymentState.SUCCEEDED)
            case _:
                self._refund(event, curs)

    def _refund(self, event: Payment.Event, curs: ViewCursor) -> None:
        match event:
            case Payment.RefundRequested(whole=True):
                _set(curs, event, "state = 'returning', return_cause = %s", event.purpose)
            case Payment.RefundRequested():
                _set(curs, event, "refund_failure = %s", None)
            case Payment.RefundRefused():
                _set(curs, event, "refund_failure = %s", event.code)
            case Payment.Refunded():
                _set(curs, event, "refunded_minor = refunded_minor + %s", event.amount_minor)
                if event.whole and event.full:
                    _set(curs, event, "state = %s", PaymentState.RETURNED)
            case Payment.RefundFailed():
                self._fail_refund(event, curs)
            case _:
                pass

    def _fail_refund(self, event: Payment.RefundFailed, curs: ViewCursor) -> None:
        if event.counted:
            _set(curs, event, "refunded_minor = refunded_minor - %s", event.amount_minor)
        if event.reopened:
            _set(curs, event, "state = %s", PaymentState.RETURNING)
        if not event.whole:
            _set(curs, event, "refund_failure = %s", event.failure)


def _set(curs: ViewCursor, event: Payment.Event, change: str, value: str | int | None) -> None:
    curs.execute(
        f"UPDATE payment_list SET {change} WHERE payment_id = %s",  # noqa: S608 - our own text
        (value, event.originator_id),
        prepare=True,
    )


class MoneyList(View):
    """Every captured payment and every refund, by the provider's id; `returned` is the refund of a
    payment that bought nothing.
    """

    name = "money_list"
    tables = ("money_list",)
    ddl = """
        CREATE TABLE IF NOT EXISTS money_list (
            order_id uuid NOT NULL,
            movement_id text NOT NULL,
            kind text NOT NULL,
            payment_intent_id text NOT NULL,
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
            case Payment.Succeeded():
                _add(curs, event, "captured", event.payment_intent_id, event.succeeded_at)
            case Payment.Refunded():
                kind = "returned" if event.whole else "refunded"
                _add(curs, event, kind, event.refund_id, event.refunded_at)
            case Payment.RefundFailed(counted=True):
                curs.execute(
                    "DELETE FROM money_list WHERE order_id = %s AND movement_id = %s",
                    (event.charge["order_id"], event.refund_id),
                    prepare=True,
                )
            case _:
                pass


def _add(curs: ViewCursor, event: Any, kind: str, movement_id: str, at: datetime) -> None:
    curs.execute(
        "INSERT INTO money_list VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (
            event.charge["order_id"],
            movement_id,
            kind,
            event.payment_intent_id,
            event.amount_minor,
            event.currency,
            at,
        ),
        prepare=True,
    )
