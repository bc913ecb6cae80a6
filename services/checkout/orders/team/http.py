"""The routes of teams: purchases, numbers, refunds."""

from typing import Annotated, Any, Literal
from uuid import UUID, uuid5

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from libs.permissions import Permission
from libs.runtime.http.app import CommandCause, Person
from libs.runtime.http.bodies import RequestBody
from libs.runtime.store.store import Store
from services.checkout.memberships.refunds import Refunds
from services.checkout.orders.queries import get_space_of_order
from services.checkout.orders.team import queries
from services.checkout.orders.team.queries import NotOnTeam, SpaceNumbers, SpacePurchase
from services.checkout.payments.charge import OrderNotFound


class NewRefund(RequestBody):
    """The amount in minor units of the order's currency; without it all that is left."""

    amount_minor: Annotated[int, Field(gt=0)] | None = None
    cause: Literal["creator"] = "creator"


class RefundAsked(BaseModel):
    """The request was stored; the order shows when the refund was made."""

    order_id: UUID
    refund_id: UUID
    status: Literal["requested"] = "requested"


def team_router(store: Store[Any], refunds: Refunds) -> APIRouter:
    """The routes of teams."""
    router = APIRouter()
    _add_refund(router, store, refunds)

    @router.get("/spaces/{space_id}/purchases", responses={401: {}, 403: {}, 404: {}})
    async def list_purchases(
        space_id: UUID,
        person: Person,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
        before: Annotated[AwareDatetime | None, Query()] = None,
    ) -> list[SpacePurchase]:
        def read(curs: Any) -> list[SpacePurchase]:
            queries.require(curs, space_id, person.id, Permission.SEE_PURCHASES)
            return queries.list_purchases(curs, space_id, limit=limit, before=before)

        return await store.ask(read)

    @router.get("/spaces/{space_id}/numbers", responses={401: {}, 403: {}, 404: {}})
    async def get_numbers(space_id: UUID, person: Person) -> SpaceNumbers:
        def read(curs: Any) -> SpaceNumbers:
            queries.require(curs, space_id, person.id, Permission.SEE_NUMBERS)
            return queries.get_numbers(curs, space_id)

        return await store.ask(read)

    return router


def _add_refund(router: APIRouter, store: Store[Any], refunds: Refunds) -> None:
    @router.post(
        "/orders/{order_id}/refund",
        status_code=202,
        responses={401: {}, 403: {}, 404: {}, 409: {}, 422: {}},
    )
    async def refund_order(
        order_id: UUID, body: NewRefund, person: Person, cause: CommandCause
    ) -> RefundAsked:
        request_id = uuid5(cause.command_id, "refund")

        def decide() -> str:
            _require_refund_right(store.cursor(), order_id, person.id)
            return refunds.request_refund(request_id, order_id, body.amount_minor, body.cause)

        asked = await store.command(cause, decide)
        return RefundAsked(order_id=order_id, refund_id=UUID(asked))


def _require_refund_right(curs: Any, order_id: UUID, person_id: UUID) -> None:
    """Strangers get OrderNotFound; the buyer is told that only the team refunds."""
    space_id, buyer_id = get_space_of_order(curs, order_id)
    try:
        queries.require(curs, space_id, person_id, Permission.REFUND)
    except NotOnTeam:
        if person_id != buyer_id:
            raise OrderNotFound(order_id) from None
        raise
