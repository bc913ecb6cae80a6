"""The money that moved, as far as we know, and the days on which that was compared."""

from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb
from typing_extensions import override

from libs.events.envelope import Envelope
from libs.runtime.views.view import View, ViewCursor
from services.checkout.domain import DailyBalance, Order


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


class BalanceList(View):
    """Each day that was compared with the provider's, as it was found last."""

    name = "balance_list"
    tables = ("balance_list",)
    ddl = """
        CREATE TABLE IF NOT EXISTS balance_list (
            day date PRIMARY KEY,
            sums jsonb NOT NULL,
            differing jsonb NOT NULL,
            compared_at timestamptz NOT NULL
        )
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        match event:
            case DailyBalance.Compared():
                curs.execute(
                    "INSERT INTO balance_list VALUES (%s, %s, %s, %s) ON CONFLICT (day) DO UPDATE"
                    " SET sums = excluded.sums, differing = excluded.differing,"
                    " compared_at = excluded.compared_at",
                    (event.day, Jsonb(event.sums), Jsonb(event.differing), event.compared_at),
                    prepare=True,
                )
            case _:
                pass
