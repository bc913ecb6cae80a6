"""Who was removed by the team can buy again; a refund or a part of it changes nothing there."""

from uuid import UUID, uuid4

import httpx
import pytest

from libs.events.access import GrantRevoked
from services.checkout.orders.removals import RemovalList
from services.checkout.tests.builders import about, free
from services.checkout.tests.conftest import Shop, Visitor

BUYER, SPACE = uuid4(), uuid4()


def revoked(order_id: UUID, experience_id: UUID, cause: str = "creator") -> GrantRevoked:
    return GrantRevoked(
        grant_id=uuid4(),
        source_id=order_id,
        person_id=BUYER,
        experience_id=experience_id,
        space_id=SPACE,
        cause=cause,
    )


async def test_who_was_removed_from_all_of_a_pass_buys_it_again(
    shop: Shop, http: httpx.AsyncClient
) -> None:
    offered = shop.offer(free(), space_id=SPACE)
    buyer, wanted = Visitor(http, BUYER), {"pass_id": str(offered.pass_id)}
    first = (await buyer.ask("POST", "/orders", wanted)).json()

    async def state() -> str:
        return str((await buyer.ask("GET", f"/passes/{offered.pass_id}/sale")).json()["state"])

    states = [await state()]
    for number, experience_id in enumerate(offered.experience_ids, 1):
        shop.hear(revoked(UUID(first["order_id"]), experience_id), uuid4())
        states.append(await state())
        assert states[-1] == ("on_sale" if number == len(offered.experience_ids) else "owned")
    again = await buyer.ask("POST", "/orders", wanted)

    assert states[0] == "owned"
    assert (again.status_code, again.json()["status"]) == (201, "fulfilled")
    assert again.json()["order_id"] != first["order_id"]
    assert await state() == "owned"


@pytest.mark.parametrize("cause", ["refund", "lost"])
async def test_what_goes_with_a_refund_or_a_lost_order_is_no_removal(
    shop: Shop, http: httpx.AsyncClient, cause: str
) -> None:
    offered = shop.offer(free(), space_id=SPACE)
    buyer = Visitor(http, BUYER)
    order = (await buyer.ask("POST", "/orders", {"pass_id": str(offered.pass_id)})).json()

    for experience_id in offered.experience_ids:
        shop.hear(revoked(UUID(order["order_id"]), experience_id, cause), uuid4())
    shown = (await buyer.ask("GET", f"/passes/{offered.pass_id}/sale")).json()

    assert shown["state"] == "owned"


def test_a_removal_is_the_same_when_redelivered(shop: Shop) -> None:
    told = revoked(uuid4(), uuid4())

    def rows() -> int:
        return shop.store.query(
            lambda curs: curs.execute("SELECT count(*) AS n FROM removal_list").fetchone()["n"]
        )

    for _ in range(2):
        shop.store.query(
            lambda curs: RemovalList().apply(told, about(told, uuid4(), 1), curs) or None
        )

    assert rows() == 1
