"""Read models of the checkout service, written in the transaction of the events they show."""

from services.checkout.projections.bans import BanList
from services.checkout.projections.catalog import PassSale, TeamList
from services.checkout.projections.money import BalanceList, MoneyList
from services.checkout.projections.orders import OrderList, PaymentList
from services.checkout.projections.seats import SeatList
from services.checkout.projections.strays import StrayPaymentList

VIEWS = (
    OrderList(),
    PaymentList(),
    SeatList(),
    MoneyList(),
    BalanceList(),
    StrayPaymentList(),
    PassSale(),
    TeamList(),
    BanList(),
)

__all__ = [
    "VIEWS",
    "BalanceList",
    "BanList",
    "MoneyList",
    "OrderList",
    "PassSale",
    "PaymentList",
    "SeatList",
    "StrayPaymentList",
    "TeamList",
]
