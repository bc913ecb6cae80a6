"""A bank that rejects a refund some time later: https://docs.stripe.com/refunds."""

import asyncio

from sandbox.state import Document
from sandbox.stripe.account import Account, Call, random_letters
from sandbox.stripe.refunds import fail_refund
from sandbox.stripe.webhooks import Courier

_LOOKS_EVERY_S = 0.2


class Bank:
    """Fails refunds to the test card for it by itself, and others on request."""

    def __init__(self, account: Account, courier: Courier) -> None:
        self._account = account
        self._courier = courier

    async def run(self) -> None:
        """Fail due refunds, for ever."""
        while True:
            for due in self._account.failing_refunds.all():
                if due["at"] <= self._account.clock():
                    self.fail(due["id"])
            await asyncio.sleep(_LOOKS_EVERY_S)

    def fail(self, refund_id: str) -> Document:
        """Fail one refund now; a failed one stays so. Refuses an unknown id."""
        request_id = f"req_{random_letters(14)}"
        call = Call(self._account, "secret", "", request_id, None, {"refund": refund_id}, {})
        with self._account.state.transaction():
            self._account.failing_refunds.delete(refund_id)
            refund = fail_refund(call)
            self._courier.post(call.events)
        return refund
