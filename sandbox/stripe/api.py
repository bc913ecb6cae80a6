"""Stripe's REST API: authentication, idempotency, one transaction, one answer."""

import asyncio
import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from sandbox.state import Document
from sandbox.stripe import problems
from sandbox.stripe.account import Account, Call, Caller, random_letters, shown
from sandbox.stripe.idempotency import Keys
from sandbox.stripe.listing import expand
from sandbox.stripe.misbehaviour import Misbehaviours
from sandbox.stripe.operations import Operation, operation_at
from sandbox.stripe.parameters import check_parameters
from sandbox.stripe.payment_intents import for_caller
from sandbox.stripe.published import VERSION
from sandbox.stripe.versions import in_version, requested_version
from sandbox.stripe.webhooks import Courier
from sandbox.stripe.wire import Unreadable, decode_form

CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, POST, OPTIONS",
    "access-control-allow-headers": "authorization, content-type, stripe-version, idempotency-key",
    "access-control-expose-headers": "request-id, stripe-manage-version",
    "access-control-max-age": "300",
}


class CutAnswer(Response):
    """An answer whose connection ends after the head."""

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = {"type": "http.response.start", "status": self.status_code}
        await send(head | {"headers": self.raw_headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


class Api:
    """Answers requests to `/v1/…` of one account."""

    def __init__(
        self,
        account: Account,
        courier: Courier,
        misbehaviours: Misbehaviours,
        *,
        secret_key: str,
        publishable_key: str,
    ) -> None:
        self._account = account
        self._courier = courier
        self._misbehaviours = misbehaviours
        self._keys = Keys(account)
        self._callers: dict[str, Caller] = {
            secret_key: "secret",
            publishable_key: "publishable",
        }

    async def answer(self, request: Request, path: str, base_url: str) -> Response:
        """Answer one request; never raises what a client could cause."""
        request_id = f"req_{random_letters(14)}"
        body = (await request.body()).decode("utf-8", "replace")
        try:
            text = body if request.method == "POST" else request.url.query
            return await self._carried_out(request, path, base_url, request_id, text)
        except problems.Refusal as refusal:
            response = _response(refusal.status, _error(refusal.error, request_id), request_id)
            response.headers.update(refusal.headers)
            return response

    async def _carried_out(
        self, request: Request, path: str, base_url: str, request_id: str, text: str
    ) -> Response:
        caller = self._caller(request.headers)
        version = requested_version(", ".join(request.headers.getlist("stripe-version")))
        operation, ids = operation_at(request.method, path)
        if caller == "publishable" and not operation.for_browsers:
            raise _secret_key_required()
        if self._misbehaviours.exceeds_limit(operation.name, path):
            raise problems.rate_limited()
        try:
            given = decode_form(text)
        except Unreadable as error:
            raise problems.invalid(str(error), begun=False) from None
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        with self._keys.held(key):
            if late := self._misbehaviours.take("answer_late", path):
                await asyncio.sleep(late.delay_s)
            if first := self._keys.answer_of(key, path, given):
                return _replayed(first, request_id, version)
            self._refuse_on_order(path)
            params = check_parameters(operation.form, given)
            account = self._account
            call = Call(account, caller, base_url, request_id, key, ids, params, version)
            status, body = self._transact(operation, call, path, given)
        response = _response(status, body, request_id, version)
        if self._misbehaviours.take("cut", path):
            return CutAnswer(response.body, status, dict(response.headers))
        return response

    def _caller(self, headers: Mapping[str, str]) -> Caller:
        given = _key_of(headers.get("authorization", ""))
        if not given:
            message = (
                "You did not provide an API key. You need to provide your API key in the "
                "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer "
                "YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, "
                "or we can help at https://support.stripe.com/."
            )
            raise problems.unauthorized(message)
        for key, caller in self._callers.items():
            if key and hmac.compare_digest(given.encode(), key.encode()):
                return caller
        masked = given[:8] + "*" * max(0, len(given) - 12) + given[8:][-4:]
        raise problems.unauthorized(f"Invalid API Key provided: {masked}")

    def _refuse_on_order(self, path: str) -> None:
        order = self._misbehaviours.take("refuse", path)
        if order is None:
            return
        raise problems.rate_limited() if order.status == 429 else problems.fault(order.status)

    def _transact(
        self, operation: Operation, call: Call, path: str, given: dict[str, Any]
    ) -> tuple[int, Document]:
        try:
            with self._account.state.transaction():
                status, body = self._run(operation, call)
                if self._misbehaviours.take("fail_after", path):
                    status, body = 500, _error(problems.fault().error, call.request_id)
                self._courier.post(call.events)
                self._keep(call, path, given, status, body)
        except problems.Refusal as refusal:
            body = self._error_of(call, refusal)
            status = refusal.status
            if refusal.begun:
                self._keep(call, path, given, status, body)
        return status, body

    def _run(self, operation: Operation, call: Call) -> tuple[int, Document]:
        try:
            document = operation.handler(call)
        except problems.Refusal as refusal:
            if not refusal.done:
                raise
            return refusal.status, self._error_of(call, refusal)
        if document["object"] == "payment_intent":
            document = for_caller(call, document)
        paths = call.params.get("expand") or []
        expanded = expand(self._account, self._in_version(call, shown(document)), paths)
        return 200, self._in_version(call, expanded)

    def _error_of(self, call: Call, refusal: problems.Refusal) -> Document:
        error = refusal.error
        if "payment_intent" in error:
            intent = self._in_version(call, for_caller(call, error["payment_intent"]))
            error = error | {"payment_intent": intent}
        return _error(error, call.request_id)

    def _in_version(self, call: Call, document: Document) -> Document:
        """Return the document in the caller's version; browsers get the same in all versions."""
        if call.caller == "publishable":
            return document
        return dict(in_version(self._account, document, call.version))

    def _keep(
        self, call: Call, path: str, given: dict[str, Any], status: int, body: Document
    ) -> None:
        answer = {"status": status, "body": body, "request_id": call.request_id}
        self._keys.keep(call.idempotency_key, path, given, answer)


def _key_of(authorization: str) -> str:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def _secret_key_required() -> problems.Refusal:
    message = (
        "This API call cannot be made with a publishable API key. Please use a secret API key. "
        "You can find a list of your API keys at https://dashboard.stripe.com/account/apikeys."
    )
    refusal = problems.unauthorized(message, "secret_key_required")
    refusal.status = 403
    return refusal


def _error(error: dict[str, Any], request_id: str) -> Document:
    url = f"https://dashboard.stripe.com/test/logs/{request_id}"
    return {"error": error | {"request_log_url": url}}


def _response(status: int, body: Document, request_id: str, version: str = VERSION) -> Response:
    headers = CORS | {"request-id": request_id, "stripe-version": version}
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, headers, "application/json")


def _replayed(first: Document, request_id: str, version: str) -> Response:
    response = _response(first["status"], first["body"], request_id, version)
    response.headers["idempotent-replayed"] = "true"
    response.headers["original-request"] = first["request_id"]
    return response
