"""The bank's 3-D Secure page, in a dialog of the shop's page or as a page of its own."""

import hmac
from html import escape
from urllib.parse import urlencode, urlsplit, urlunsplit

from starlette.responses import HTMLResponse, RedirectResponse, Response

from sandbox.state import Document
from sandbox.stripe.account import Account, Call, random_letters
from sandbox.stripe.confirmation import finish_challenge
from sandbox.stripe.currencies import written
from sandbox.stripe.elements import PAGE_POLICY
from sandbox.stripe.webhooks import Courier

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>3D Secure test page</title>
<link rel="stylesheet" href="../../js/v3/challenge.css">
<script src="../../js/v3/challenge.js" defer></script>
</head>
<body data-state="{state}">
<main>
{body}
</main>
</body>
</html>
"""
_QUESTION = """<p class="bank">Sandbox bank</p>
<h1>3D Secure 2 Test Page</h1>
<p>This stands in for the bank that issued the card. Choose how the buyer's authentication of
<strong>{amount}</strong> ends.</p>
<form method="post">
<input type="hidden" name="framed" value="no">
<button class="complete" name="outcome" value="complete">Complete</button>
<button class="fail" name="outcome" value="fail">Fail</button>
</form>"""
_OVER = "<h1>Nothing to authenticate</h1><p>This authentication is over or never existed.</p>"
_DONE = "<p>Back to the shop&hellip;</p>"


def _page(body: str, state: str, status: int = 200) -> Response:
    headers = {"content-security-policy": PAGE_POLICY, "cache-control": "no-store"}
    return HTMLResponse(_PAGE.format(body=body, state=state), status, headers)


class Challenges:
    """Shows the challenges of waiting payments, and takes their outcomes."""

    def __init__(self, account: Account, courier: Courier) -> None:
        self._account = account
        self._courier = courier

    def _waiting(self, intent_id: str, token: str) -> Document | None:
        intent = self._account.payment_intents.get(intent_id)
        if intent is None or intent["status"] != "requires_action":
            return None
        known = hmac.compare_digest(token.encode(), (intent["_challenge"] or "").encode())
        return intent if known else None

    def page(self, intent_id: str, token: str) -> Response:
        """Ask how the authentication shall end."""
        intent = self._waiting(intent_id, token)
        if intent is None:
            return _page(_OVER, "over", 404)
        currency = intent["currency"]
        amount = f"{written(intent['amount'], currency)} {currency.upper()}"
        return _page(_QUESTION.format(amount=escape(amount)), "asking")

    def decide(self, intent_id: str, token: str, *, passed: bool, framed: bool) -> Response:
        """Take the outcome and return: by message if framed, else to the return URL."""
        with self._account.state.transaction():
            intent = self._waiting(intent_id, token)
            if intent is None:
                return _page(_OVER, "over", 404)
            request_id = f"req_{random_letters(14)}"
            call = Call(self._account, "publishable", "", request_id, None, {}, {})
            intent = finish_challenge(call, intent, passed=passed)
            self._courier.post(call.events)
        return_url = intent.get("_return_url")
        if framed or not return_url:
            return _page(_DONE, "done")
        return RedirectResponse(_back(return_url, intent), 303)


def _back(return_url: str, intent: Document) -> str:
    status = "succeeded" if intent["last_payment_error"] is None else "failed"
    told = {
        "payment_intent": intent["id"],
        "payment_intent_client_secret": intent["client_secret"],
        "redirect_status": status,
    }
    parts = urlsplit(return_url)
    query = f"{parts.query}&{urlencode(told)}" if parts.query else urlencode(told)
    return urlunsplit(parts._replace(query=query))
