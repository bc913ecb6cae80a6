"""All read models of the checkout, each written in the transaction of the events it shows."""

from libs.permissions.views import BanList, TeamList
from services.checkout.memberships.projections import MembershipList
from services.checkout.orders.projections import OrderList
from services.checkout.orders.sale.catalog import PassSale
from services.checkout.payments.projections import MoneyList, PaymentList
from services.checkout.reconciliation.projections import BalanceList, OrphanedPaymentList
from services.checkout.stock.projections import SeatList

VIEWS = (
    OrderList(),
    MembershipList(),
    PaymentList(),
    SeatList(),
    MoneyList(),
    BalanceList(),
    OrphanedPaymentList(),
    PassSale(),
    TeamList(),
    BanList(),
)
