"""Compared days, and payments without an order."""

from psycopg.types.json import Jsonb
from typing_extensions import override

from libs.events.envelope import Envelope
from libs.runtime.views.view import View, ViewCursor
from services.checkout.reconciliation.daily_balance import DailyBalance
from services.checkout.reconciliation.orphaned_payment import OrphanedPayment


class BalanceList(View):
    """Each compared day, by its last comparison."""

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


class OrphanedPaymentList(View):
    """Every orphaned payment, and when it was returned in full."""

    name = "orphaned_payment_list"
    tables = ("orphaned_payment_list",)
    ddl = """
        CREATE TABLE IF NOT EXISTS orphaned_payment_list (
            payment_intent_id text PRIMARY KEY,
            order_id uuid NOT NULL,
            amount_minor bigint NOT NULL,
            currency text NOT NULL,
            found_at timestamptz NOT NULL,
            refund_id text,
            returned_at timestamptz
        )
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        match event:
            case OrphanedPayment.Found():
                curs.execute(
                    "INSERT INTO orphaned_payment_list VALUES (%s, %s, %s, %s, %s)",
                    (
                        event.payment_intent_id,
                        event.order_id,
                        event.amount_minor,
                        event.currency,
                        event.found_at,
                    ),
                    prepare=True,
                )
            case OrphanedPayment.Returned():
                curs.execute(
                    "UPDATE orphaned_payment_list SET refund_id = %s, returned_at = %s"
                    " WHERE payment_intent_id = %s",
                    (event.refund_id, event.returned_at, event.payment_intent_id),
                    prepare=True,
                )
            case _:
                pass
