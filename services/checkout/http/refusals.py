"""How each refusal of the checkout is told over HTTP."""

from collections.abc import Mapping
from typing import Final

from libs.runtime.http.problems import Refusal
from services.checkout import domain, queries

REFUSALS: Final[Mapping[type[Exception], Refusal]] = {
    domain.PassNotFound: Refusal(404, "pass_not_found", "There is no such pass"),
    domain.PassNotForSale: Refusal(409, "pass_not_for_sale", "This pass is sold no longer"),
    domain.NotYetOnSale: Refusal(409, "not_yet_on_sale", "The sale has not begun"),
    domain.SaleEnded: Refusal(409, "sale_ended", "The sale is over"),
    domain.SoldOut: Refusal(409, "sold_out", "No seat is left"),
    domain.AlreadyOwned: Refusal(409, "already_owned", "You have this pass already"),
    domain.OwnSpace: Refusal(409, "own_space", "You work in this space and need no pass"),
    domain.Banned: Refusal(409, "banned", "You are banned from this space"),
    domain.WaitlistOnly: Refusal(409, "waitlist_only", "This pass has a waitlist"),
    domain.RecurringNotAvailable: Refusal(
        409, "recurring_not_available", "Subscriptions are not sold yet"
    ),
    domain.OrderNotFound: Refusal(404, "order_not_found", "There is no such order"),
    domain.OrderNotOpen: Refusal(409, "order_not_open", "The order is settled or expired"),
    domain.NothingToRefund: Refusal(409, "nothing_to_refund", "Nothing is left to refund"),
    domain.RefundExceedsPayment: Refusal(
        422, "refund_exceeds_payment", "More would go back than is left of what was paid"
    ),
    domain.PaymentImpossible: Refusal(
        502, "payment_impossible", "The payment provider will not take this payment"
    ),
    domain.ForgedWebhook: Refusal(400, "bad_signature", "The webhook is not signed by its sender"),
    queries.SpaceNotFound: Refusal(404, "space_not_found", "There is no such space"),
    queries.NotOnTeam: Refusal(403, "not_on_team", "You do not work in this space"),
    queries.RoleNotAllowed: Refusal(403, "role_not_allowed", "Your role may not do this"),
}
