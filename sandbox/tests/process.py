"""The real sandbox process and a shop's webhook address, for tests."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import stripe

SECRET_KEY = "sk_test_tests"
PUBLISHABLE_KEY = "pk_test_tests"
WEBHOOK_SECRETS = "whsec_new,whsec_old"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], Any], within_s: float = 10.0) -> Any:
    """Return the first true value of a repeated call."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if value := true():
            return value
        time.sleep(0.02)
    raise AssertionError(f"not true within {within_s} s")


class Receiver:
    """A shop's webhook address; answers with the next of `answers`, then with 200."""

    def __init__(self) -> None:
        self.got: list[tuple[bytes, str]] = []
        self.answers: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status = receiver.answers.pop(0) if receiver.answers else 200
                receiver.got.append((body, self.headers["stripe-signature"]))
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhooks/stripe"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def events(self, signed_with: str = "whsec_new") -> list[stripe.Event]:
        return [
            stripe.Webhook.construct_event(body, signature, signed_with)
            for body, signature in self.got
        ]

    def types(self) -> list[str]:
        return [event.type for event in self.events()]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class SandboxProcess:
    """`python -m sandbox` on free ports; can be killed and restarted on its data."""

    def __init__(self, data: Path, webhook_url: str = "") -> None:
        self.data = data
        self.webhook_url = webhook_url
        self.port, self.smtp_port = free_port(), free_port()
        self.url = f"http://localhost:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = os.environ | {
            "SANDBOX_PORT": str(self.port),
            "SANDBOX_SMTP_PORT": str(self.smtp_port),
            "SANDBOX_DATA": str(self.data),
            "SANDBOX_STRIPE_WEBHOOK_URL": self.webhook_url,
            "STRIPE_API_KEY": SECRET_KEY,
            "STRIPE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
            "STRIPE_WEBHOOK_SECRETS": WEBHOOK_SECRETS,
        }
        self._process = subprocess.Popen([sys.executable, "-m", "sandbox"], env=environment)
        until(self._healthy, 20)

    def _healthy(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "the sandbox ended by itself"
        try:
            return httpx.get(f"{self.url}/health").status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """Kill it as `kill -9` does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def client(self, key: str = SECRET_KEY) -> stripe.StripeClient:
        return stripe.StripeClient(
            key, base_addresses={"api": f"{self.url}/stripe"}, max_network_retries=0
        )

    def misbehave(self, **order: Any) -> None:
        answer = httpx.post(f"{self.url}/stripe/_control/misbehave", json=order)
        assert answer.status_code == 201, answer.text

    def behave(self) -> None:
        httpx.delete(f"{self.url}/stripe/_control/misbehave")


@contextmanager
def running_sandbox(data: Path, webhook_url: str = "") -> Iterator[SandboxProcess]:
    process = SandboxProcess(data, webhook_url)
    process.start()
    try:
        yield process
    finally:
        process.kill()


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    try:
        yield receiver
    finally:
        receiver.close()
