"""Reads of the checkout's tables as small frozen models."""

from services.checkout.queries.money import (
    Movement,
    is_settling,
    list_booked,
    list_unknown,
    list_unseen,
)
from services.checkout.queries.orders import (
    OrderState,
    PaymentForm,
    WaitingPlace,
    get_order,
    get_space_of_order,
    list_orders_of,
    was_payable,
)
from services.checkout.queries.payments import (
    AskedPayment,
    WaitingOrder,
    find_order_of,
    get_asked_payment,
    list_orders_without_payment,
    list_undecided_payments,
)
from services.checkout.queries.sale import Sale, get_sale
from services.checkout.queries.strays import Stray, find_stray
from services.checkout.queries.team import (
    NotOnTeam,
    Right,
    RoleNotAllowed,
    SpaceNotFound,
    SpaceNumbers,
    SpacePurchase,
    get_numbers,
    list_purchases,
    require_right,
)

__all__ = [
    "AskedPayment",
    "Movement",
    "NotOnTeam",
    "OrderState",
    "PaymentForm",
    "Right",
    "RoleNotAllowed",
    "Sale",
    "SpaceNotFound",
    "SpaceNumbers",
    "SpacePurchase",
    "Stray",
    "WaitingOrder",
    "WaitingPlace",
    "find_order_of",
    "find_stray",
    "get_asked_payment",
    "get_numbers",
    "get_order",
    "get_sale",
    "get_space_of_order",
    "is_settling",
    "list_booked",
    "list_orders_of",
    "list_orders_without_payment",
    "list_purchases",
    "list_undecided_payments",
    "list_unknown",
    "list_unseen",
    "require_right",
    "was_payable",
]
