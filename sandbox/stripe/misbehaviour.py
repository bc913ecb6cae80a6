"""Faults on demand: those of a network and of a provider.

`POST /stripe/_control/misbehave` orders one; orders survive a restart like all other state.
"""

import secrets
import time
from collections import Counter, defaultdict, deque
from fnmatch import fnmatchcase
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.state import State

Kind = Literal[
    "refuse",
    "limit",
    "answer_late",
    "fail_after",
    "cut",
    "duplicate",
    "drop",
    "deliver_late",
    "reversed",
    "no_event",
]
_RANDOM = secrets.SystemRandom()


class Misbehaviour(BaseModel):
    """One ordered fault.

    To requests, by `path`: `refuse` answers with `status` and does nothing. `limit` answers 429 to
    calls beyond `per_s` of one operation in any one second, until it is withdrawn (the list of
    orders counts them as `refused`). `answer_late` waits `delay_s` before it does anything.
    `fail_after` does it and answers 500. `cut` does it and ends the connection within the answer.

    To webhooks, by `event` type: `duplicate`, `drop` (listed, never delivered), `deliver_late` by
    `delay_s`, `reversed` (the events of one request in the wrong order), `no_event` (not even
    listed).
    """

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    path: str = "*"
    event: str = "*"
    times: int | None = Field(default=1, ge=1)
    """How often it happens; null for always."""
    probability: float = Field(default=1.0, gt=0, le=1)
    status: int = Field(default=429, ge=400, le=599)
    delay_s: float = Field(default=1.0, ge=0, le=3600)
    per_s: int = Field(default=25, ge=1)
    """Stripe's own limit for one operation of its API (docs.stripe.com/rate-limits)."""


class Misbehaviours:
    """The ordered faults, oldest first."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._orders = state.collection("stripe.misbehaviours")
        self._admitted: dict[tuple[str, str], deque[float]] = defaultdict(deque)
        self._refused: dict[str, Counter[str]] = defaultdict(Counter)

    def order(self, misbehaviour: Misbehaviour) -> str:
        """Add a fault and return its id."""
        order_id = secrets.token_hex(8)
        self._orders.put(order_id, {"id": order_id} | misbehaviour.model_dump())
        return order_id

    def all(self) -> list[dict[str, Any]]:
        """Return the faults that are not over."""
        refused = self._refused
        return [order | {"refused": refused.get(order["id"], {})} for order in self._orders.all()]

    def clear(self) -> None:
        """Withdraw all faults."""
        with self._state.transaction():
            for order in self._orders.all():
                self._orders.delete(order["id"])

    def take(self, kind: Kind, about: str) -> Misbehaviour | None:
        """Return a fault that is due for this path or event type, and count it."""
        for order in self._orders.all():
            pattern = order["event"] if kind in _ABOUT_EVENTS else order["path"]
            if order["kind"] != kind or not fnmatchcase(about, pattern):
                continue
            if _RANDOM.random() < order["probability"]:
                self._count(order)
                order.pop("id")
                return Misbehaviour.model_validate(order | {"times": None})
        return None

    def exceeds_limit(self, operation: str, path: str) -> bool:
        """Return whether one more call of this operation exceeds an ordered limit.

        Refused calls do not count. All addresses of an operation share its limit.
        """
        now = time.monotonic()
        limits = [
            (order["id"], order["per_s"])
            for order in self._orders.all()
            if order["kind"] == "limit" and fnmatchcase(path, order["path"])
        ]
        for order_id, per_s in limits:
            admitted = self._admitted[order_id, operation]
            while admitted and admitted[0] <= now - 1:
                admitted.popleft()
            if len(admitted) >= per_s:
                self._refused[order_id][operation] += 1
                return True
        for order_id, _ in limits:
            self._admitted[order_id, operation].append(now)
        return False

    def _count(self, order: dict[str, Any]) -> None:
        if order["times"] is None:
            return
        if order["times"] == 1:
            self._orders.delete(order["id"])
        else:
            self._orders.put(order["id"], order | {"times": order["times"] - 1})


_ABOUT_EVENTS = frozenset({"duplicate", "drop", "deliver_late", "reversed", "no_event"})
