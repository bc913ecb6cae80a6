from uuid import uuid4

import pytest

from services.checkout.reactions import on_pass_published
from services.checkout.stock.inventory import SoldOut
from services.checkout.tests.builders import Shop, a_pass, about, an_offer, terms


def publish(shop: Shop, stock: int | None, version: int, pass_id: object) -> None:
    published = a_pass(terms(stock=stock), pass_id=pass_id, version_number=version)  # type: ignore[arg-type]
    on_pass_published(published, about(published, published.pass_id, version), shop.checkout)


def test_a_published_version_brings_its_stock() -> None:
    shop = Shop()
    pass_id = uuid4()

    publish(shop, 3, 1, pass_id)
    publish(shop, 5, 2, pass_id)

    assert shop.counters.rows[pass_id][2] == 5


def test_redelivered_version_keeps_the_taken_seats() -> None:
    shop = Shop()
    pass_id = uuid4()
    publish(shop, 1, 1, pass_id)
    shop.reads.offers[pass_id] = an_offer(pass_id=pass_id)
    shop.buy(pass_id)

    publish(shop, 1, 1, pass_id)

    with pytest.raises(SoldOut):
        shop.buy(pass_id)


def test_an_older_version_that_comes_late_is_refused_silently() -> None:
    shop = Shop()
    pass_id = uuid4()
    publish(shop, 3, 2, pass_id)

    publish(shop, 100, 1, pass_id)

    assert shop.counters.rows[pass_id][2] == 3
