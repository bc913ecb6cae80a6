"""Idempotency keys, as in https://docs.stripe.com/api/idempotent_requests.

The first answer of a key is stored for 24 hours, faults (5xx) included. Another request under the
same key is refused, and so is a copy of a request that is still running. A request that fails
validation leaves its key free.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from sandbox.state import Document
from sandbox.stripe import problems
from sandbox.stripe.account import Account

_KEPT_S = 24 * 3600
_MAX_LENGTH = 255


class Keys:
    """The idempotency keys of one account."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._answers = account.state.collection("stripe.idempotency")
        self._in_flight: set[str] = set()
        self._forget_old()

    def _forget_old(self) -> None:
        oldest = self._account.now() - _KEPT_S
        with self._account.state.transaction():
            for answer in self._answers.all():
                if answer["created"] < oldest:
                    self._answers.delete(answer["key"])

    @contextmanager
    def held(self, key: str | None) -> Iterator[None]:
        """Reserve a key for one request. Refuses it while another request has it."""
        if key is None:
            yield
            return
        if len(key) > _MAX_LENGTH:
            message = f"Idempotency keys can have up to {_MAX_LENGTH} characters."
            raise problems.invalid(message, begun=False)
        if key in self._in_flight:
            raise problems.key_in_use(key)
        self._in_flight.add(key)
        try:
            yield
        finally:
            self._in_flight.discard(key)

    def answer_of(self, key: str | None, path: str, params: dict[str, Any]) -> Document | None:
        """Return the first answer of a key. Refuses a key that arrives with another request."""
        first = None if key is None else self._answers.get(key)
        if first is None or first["created"] < self._account.now() - _KEPT_S:
            return None
        if first["path"] != path:
            message = (
                "Keys for idempotent requests can only be used for the same endpoint they were "
                f"first used for ('{path}' vs '{first['path']}'). Try using a key other than "
                f"'{key}' if you meant to execute a different request."
            )
            raise problems.key_reused(message)
        if first["fingerprint"] != _fingerprint(params):
            message = (
                "Keys for idempotent requests can only be used with the same parameters they "
                f"were first used with. Try using a key other than '{key}' if you meant to "
                "execute a different request."
            )
            raise problems.key_reused(message)
        return first

    def keep(self, key: str | None, path: str, params: dict[str, Any], answer: Document) -> None:
        """Store the answer (`status`, `body`, `request_id`) of a key."""
        if key is None:
            return
        about = {
            "key": key,
            "path": path,
            "fingerprint": _fingerprint(params),
            "created": self._account.now(),
        }
        self._answers.put(key, about | answer)


def _fingerprint(params: dict[str, Any]) -> str:
    return sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()
