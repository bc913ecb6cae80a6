"""The HTTP status, code and title of each refusal."""

from collections.abc import Mapping
from typing import Final

from libs.runtime.http.problems import Refusal
from services.checkout.orders.order import OrderNotOpen
from services.checkout.orders.sale.eligibility import (
    AlreadyOwned,
    Banned,
    NotYetOnSale,
    OwnSpace,
    PassNotForSale,
    RecurringNotAvailable,
    SaleEnded,
    WaitlistOnly,
)
from services.checkout.orders.team.queries import NotOnTeam, RoleNotAllowed, SpaceNotFound
from services.checkout.payments.charge import NothingToRefund, OrderNotFound, RefundExceedsPayment
from services.checkout.payments.provider.protocol import ForgedWebhook, PaymentImpossible
from services.checkout.stock.inventory import PassNotFound, SoldOut

REFUSALS: Final[Mapping[type[Exception], Refusal]] = {
    PassNotFound: Refusal(404, "pass_not_found", "There is no such pass"),
    PassNotForSale: Refusal(409, "pass_not_for_sale", "This pass is no longer on sale"),
    NotYetOnSale: Refusal(409, "not_yet_on_sale", "The sale has not started"),
    SaleEnded: Refusal(409, "sale_ended", "The sale is over"),
    SoldOut: Refusal(409, "sold_out", "This pass is sold out"),
    AlreadyOwned: Refusal(409, "already_owned", "You have this pass already"),
    OwnSpace: Refusal(409, "own_space", "You work in this space and need no pass"),
    Banned: Refusal(409, "banned", "You are banned from this space"),
    WaitlistOnly: Refusal(409, "waitlist_only", "This pass has a waitlist"),
    RecurringNotAvailable: Refusal(
        409, "recurring_not_available", "Subscriptions are not sold yet"
    ),
    OrderNotFound: Refusal(404, "order_not_found", "There is no such order"),
    OrderNotOpen: Refusal(409, "order_not_open", "The order is settled or expired"),
    NothingToRefund: Refusal(409, "nothing_to_refund", "Nothing is left to refund"),
    RefundExceedsPayment: Refusal(
        422, "refund_exceeds_payment", "The refund is larger than what is left of the payment"
    ),
    PaymentImpossible: Refusal(
        502, "payment_impossible", "The payment provider refuses this payment"
    ),
    ForgedWebhook: Refusal(400, "bad_signature", "The webhook has no valid signature"),
    SpaceNotFound: Refusal(404, "space_not_found", "There is no such space"),
    NotOnTeam: Refusal(403, "not_on_team", "You do not work in this space"),
    RoleNotAllowed: Refusal(403, "role_not_allowed", "Your role may not do this"),
}
