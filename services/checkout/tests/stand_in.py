"""The stand-in for Stripe as a process of its own, reached over its port alone."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import stripe

SECRET_KEY = "sk_test_tests"
PUBLISHABLE_KEY = "pk_test_tests"
WEBHOOK_SECRETS = "whsec_new,whsec_old"
CARDS = {
    "ok": "pm_card_visa",
    "declined": "pm_card_visa_chargeDeclinedInsufficientFunds",
    "challenged": "pm_card_authenticationRequired",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until(true: Callable[[], Any], within_s: float = 15.0) -> Any:
    deadline = time.monotonic() + within_s
    while True:
        value = true()
        if asyncio.iscoroutine(value):
            value = await value
        if value:
            return value
        assert time.monotonic() < deadline, f"not true within {within_s} s"
        await asyncio.sleep(0.02)


class StandIn:
    """Can be killed, started again on its data, and told to misbehave."""

    def __init__(self, data: Path, webhook_url: str = "") -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/stripe"
        self._environment = os.environ | {
            "SANDBOX_PORT": str(self.port),
            "SANDBOX_SMTP_PORT": str(free_port()),
            "SANDBOX_DATA": str(data),
            "SANDBOX_STRIPE_WEBHOOK_URL": webhook_url,
            "STRIPE_API_KEY": SECRET_KEY,
            "STRIPE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
            "STRIPE_WEBHOOK_SECRETS": WEBHOOK_SECRETS,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-m", "sandbox"], env=self._environment)
        deadline = time.monotonic() + 20
        while not self._answers():
            assert self._process.poll() is None, "the stand-in ended by itself"
            assert time.monotonic() < deadline, "the stand-in did not start in 20 s"
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/health").is_success
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def client(self) -> stripe.StripeClient:
        """Stripe as its dashboard would use it."""
        return stripe.StripeClient(
            SECRET_KEY, base_addresses={"api": self.url}, max_network_retries=0
        )

    def misbehave(self, **order: Any) -> None:
        httpx.post(f"{self.url}/_control/misbehave", json=order).raise_for_status()

    def behave(self) -> None:
        httpx.delete(f"{self.url}/_control/misbehave").raise_for_status()

    def fail_refund(self, refund_id: str) -> None:
        """Have the bank not take it after all."""
        httpx.post(f"{self.url}/_control/refunds/{refund_id}/fail").raise_for_status()

    def pay(self, client_secret: str | None, card: str = "ok") -> httpx.Response:
        """Confirm as Stripe.js does, with the publishable key and the buyer's secret."""
        assert client_secret is not None
        intent = client_secret.split("_secret", maxsplit=1)[0]
        return httpx.post(
            f"{self.url}/v1/payment_intents/{intent}/confirm",
            auth=(PUBLISHABLE_KEY, ""),
            data={"client_secret": client_secret, "payment_method": CARDS[card]},
            timeout=20,
        )


@contextmanager
def running_stand_in(data: Path, webhook_url: str = "") -> Iterator[StandIn]:
    stand_in = StandIn(data, webhook_url)
    stand_in.start()
    try:
        yield stand_in
    finally:
        stand_in.kill()
