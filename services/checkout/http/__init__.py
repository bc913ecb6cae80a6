"""The ways into the checkout service over HTTP."""

from services.checkout.http.desk import Desk
from services.checkout.http.looks import Looks
from services.checkout.http.orders import Till, orders_router
from services.checkout.http.refusals import REFUSALS
from services.checkout.http.team import team_router
from services.checkout.http.webhook import webhook_router

__all__ = ["REFUSALS", "Desk", "Looks", "Till", "orders_router", "team_router", "webhook_router"]
