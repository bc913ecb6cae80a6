"""All read models of the checkout, each written in the transaction of the events it shows."""

from services.checkout.orders.bans import BanList
from services.checkout.orders.catalog import PassSale, TeamList
from services.checkout.orders.payment_projections import MoneyList, PaymentList
from services.checkout.orders.projections import OrderList
from services.checkout.reconciliation.projections import BalanceList, OrphanedPaymentList
from services.checkout.stock.projections import SeatList

VIEWS = (
    OrderList(),
    PaymentList(),
    SeatList(),
    MoneyList(),
    BalanceList(),
    OrphanedPaymentList(),
    PassSale(),
    TeamList(),
    BanList(),
)
