"""What a buyer asks: may I buy, let me buy, how does my order stand."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID, uuid4

from fastapi import APIRouter, Query

from libs.runtime.http.app import CommandCause, MaybePerson, Person
from libs.runtime.http.bodies import RequestBody
from libs.runtime.http.problems import Problem
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Overloaded, Store, StoreUnavailable
from libs.runtime.telemetry import current_traceparent
from services.checkout import queries
from services.checkout.application import Checkout
from services.checkout.domain import OrderStatus
from services.checkout.http.desk import Buyer, Desk
from services.checkout.http.looks import PATIENCE_S, Looks
from services.checkout.queries import OrderState, Sale
from services.checkout.waiting_room import WaitingRoom

JUST_NOW: Final = timedelta(seconds=30)
SOON_S: Final = 1
"""Whose turn comes this soon is not sent away: the answer waits for it."""


@dataclass
class Till:
    """What the routes of orders work with."""

    store: Store[Checkout]
    desk: Desk
    looks: Looks
    publishable_key: str
    room: WaitingRoom

    async def get(self, order_id: UUID, person_id: UUID) -> OrderState:
        """The order as it stands. Raises OrderNotFound."""
        return await self.store.ask(
            lambda curs: queries.get_order(curs, order_id, person_id, self.publishable_key)
        )

    async def opened(self, order_id: UUID, person_id: UUID) -> OrderState:
        """As `payable`, for an order that was opened just now: its place is kept meanwhile.

        The desk lets people go in the order in which it opened their orders.
        """
        now = self.store.clock.now()
        with self.room.arriving() as arrival:
            try:
                order = await self.get(order_id, person_id)
            except (Overloaded, StoreUnavailable):
                # Nobody may ever ask again: the line finds out what there is to pay.
                held_until = now + self.store.application.hold
                self.room.join(order_id, now, held_until, str(person_id), arrival)
                raise
            if order.payment_pending:
                since = now if now - order.opened_at < JUST_NOW else order.opened_at
                self.room.join(order_id, since, order.held_until, str(person_id), arrival)
        return await self._served(order, person_id)

    async def payable(self, order_id: UUID, person_id: UUID) -> OrderState:
        """The order with what its buyer needs to pay, or with its place in the line for that."""
        order = await self.get(order_id, person_id)
        if order.payment_pending:
            self.room.join(order_id, order.opened_at, order.held_until, str(person_id))
        return await self._served(order, person_id)

    async def is_impossible(self, order: OrderState) -> bool:
        """Whether the provider never wanted to make a payment for it, so that it is over."""
        if order.status is not OrderStatus.EXPIRED or order.failure_code is None:
            return False
        return not await self.store.ask(lambda curs: queries.was_payable(curs, order.order_id))

    async def _served(self, order: OrderState, person_id: UUID) -> OrderState:
        place = self.room.place_of(order.order_id) if order.payment_pending else None
        if place is not None and place.about_s <= SOON_S:
            await self.room.turn_within(order.order_id, PATIENCE_S)
            order = await self.get(order.order_id, person_id)
            place = self.room.place_of(order.order_id) if order.payment_pending else None
        return order.model_copy(update={"waiting": place})


def fresh_cause(actor: str) -> Cause:
    """A cause of its own: what the provider says now must not be answered from memory."""
    return Cause(uuid4(), actor, current_traceparent())


class NewOrder(RequestBody):
    """Which pass to buy, under the terms that it has now."""

    pass_id: UUID


def orders_router(till: Till) -> APIRouter:
    """The routes of buyers."""
    router = APIRouter()
    _add_buying(router, till)
    _add_reading(router, till)
    return router


def _add_buying(router: APIRouter, till: Till) -> None:
    checkout = till.store.application

    @router.post("/orders", status_code=201, responses={401: {}, 404: {}, 409: {}, 502: {}})
    async def open_order(body: NewOrder, person: Person, cause: CommandCause) -> OrderState:
        opened = await till.desk.serve(
            Buyer(
                person.id,
                body.pass_id,
                cause,
                lambda: checkout.open_order(cause.command_id, person.id, body.pass_id),
            )
        )
        order = await till.opened(UUID(opened), person.id)
        if await till.is_impossible(order):
            raise Problem(
                502,
                "payment_impossible",
                "The payment provider will not take this payment",
                order.failure_code,
            )
        return order

    @router.post("/orders/{order_id}/settle", responses={401: {}, 404: {}})
    async def settle_order(order_id: UUID, person: Person) -> OrderState:
        await till.get(order_id, person.id)
        seen = await till.looks.look(order_id, fresh_cause(str(person.id)))
        order = await till.payable(order_id, person.id)
        return order.model_copy(update={"at_provider": seen})


def _add_reading(router: APIRouter, till: Till) -> None:
    @router.get("/orders/mine", responses={401: {}})
    async def list_my_orders(
        person: Person, limit: Annotated[int, Query(ge=1, le=500)] = 100
    ) -> list[OrderState]:
        return await till.store.ask(lambda curs: queries.list_orders_of(curs, person.id, limit))

    @router.get("/orders/{order_id}", responses={401: {}, 404: {}})
    async def get_order(order_id: UUID, person: Person) -> OrderState:
        return await till.payable(order_id, person.id)

    @router.get("/passes/{pass_id}/sale", responses={404: {}})
    async def get_sale(pass_id: UUID, person: MaybePerson) -> Sale:
        who = None if person is None else person.id
        now = till.store.clock.now()
        return await till.store.ask(lambda curs: queries.get_sale(curs, pass_id, who, now))
