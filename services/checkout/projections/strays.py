"""Payments that were captured for orders which our log does not hold."""

from typing_extensions import override

from libs.events.envelope import Envelope
from libs.runtime.views.view import View, ViewCursor
from services.checkout.domain import StrayPayment


class StrayPaymentList(View):
    """Every one that was found, and since when all of it is back."""

    name = "stray_payment_list"
    tables = ("stray_payment_list",)
    ddl = """
        CREATE TABLE IF NOT EXISTS stray_payment_list (
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
            case StrayPayment.Found():
                curs.execute(
                    "INSERT INTO stray_payment_list VALUES (%s, %s, %s, %s, %s)",
                    (
                        event.payment_intent_id,
                        event.order_id,
                        event.amount_minor,
                        event.currency,
                        event.found_at,
                    ),
                    prepare=True,
                )
            case StrayPayment.Returned():
                curs.execute(
                    "UPDATE stray_payment_list SET refund_id = %s, returned_at = %s"
                    " WHERE payment_intent_id = %s",
                    (event.refund_id, event.returned_at, event.payment_intent_id),
                    prepare=True,
                )
            case _:
                pass
