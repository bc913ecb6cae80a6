"""A person as an app is: signs in by the mailed code and uses the gateway's JSON API."""

import re
import time
from typing import Any, Final
from uuid import uuid4

import httpx

_CODE_WITHIN_S: Final = 20.0
_PAID_WITHIN_S: Final = 30.0
_TIMEOUT_S: Final = 20.0


class Refused(Exception):
    """The gateway refused something that should have worked."""


class Visitor:
    """One person at the gateway of a running system whose mails land in the sandbox."""

    def __init__(self, gateway: str, sandbox: str, email: str) -> None:
        self.email = email
        self.person_id = ""
        self.session_token = ""
        self._sandbox = sandbox
        self._http = httpx.Client(
            base_url=gateway,
            timeout=_TIMEOUT_S,
            headers={"X-Browser-Id": uuid4().hex, "Accept": "application/json"},
        )

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def sign_in(self) -> None:
        """Ask for a code, find it in the mailbox, and sign in with it."""
        known = len(self._codes())
        self.call("POST", "/api/sign-in-codes", {"email": self.email})
        code = self._code_after(known)
        session = self.call("POST", "/api/sessions", {"email": self.email, "code": code})
        self.person_id = session["person_id"]
        self.session_token = session["session_token"]
        self._http.headers["Authorization"] = f"Bearer {self.session_token}"

    def call(self, method: str, path: str, body: Any = None, key: str | None = None) -> Any:
        """Call the API. Raises Refused with the problem."""
        answer = self.send(method, path, body, key)
        if answer.is_error:
            raise Refused(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        return answer.json() if answer.content else None

    def send(
        self, method: str, path: str, body: Any = None, key: str | None = None
    ) -> httpx.Response:
        """Call the API and return any answer."""
        headers = {"Idempotency-Key": key or uuid4().hex}
        return self._http.request(method, path, json=body, headers=headers)

    def buy(self, pass_id: str) -> dict[str, Any]:
        """Buy a pass with Stripe's test card; returns the fulfilled order."""
        order: dict[str, Any] = self.call("POST", "/api/orders", {"pass_id": pass_id})
        give_up_at = time.monotonic() + _PAID_WITHIN_S
        while order["status"] == "open":
            if time.monotonic() > give_up_at:
                raise Refused(f"order {order['order_id']} is still open")
            if order["payment"] is not None:
                self._pay(order["payment"])
                order = self.call("POST", f"/api/orders/{order['order_id']}/settle")
            else:
                time.sleep(0.05)
                order = self.call("GET", f"/api/orders/{order['order_id']}")
        if order["status"] != "fulfilled":
            raise Refused(f"order {order['order_id']} ended as {order['status']}")
        return order

    def _pay(self, payment: dict[str, str]) -> None:
        """Confirm the payment as Stripe.js does, with the publishable key."""
        secret = payment["client_secret"]
        intent = secret.partition("_secret_")[0]
        answer = self._http.post(
            f"{self._sandbox}/stripe/v1/payment_intents/{intent}/confirm",
            data={"client_secret": secret, "payment_method": "pm_card_visa"},
            headers={"Authorization": f"Bearer {payment['publishable_key']}"},
        )
        if answer.is_error:
            raise Refused(f"the card was refused: {answer.text[:300]}")

    def _code_after(self, known: int) -> str:
        give_up_at = time.monotonic() + _CODE_WITHIN_S
        while time.monotonic() < give_up_at:
            codes = self._codes()
            if len(codes) > known:
                return codes[-1]
            time.sleep(0.05)
        raise Refused(f"no code came for {self.email}")

    def _codes(self) -> list[str]:
        answer = httpx.get(f"{self._sandbox}/mailbox/messages.json", params={"to": self.email})
        mails = sorted(answer.raise_for_status().json(), key=lambda mail: str(mail["received_at"]))
        found = [re.search(r"\b(\d{6})\b", mail["text"]) for mail in mails]
        return [match[1] for match in found if match]
