"""Which answers are allowed in a rush: the judge of them is tested."""

import time

import httpx
import pytest

from tests.chaos.rush import Rush, Sale

pytestmark = pytest.mark.chaos

_PROBLEM = {"content-type": "application/problem+json"}


def lies_in(answer: httpx.Response, asked: int, told: int) -> int:
    """Return how many answers are lies, after so many have asked for one of five seats and got
    it."""
    now = time.monotonic()
    sale = Sale("a pass", "/sale", "/page", seats=5)
    sale.asked = {f"person-{number}": now for number in range(asked)}
    sale.orders = {f"person-{number}": (f"order-{number}", now) for number in range(told)}
    rush = Rush("http://gateway", [sale])
    with httpx.Client(
        base_url=rush.url,
        headers={"Accept": "application/json"},
        transport=httpx.MockTransport(lambda _: answer),
    ) as http:
        rush.look(http, sale, sale.in_app)
    return rush.lies.total()


def sale(state: str, left: int) -> httpx.Response:
    return httpx.Response(200, json={"state": state, "left": left})


def page(state: str, left: str) -> httpx.Response:
    return httpx.Response(200, html=f'<section data-sale="{state}"><p class="few">{left}</p>')


@pytest.mark.parametrize(
    ("answer", "asked", "told", "lies"),
    [
        (sale("on_sale", 3), 4, 2, 0),
        (sale("on_sale", 1), 4, 2, 0),
        (sale("on_sale", 4), 4, 2, 1),
        (sale("on_sale", 0), 4, 2, 1),
        (sale("sold_out", 0), 4, 2, 1),
        (sale("sold_out", 0), 5, 2, 0),
        (sale("on_sale", 1), 9, 5, 1),
        (sale("sold_out", 0), 9, 5, 0),
        (sale("sold_out", 0), 9, 6, 1),
        (page("on_sale", "3 left"), 4, 2, 0),
        (page("on_sale", "4 left"), 4, 2, 1),
        (page("sold_out", ""), 4, 2, 1),
        (page("sold_out", ""), 9, 5, 0),
    ],
)
def test_wrong_number_of_seats_is_reported_as_a_lie(
    answer: httpx.Response, asked: int, told: int, lies: int
) -> None:
    assert lies_in(answer, asked, told) == lies


@pytest.mark.parametrize(
    ("answer", "lies"),
    [
        (httpx.Response(503, headers=_PROBLEM | {"retry-after": "1"}), 0),
        (httpx.Response(429, headers=_PROBLEM | {"retry-after": "7"}), 0),
        (httpx.Response(503, headers=_PROBLEM), 1),
        (httpx.Response(503, text="later", headers={"retry-after": "1"}), 1),
        (httpx.Response(500, headers=_PROBLEM | {"retry-after": "1"}), 1),
        (httpx.Response(404, headers=_PROBLEM), 1),
    ],
)
def test_postponed_buyer_is_given_a_time(answer: httpx.Response, lies: int) -> None:
    assert lies_in(answer, asked=0, told=0) == lies
