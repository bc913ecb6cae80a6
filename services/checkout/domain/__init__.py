"""What an order, a seat and an offer are, and the rules they obey. No I/O, no clock."""

from services.checkout.domain.balance import DailyBalance
from services.checkout.domain.capacity import Capacity
from services.checkout.domain.difference import Difference
from services.checkout.domain.listing import Listed, Listing, Page, Says
from services.checkout.domain.offer import (
    AlreadyOwned,
    Banned,
    NotYetOnSale,
    Offer,
    OwnSpace,
    PassNotForSale,
    PassNotFound,
    RecurringNotAvailable,
    SaleEnded,
    SaleState,
    SoldOut,
    Standing,
    Terms,
    WaitlistOnly,
    refuse_unless_on_sale,
    sale_state,
)
from services.checkout.domain.order import Order
from services.checkout.domain.payment import (
    NothingToRefund,
    OrderNotFound,
    OrderNotOpen,
    Payment,
    PaymentStatus,
    ProviderRefund,
    RefundExceedsPayment,
)
from services.checkout.domain.provider import (
    ForgedWebhook,
    PaymentImpossible,
    PaymentRequest,
    PaymentUnknown,
    ProviderSilent,
    RefundImpossible,
    RefundOrder,
    WebhookEvent,
)
from services.checkout.domain.seat import Seat, SeatReason, SeatState
from services.checkout.domain.states import OrderStatus, PaymentState
from services.checkout.domain.stray_payment import StrayPayment

__all__ = [
    "AlreadyOwned",
    "Banned",
    "Capacity",
    "DailyBalance",
    "Difference",
    "ForgedWebhook",
    "Listed",
    "Listing",
    "NotYetOnSale",
    "NothingToRefund",
    "Offer",
    "Order",
    "OrderNotFound",
    "OrderNotOpen",
    "OrderStatus",
    "OwnSpace",
    "Page",
    "PassNotForSale",
    "PassNotFound",
    "Payment",
    "PaymentImpossible",
    "PaymentRequest",
    "PaymentState",
    "PaymentStatus",
    "PaymentUnknown",
    "ProviderRefund",
    "ProviderSilent",
    "RecurringNotAvailable",
    "RefundExceedsPayment",
    "RefundImpossible",
    "RefundOrder",
    "SaleEnded",
    "SaleState",
    "Says",
    "Seat",
    "SeatReason",
    "SeatState",
    "SoldOut",
    "Standing",
    "StrayPayment",
    "Terms",
    "WaitlistOnly",
    "WebhookEvent",
    "refuse_unless_on_sale",
    "sale_state",
]
