"""Far more people come at once than can be served: they may have to wait, but nobody gets a false
answer."""

import math
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final
from uuid import uuid4

import httpx

from tests.chaos.buyers import BANK_IS_SILENT, Buyer, Manner, Operation, Told
from tests.chaos.machine import PAYMENTS_PER_S, Machine

_TAKEN_PER_S: Final = PAYMENTS_PER_S * 25 // 20
"""Per operation of the provider: Stripe allows 25, and we ask for 20 payments a second."""
_MAKING_A_PAYMENT: Final = "POST /v1/payment_intents"
_TOO_SOON: Final = 0.1
"""The share of payment requests that may be refused, because requests sent one after the other may
arrive together; the queue retries them."""
_ORDERS_PER_S: Final = PAYMENTS_PER_S * 2
"""The average; everyone asks in the first eighth of the time, and then in another tab."""
_MOST_ASKING: Final = 96
_READERS: Final = 32
_BROWSERS: Final = 8
"""The share of readers that look at pages; the others' apps call the API."""
_AT_THE_TILL: Final = 8
_SCARCE: Final = 5
_PLENTY: Final = 1_000
_TRIES: Final = 3
_PATIENCE_S: Final = 30.0
_LONGEST_SILENCE_S: Final = 5.0
_USUAL_AGAIN_WITHIN_S: Final = 60.0
_HARDLY_SLOWER_S: Final = 2.0
_PAY_OR_NOT: Final = (Manner.RETURNS, Manner.WALKS_AWAY, Manner.ABANDONS, Manner.ABANDONS)
_PROBLEM: Final = "application/problem+json"
_PUT_OFF: Final = frozenset({429, 503})
_SALE_ON_PAGE: Final = re.compile(r'data-sale="(\w+)"')
_LEFT_ON_PAGE: Final = re.compile(r'class="few">[^<\d]*(\d+)')


class Lied(AssertionError):
    """Somebody got a false answer in the rush, or none at all."""


class NoRush(AssertionError):
    """This machine opens orders so slowly that nobody had to wait for a payment."""


@dataclass
class Sale:
    """A pass that many want, and what is known from outside about its seats.

    No seat returns meanwhile: holds are longer than that, and nobody gets a refund.
    """

    pass_id: str
    in_app: str
    page: str
    seats: int
    asked: dict[str, float] = field(default_factory=dict)
    """When each person asked first: from then on a seat may be theirs."""
    orders: dict[str, tuple[str, float]] = field(default_factory=dict)
    """Each person's order and the time of its answer: from then on a seat is certainly theirs."""

    refused: int = 0
    """How many answers said that no seat is left."""

    def left(self, began: float, ended: float) -> range:
        """Return how many seats may have been free at some moment of that time."""
        most = sum(at <= ended for at in list(self.asked.values()))
        least = sum(at <= began for _, at in list(self.orders.values()))
        return range(max(0, self.seats - most), self.seats - least + 1)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants, and whether they pay."""

    person: Buyer
    sale: Sale
    manner: Manner


@dataclass
class Rush:
    """Everyone who comes to the same sales, and their answers."""

    url: str
    sales: Sequence[Sale]
    operations: list[Operation] = field(default_factory=list)
    lies: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    shown_at: list[float] = field(default_factory=list)
    """When readers were shown the state of a pass."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def goes_on(self, wishes: Sequence[Wish], for_s: float) -> None:
        """Within so many seconds all of them ask for an order, most of them at once, and everyone
        again in another tab. On the pay page they wait until they can pay.

        Others only read, for twice as long.
        """
        began = time.monotonic()
        read_until = began + 2 * for_s
        with (
            ThreadPoolExecutor(_AT_THE_TILL) as till,
            ThreadPoolExecutor(_READERS) as readers,
            ThreadPoolExecutor(_MOST_ASKING) as askers,
        ):
            work = [readers.submit(self._read, n, read_until) for n in range(_READERS)]
            for number, wish in enumerate([*wishes, *wishes]):
                share = number / len(wishes) / 2
                time.sleep(max(0.0, began + for_s * share**3 - time.monotonic()))
                wish.sale.asked.setdefault(wish.person.person_id, time.monotonic())
                key = uuid4().hex
                work.append(askers.submit(self._ask, wish, key))
                if number < len(wishes):
                    work.append(till.submit(self._buy, wish, key))
        for done in work:
            done.result()
        self._compare_with_seats(read_until)
        times = [began, *sorted(self.shown_at), read_until]
        silence_s = max(later - earlier for earlier, later in pairwise(times))
        if silence_s > _LONGEST_SILENCE_S:
            self._lie(f"no reader was shown anything for {silence_s:.1f} s")

    def _ask(self, wish: Wish, key: str) -> None:
        began = time.monotonic()
        answer = self._answer_to(wish, key)
        if answer is None:
            return
        if answer.status_code == httpx.codes.CREATED:
            order = answer.json()
            self._count("in line" if order["waiting"] else "an order")
            if order["pass_id"] != wish.sale.pass_id:
                self._lie("an order is for another pass")
            self._hear_of_order(wish, order["order_id"])
        elif answer.status_code == httpx.codes.CONFLICT:
            self._hear_refusal(wish, answer.json()["code"], began)
        else:
            self._hear_of_trouble("an order", answer)

    def _answer_to(self, wish: Wish, key: str) -> httpx.Response | None:
        """Repeat a request that gets no answer for long."""
        silence: httpx.HTTPError | None = None
        for _ in range(_TRIES):
            try:
                body = {"pass_id": wish.sale.pass_id}
                return wish.person.send("POST", "/api/orders", body, key)
            except httpx.HTTPError as nothing:
                self._count("nothing")
                silence = nothing
        self._lie(f"asked for an order {_TRIES} times and heard {silence!r}")
        return None

    def _compare_with_seats(self, until: float) -> None:
        for sale in self.sales:
            if sum(at < until for _, at in sale.orders.values()) > sale.seats:
                self._lie(f"more than {sale.seats} were told that one of so many seats is theirs")
            if sale.refused and len(sale.orders) < sale.seats:
                self._lie(f"it was called sold out with {len(sale.orders)} orders of {sale.seats}")

    def _hear_of_order(self, wish: Wish, order_id: str) -> None:
        with self._lock:
            told = (order_id, time.monotonic())
            known, _ = wish.sale.orders.setdefault(wish.person.person_id, told)
        if order_id != known:
            self._lie(f"order {order_id} is the second one of this person for this pass")

    def _hear_refusal(self, wish: Wish, code: str, began: float) -> None:
        self._count(code)
        if code == "sold_out":
            with self._lock:
                wish.sale.refused += 1
            if 0 not in wish.sale.left(began, time.monotonic()):
                self._lie(f"a buyer was told sold out with seats left of {wish.sale.seats}")
        elif code != "already_owned" or wish.manner is Manner.ABANDONS:
            self._lie(f"a buyer was refused: {code}")

    def _hear_of_trouble(self, about: str, answer: httpx.Response) -> None:
        """A postponement must say until when."""
        self._count(f"{answer.status_code}")
        headers = answer.headers
        form = "text/html" if answer.request.headers["accept"] == "text/html" else _PROBLEM
        said_when = headers.get("retry-after", "").isdigit()
        in_form = headers.get("content-type", "").startswith(form)
        if answer.status_code not in _PUT_OFF or not said_when or not in_form:
            self._lie(f"{about}: {answer.status_code} {dict(headers)} {answer.text[:200]}")

    def _buy(self, wish: Wish, key: str) -> None:
        done = wish.person.purchase(wish.sale.pass_id, wish.manner, key)
        with self._lock:
            self.operations.append(done)
        if done.order_id is not None:
            self._hear_of_order(wish, str(done.order_id))
        is_sold_out = "sold_out" in done.said and wish.sale.seats == _SCARCE
        if done.said not in {"", BANK_IS_SILENT} and not is_sold_out:
            self._lie(f"at the till, {wish.manner}: {done.told}, {done.said}")

    def _read(self, number: int, until: float) -> None:
        """Look at one pass after the other, in a browser or in an app."""
        in_browser = number < _BROWSERS
        accept = "text/html" if in_browser else "application/json"
        with httpx.Client(
            base_url=self.url, headers={"Accept": accept}, timeout=_PATIENCE_S
        ) as http:
            while time.monotonic() < until:
                for sale in self.sales:
                    self.look(http, sale, sale.page if in_browser else sale.in_app)

    def look(self, http: httpx.Client, sale: Sale, path: str) -> None:
        """Read the state of a pass, and compare it with what is known."""
        began = time.monotonic()
        try:
            answer = http.get(path)
        except httpx.HTTPError as silence:
            self._lie(f"a reader heard {silence!r}")
            return
        if not answer.is_success:
            self._hear_of_trouble("a pass", answer)
            return
        ended, (state, left) = time.monotonic(), _shown(answer)
        possible = sale.left(began, ended)
        may_be = {"on_sale"} if 0 not in possible else {"on_sale", "sold_out"}
        if possible.stop == 1:
            may_be = {"sold_out"}
        if state not in may_be or (left is not None and left not in possible):
            self._lie(f"shown {state}, {left} left, while {possible} of {sale.seats} were")
        self._count("shown")
        self.shown_at.append(ended)

    def _lie(self, what: str) -> None:
        with self._lock:
            self.lies[what] += 1

    def _count(self, answer: str) -> None:
        with self._lock:
            self.answers[answer] += 1


def _shown(answer: httpx.Response) -> tuple[str, int | None]:
    """Return the state of a pass from an answer of the API, or from a page, which counts only the
    last seats."""
    if answer.headers["content-type"].startswith("application/json"):
        sale = answer.json()
        return sale["state"], sale["left"]
    state, left = _SALE_ON_PAGE.search(answer.text), _LEFT_ON_PAGE.search(answer.text)
    return state[1] if state else "nothing", int(left[1]) if left else None


def rush(machine: Machine, for_s: float = 6.0) -> None:
    """More people buy than the payment provider allows, and far more look; within a minute a
    purchase must take about as long as before. Raises Lied, NoRush."""
    sales, wishes = _wishes(machine, math.ceil(for_s * _ORDERS_PER_S / len(machine.people)))
    others = _usual_purchases(machine)
    usual_s = next(others)
    machine.providers.misbehave(kind="limit", per_s=_TAKEN_PER_S, times=None)
    usual_until = time.monotonic() + for_s + _USUAL_AGAIN_WITHIN_S
    many = Rush(machine.system.url, sales, machine.crowd.operations)
    many.goes_on(wishes, for_s)
    if not _is_usual_again(others, usual_s, usual_until):
        many.lies["a purchase takes long when the rush is over"] += 1
    too_soon = machine.providers.refused()[_MAKING_A_PAYMENT]
    if too_soon > len(wishes) * _TOO_SOON:
        many.lies["a payment was asked for sooner than the provider makes it"] += too_soon
    if many.lies:
        raise Lied("\n".join(f"{times} x {lie}" for lie, times in many.lies.most_common(20)))
    if not many.answers["in line"]:
        raise NoRush(f"nobody had to wait in line at {_ORDERS_PER_S} orders a second")


def _wishes(machine: Machine, passes: int) -> tuple[list[Sale], list[Wish]]:
    """Everyone wants every pass. The first has few seats, which nobody releases."""
    sales = [_sale(machine, _PLENTY if number else _SCARCE) for number in range(passes)]
    wishes = [
        Wish(person, sale, machine.rng.choice(_PAY_OR_NOT) if number else Manner.RETURNS)
        for number, sale in enumerate(sales)
        for person in machine.people
    ]
    machine.rng.shuffle(wishes)
    return sales, wishes


def _sale(machine: Machine, seats: int) -> Sale:
    pass_id = machine.publish(seats)
    return Sale(pass_id, f"/api/passes/{pass_id}/sale", machine.pages[pass_id], seats)


def _usual_purchases(machine: Machine) -> Iterator[float]:
    """Return the seconds that each of several people took, one after the other, to buy what nobody
    else wants.

    A failed purchase counts as infinitely long.
    """
    pass_id = machine.publish(_PLENTY)
    for person in machine.people:
        began = time.monotonic()
        done = person.purchase(pass_id, Manner.RETURNS, machine.key())
        machine.crowd.operations.append(done)
        yield time.monotonic() - began if done.told is Told.OK else math.inf


def _is_usual_again(purchases: Iterator[float], usual_s: float, until: float) -> bool:
    for took_s in purchases:
        if took_s < usual_s + _HARDLY_SLOWER_S:
            return time.monotonic() < until
        time.sleep(1.0)
    return False


__all__ = ["Lied", "NoRush", "Rush", "Sale", "rush"]
