"""The routes of buyers: can I buy, buy, how is my order."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Final
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query

from libs.runtime.http.app import CommandCause, MaybePerson, Person
from libs.runtime.http.bodies import RequestBody
from libs.runtime.http.intake import needs_delivery
from libs.runtime.http.problems import Problem
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Overloaded, Store, StoreUnavailable
from libs.runtime.telemetry import current_traceparent
from services.checkout.orders import queries
from services.checkout.orders.http.batching import Buyer, OrderBatcher
from services.checkout.orders.http.status_poller import PATIENCE_S, StatusPoller
from services.checkout.orders.queries import OrderState
from services.checkout.orders.sale import queries as sale
from services.checkout.orders.sale.queries import Sale
from services.checkout.orders.states import OrderStatus
from services.checkout.orders.use_cases import Orders
from services.checkout.payments.queue.waiting_room import WaitingRoom

JUST_NOW: Final = timedelta(seconds=30)
SOON_S: Final = 1
"""The answer waits for a turn that comes this soon."""


@dataclass
class OrderRoutes:
    """The dependencies of the routes."""

    store: Store[Any]
    orders: Orders
    batcher: OrderBatcher
    poller: StatusPoller
    publishable_key: str
    room: WaitingRoom

    async def get(self, order_id: UUID, person_id: UUID) -> OrderState:
        """The order as it stands. Raises OrderNotFound."""
        return await self.store.ask(
            lambda curs: queries.get_order(curs, order_id, person_id, self.publishable_key)
        )

    async def opened(self, order_id: UUID, person_id: UUID) -> OrderState:
        """As `payable`, for a new order: its place in the queue is kept meanwhile.

        Batches answer in the order in which they opened the orders.
        """
        now = self.store.clock.now()
        with self.room.arriving() as arrival:
            try:
                order = await self.get(order_id, person_id)
            except (Overloaded, StoreUnavailable):
                # The buyer may never ask again, so the queue makes the payment.
                held_until = now + self.orders.hold
                self.room.join(order_id, now, held_until, str(person_id), arrival)
                raise
            if order.payment_pending:
                since = now if now - order.opened_at < JUST_NOW else order.opened_at
                self.room.join(order_id, since, order.held_until, str(person_id), arrival)
        return await self._served(order, person_id)

    async def payable(self, order_id: UUID, person_id: UUID) -> OrderState:
        """The order with its payment form, or with its place in the queue for one."""
        order = await self.get(order_id, person_id)
        if order.payment_pending:
            self.room.join(order_id, order.opened_at, order.held_until, str(person_id))
        return await self._served(order, person_id)

    async def is_impossible(self, order: OrderState) -> bool:
        """Whether the order is over because the provider refused to make a payment."""
        if order.status is not OrderStatus.EXPIRED or order.failure_code is None:
            return False
        return not await self.store.ask(lambda curs: queries.was_payable(curs, order.order_id))

    async def _served(self, order: OrderState, person_id: UUID) -> OrderState:
        position = self.room.position_of(order.order_id) if order.payment_pending else None
        if position is not None and position.about_s <= SOON_S:
            await self.room.turn_within(order.order_id, PATIENCE_S)
            order = await self.get(order.order_id, person_id)
            position = self.room.position_of(order.order_id) if order.payment_pending else None
        return order.model_copy(update={"waiting": position})


def fresh_cause(actor: str) -> Cause:
    """A cause of its own: what the provider says now must not be answered from memory."""
    return Cause(uuid4(), actor, current_traceparent())


class NewOrder(RequestBody):
    """Which pass to buy, under the terms that it has now."""

    pass_id: UUID


def orders_router(routes: OrderRoutes) -> APIRouter:
    """The routes of buyers."""
    router = APIRouter()
    _add_buying(router, routes)
    _add_reading(router, routes)
    return router


def _add_buying(router: APIRouter, routes: OrderRoutes) -> None:
    orders = routes.orders

    @router.post(
        "/orders",
        status_code=201,
        responses={401: {}, 404: {}, 409: {}, 502: {}, 503: {}},
        dependencies=[Depends(needs_delivery)],
    )
    async def open_order(body: NewOrder, person: Person, cause: CommandCause) -> OrderState:
        opened = await routes.batcher.serve(
            Buyer(
                person.id,
                body.pass_id,
                cause,
                lambda allotment: orders.open_order(
                    cause.command_id, person.id, body.pass_id, allotment
                ),
            )
        )
        order = await routes.opened(UUID(opened), person.id)
        if await routes.is_impossible(order):
            raise Problem(
                502,
                "payment_impossible",
                "The payment provider refuses this payment",
                order.failure_code,
            )
        return order

    @router.post("/orders/{order_id}/settle", responses={401: {}, 404: {}})
    async def settle_order(order_id: UUID, person: Person) -> OrderState:
        await routes.get(order_id, person.id)
        seen = await routes.poller.look(order_id, fresh_cause(str(person.id)))
        order = await routes.payable(order_id, person.id)
        return order.model_copy(update={"at_provider": seen})


def _add_reading(router: APIRouter, routes: OrderRoutes) -> None:
    @router.get("/orders/mine", responses={401: {}})
    async def list_my_orders(
        person: Person, limit: Annotated[int, Query(ge=1, le=500)] = 100
    ) -> list[OrderState]:
        return await routes.store.ask(lambda curs: queries.list_orders_of(curs, person.id, limit))

    @router.get("/orders/{order_id}", responses={401: {}, 404: {}})
    async def get_order(order_id: UUID, person: Person) -> OrderState:
        return await routes.payable(order_id, person.id)

    @router.get("/passes/{pass_id}/sale", responses={404: {}})
    async def get_sale(pass_id: UUID, person: MaybePerson) -> Sale:
        who = None if person is None else person.id
        now = routes.store.clock.now()
        return await routes.store.ask(lambda curs: sale.get_sale(curs, pass_id, who, now))
