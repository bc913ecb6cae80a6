"""The orders, one row for each."""

from typing import Any
from uuid import UUID

from typing_extensions import override

from libs.events.envelope import Envelope
from libs.runtime.views.view import View, ViewCursor
from services.checkout.orders.order import Order
from services.checkout.orders.sale.quote import Quote
from services.checkout.payments.payment import Payment


class OrderList(View):
    """Every order, however it ended; one open order per person and pass.

    What became of the purchase afterwards is in `membership_list`, its money in `payment_list`.
    """

    name = "order_list"
    tables = ("order_list",)
    ddl = """
        CREATE TABLE IF NOT EXISTS order_list (
            order_id uuid PRIMARY KEY,
            version bigint NOT NULL,
            person_id uuid NOT NULL,
            space_id uuid NOT NULL,
            pass_id uuid NOT NULL,
            pass_version_id uuid NOT NULL,
            version_number integer NOT NULL,
            space_slug text NOT NULL,
            space_name text NOT NULL,
            pass_slug text NOT NULL,
            pass_name text NOT NULL,
            redirect_url text,
            pricing_type text NOT NULL,
            total_minor bigint NOT NULL,
            currency text NOT NULL,
            currency_exponent integer NOT NULL,
            status text NOT NULL,
            opened_at timestamptz NOT NULL,
            held_until timestamptz NOT NULL,
            extensions integer NOT NULL DEFAULT 0,
            -- Of the last refused charge, until a payment is requested or succeeds.
            failure_code text
        );
        CREATE UNIQUE INDEX IF NOT EXISTS order_list_one_open
            ON order_list (person_id, pass_id) WHERE status = 'open';
        CREATE INDEX IF NOT EXISTS order_list_of_person ON order_list (person_id, opened_at);
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        match event:
            case Order.Opened():
                self._open(event, about, curs)
            case Order.Event():
                curs.execute(
                    "UPDATE order_list SET version = %s WHERE order_id = %s",
                    (about.entity_version, about.entity_id),
                    prepare=True,
                )
                self._change(event, curs)
            case Payment.Event():
                self._change_by_payment(event, curs)
            case _:
                pass

    def _open(self, opened: Order.Opened, about: Envelope, curs: ViewCursor) -> None:
        quote = Quote.from_state(opened.quote)
        terms = quote.terms
        curs.execute(
            """
            INSERT INTO order_list (order_id, version, person_id, space_id, pass_id,
                pass_version_id, version_number, space_slug, space_name, pass_slug, pass_name,
                redirect_url, pricing_type, total_minor, currency, currency_exponent, status,
                opened_at, held_until)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'open', %s, %s)
            """,
            (
                about.entity_id,
                about.entity_version,
                opened.person_id,
                quote.space_id,
                quote.pass_id,
                quote.version_id,
                quote.version_number,
                quote.space_slug,
                quote.space_name,
                quote.pass_slug,
                quote.pass_name,
                terms.redirect_url,
                terms.pricing_type,
                opened.total_minor,
                terms.currency,
                terms.currency_exponent,
                opened.opened_at,
                opened.held_until,
            ),
            prepare=True,
        )

    def _change(self, event: Any, curs: ViewCursor) -> None:
        match event:
            case Order.Fulfilled():
                _set(curs, event, "status = 'fulfilled', failure_code = NULL")
            case Order.Expired():
                _set(curs, event, "status = 'expired'")
            case Order.HoldExtended():
                _set(curs, event, "held_until = %s, extensions = extensions + 1", event.held_until)
            case Order.HoldRestarted():
                _set(curs, event, "held_until = %s", event.held_until)
            case _:
                pass

    def _change_by_payment(self, event: Any, curs: ViewCursor) -> None:
        match event:
            case Payment.Failed():
                _set(curs, event, "failure_code = %s", event.code)
            case Payment.Requested() | Payment.Succeeded():
                _set(curs, event, "failure_code = NULL")
            case Payment.Refunded(whole=True, full=True):
                change = "status = CASE status WHEN 'expired' THEN 'returned' ELSE status END"
                _set(curs, event, change)
            case Payment.RefundFailed(reopened=True):
                change = "status = CASE status WHEN 'returned' THEN 'expired' ELSE status END"
                _set(curs, event, change)
            case _:
                pass


def _set(curs: ViewCursor, event: Any, change: str, *values: Any) -> None:
    curs.execute(
        f"UPDATE order_list SET {change} WHERE order_id = %s",  # noqa: S608 - our own text
        (*values, _order_of(event)),
        prepare=True,
    )


def _order_of(event: Any) -> UUID:
    order_id: UUID = (
        event.charge["order_id"] if isinstance(event, Payment.Event) else event.originator_id
    )
    return order_id
