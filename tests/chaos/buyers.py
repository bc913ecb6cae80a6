"""Many people who buy while things break, and who record their answers."""

import random
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import httpx

from ops.visitor import Refused, Visitor

_TRIES: Final = 6
_BETWEEN_TRIES_S: Final = 0.4
_SEEN_WITHIN_S: Final = 20.0
BANK_IS_SILENT: Final = "the card's bank says nothing"


class Told(StrEnum):
    """What the buyer knows in the end."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Manner(StrEnum):
    """How people pay."""

    RETURNS = "returns"
    """Pays and returns to the return page."""
    TWO_TABS = "two_tabs"
    """Has the return page open twice."""
    WALKS_AWAY = "walks_away"
    """Pays and closes the window: the webhook or the reconciler must notice."""
    DECLINED_FIRST = "declined_first"
    """The first card is declined, the second one works."""
    ABANDONS = "abandons"
    """Opens an order and never pays."""
    GETS_IT_BACK = "gets_it_back"
    """Buys, and the creator refunds at once."""
    PAYS_LATE = "pays_late"
    """Pays after the end of the hold; nobody does so by chance."""


_OFTEN: Final = (5, 1, 3, 1, 1, 1, 0)


@dataclass(frozen=True, slots=True)
class Operation:
    """One attempt to buy, as its buyer saw it."""

    person_id: UUID
    pass_id: UUID
    manner: Manner
    told: Told
    order_id: UUID | None
    said: str = ""
    refund_promised: bool = False
    """The creator got the answer that the money is refunded."""


class NotHeard(Exception):
    """No answer reveals what became of the request."""


class Buyer(Visitor):
    """A person who retries with the same key if no answer comes."""

    def purchase(self, pass_id: str, manner: Manner, key: str) -> Operation:
        """Buy a pass in that manner."""
        order_id: UUID | None = None
        try:
            order = self._asked("POST", "/api/orders", {"pass_id": pass_id}, key)
            order_id = UUID(order["order_id"])
            told = self._go_through(order, manner)
            said = ""
        except Refused as refused:
            told, said = Told.FAILED, str(refused)
        except NotHeard as silence:
            told, said = Told.UNKNOWN, str(silence)
        return Operation(UUID(self.person_id), UUID(pass_id), manner, told, order_id, said)

    def begins(self, pass_id: str, key: str) -> dict[str, Any]:
        """Open an order that can be paid."""
        return self._until_payable(self._asked("POST", "/api/orders", {"pass_id": pass_id}, key))

    def looks_at(self, order: dict[str, Any]) -> dict[str, Any]:
        """Return the order as it is now."""
        found: dict[str, Any] = self._asked("GET", f"/api/orders/{order['order_id']}")
        return found

    def pays_late(self, order: dict[str, Any]) -> Operation:
        """Pay with the form that is still open in some window."""
        self._confirm(order["payment"], "pm_card_visa")
        order_id = order["order_id"]
        seen = self._settle(order_id)
        told = Told.OK if seen["status"] == "fulfilled" else Told.UNKNOWN
        person, pass_id = UUID(self.person_id), UUID(order["pass_id"])
        return Operation(person, pass_id, Manner.PAYS_LATE, told, UUID(order_id))

    def gives_back(self, order_id: UUID, key: str) -> bool:
        """Refund all that was paid for somebody's order; returns whether that was promised."""
        try:
            self._asked("POST", f"/api/orders/{order_id}/refund", {}, key)
        except (Refused, NotHeard):
            return False
        return True

    def opens(self, pass_id: str, key: str | None = None) -> bool:
        """Return whether an order for a pass could be opened with one request."""
        headers = {"Idempotency-Key": key or pass_id}
        try:
            answer = self._http.post("/api/orders", json={"pass_id": pass_id}, headers=headers)
        except httpx.HTTPError:
            return False
        return answer.is_success

    def _go_through(self, order: dict[str, Any], manner: Manner) -> Told:
        order = self._until_payable(order)
        if order["status"] == "open":
            if manner is Manner.ABANDONS:
                return Told.UNKNOWN
            if manner is Manner.DECLINED_FIRST:
                self._confirm(order["payment"], "pm_card_visa_chargeDeclined")
            self._confirm(order["payment"], "pm_card_visa")
            if manner is Manner.WALKS_AWAY:
                return Told.UNKNOWN
            order = self._come_back(order["order_id"], tabs=1 + (manner is Manner.TWO_TABS))
        return Told.OK if order["status"] == "fulfilled" else Told.UNKNOWN

    def _until_payable(self, order: dict[str, Any]) -> dict[str, Any]:
        give_up_at = time.monotonic() + _SEEN_WITHIN_S
        while order["status"] == "open" and order["payment"] is None:
            if time.monotonic() > give_up_at:
                raise NotHeard("nothing to pay with came")
            time.sleep(0.2)
            order = self._asked("GET", f"/api/orders/{order['order_id']}")
        return order

    def _come_back(self, order_id: str, tabs: int) -> dict[str, Any]:
        give_up_at = time.monotonic() + _SEEN_WITHIN_S
        while True:
            with ThreadPoolExecutor(tabs) as windows:
                seen = list(windows.map(self._settle, [order_id] * tabs))
            if seen[0]["status"] != "open" or time.monotonic() > give_up_at:
                return seen[0]
            time.sleep(0.3)

    def _settle(self, order_id: str) -> dict[str, Any]:
        settled: dict[str, Any] = self._asked("POST", f"/api/orders/{order_id}/settle", {})
        return settled

    def _confirm(self, payment: dict[str, str], method: str) -> None:
        """Confirm as Stripe.js does; a declined card is an answer, too."""
        secret = payment["client_secret"]
        for _ in range(_TRIES):
            try:
                answer = self._http.post(
                    f"{self._sandbox}/stripe/v1/payment_intents/"
                    f"{secret.partition('_secret_')[0]}/confirm",
                    data={"client_secret": secret, "payment_method": method},
                    headers={"Authorization": f"Bearer {payment['publishable_key']}"},
                )
            except httpx.HTTPError:
                pass
            else:
                if answer.status_code < 500 and answer.status_code != 429:
                    return
            time.sleep(_BETWEEN_TRIES_S)
        raise NotHeard(BANK_IS_SILENT)

    def _asked(self, method: str, path: str, body: Any = None, key: str | None = None) -> Any:
        """Repeat until an answer comes. Raises Refused, or NotHeard."""
        last = ""
        for _ in range(_TRIES):
            try:
                headers = {} if key is None else {"Idempotency-Key": key}
                answer = self._http.request(method, path, json=body, headers=headers)
            except httpx.HTTPError as silence:
                last = repr(silence)
            else:
                if answer.is_success:
                    return answer.json()
                last = f"{method} {path}: {answer.status_code} {answer.text[:300]}"
                if answer.status_code < 500 and answer.status_code != 429:
                    raise Refused(last)
            time.sleep(_BETWEEN_TRIES_S)
        raise NotHeard(last)


class Crowd:
    """Buyers at work in the background; each buys each pass at most once."""

    def __init__(
        self, buyers: list[Buyer], creator: Buyer, rng: random.Random, per_s: float
    ) -> None:
        self.operations: list[Operation] = []
        self.under_way = 0
        self._buyers = buyers
        self._creator = creator
        self._rng = rng
        self._per_s = per_s
        self._wishes: list[tuple[Buyer, str]] = []
        self._lock = threading.Lock()
        self._resting = threading.Event()
        self._stopped = threading.Event()
        self._threads = ThreadPoolExecutor(len(buyers), thread_name_prefix="buyer")
        self._busy: set[str] = set()
        self._lost: list[BaseException] = []
        """Unexpected errors of buyers."""
        self._clock = threading.Thread(target=self._keep_buying, daemon=True)
        self._resting.set()
        self._clock.start()

    def offer(self, passes: Iterable[str]) -> None:
        """Put new passes on sale."""
        with self._lock:
            wishes = [(buyer, one) for one in passes for buyer in self._buyers]
            self._rng.shuffle(wishes)
            self._wishes += wishes

    @property
    def wishes(self) -> int:
        """Return how many purchases are still to be tried."""
        return len(self._wishes)

    def buy(self) -> None:
        """Begin, or continue."""
        self._resting.clear()

    def buy_one(self, manner: Manner) -> Operation:
        """Buy a pass that costs something in that manner, and wait for the outcome."""
        while True:
            with self._lock:
                buyer, pass_id = self._wishes.pop()
                key = self._rng.randbytes(16).hex()
            done = buyer.purchase(pass_id, manner, key)
            self.operations.append(done)
            if done.order_id is not None and done.told is Told.UNKNOWN:
                return done

    def until_order_opens(self, pass_id: str, within_s: float = 30.0) -> float:
        """Return the seconds until somebody could open an order for a pass with free seats.

        The request is repeated until it succeeds.
        """
        buyer = self._buyers[0]
        began = time.monotonic()
        while time.monotonic() - began < within_s:
            if buyer.opens(pass_id):
                return time.monotonic() - began
            time.sleep(0.02)
        raise TimeoutError("nobody could open an order")

    def rest(self, within_s: float = 120.0) -> None:
        """Begin no more purchases, and wait for those in progress.

        Raises any error of a buyer that is neither an answer nor silence.
        """
        self._resting.set()
        give_up_at = time.monotonic() + within_s
        while self.under_way:
            if time.monotonic() > give_up_at:
                raise TimeoutError("a buyer never came back")
            time.sleep(0.05)
        if self._lost:
            raise AssertionError("a buyer met something unheard of") from self._lost.pop()

    def go_home(self) -> None:
        """End all buyers."""
        self.rest()
        self._stopped.set()
        self._clock.join(10)
        self._threads.shutdown()
        for buyer in self._buyers:
            buyer.close()

    def _keep_buying(self) -> None:
        while not self._stopped.wait(1 / self._per_s):
            if self._resting.is_set():
                continue
            with self._lock:
                wish = self._next()
                if wish is None:
                    continue
                self.under_way += 1
                self._busy.add(wish[0].email)
                manner = self._rng.choices(list(Manner), _OFTEN)[0]
                key = self._rng.randbytes(16).hex()
            self._threads.submit(self._one, *wish, manner, key)

    def _next(self) -> tuple[Buyer, str] | None:
        for place, (buyer, _) in enumerate(self._wishes):
            if buyer.email not in self._busy:
                return self._wishes.pop(place)
        return None

    def _one(self, buyer: Buyer, pass_id: str, manner: Manner, key: str) -> None:
        try:
            done = buyer.purchase(pass_id, manner, key)
            if manner is Manner.GETS_IT_BACK and done.told is Told.OK and done.order_id is not None:
                promised = self._creator.gives_back(done.order_id, f"back-{key}")
                done = replace(done, refund_promised=promised)
            self.operations.append(done)
        except BaseException as unheard_of:
            self._lost.append(unheard_of)
            raise
        finally:
            with self._lock:
                self.under_way -= 1
                self._busy.discard(buyer.email)
