"""Limits on connections of an edge that faces the internet: slow or numerous ones are closed.

uvicorn limits only the idle time between two requests (`timeout_keep_alive`). It limits neither how
long a request takes to arrive nor how large its head is.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from typing import Any, Final

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

_HEADER_OVERHEAD: Final = len(": \r\n")
_IPV6_SITE_BITS: Final = 64


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What one client may use.

    A head (request line and headers) must arrive within `head_within_s`. A body must bring at least
    `least_body_bytes_per_s` in each `body_window_s`. Connections are counted by IPv4 address or
    IPv6 /64 network. `shared_by_many` lists exempt addresses: proxies that many clients share.
    """

    head_within_s: float = 10.0
    max_head_bytes: int = 32 * 1024
    least_body_bytes_per_s: int = 512
    body_window_s: float = 10.0
    unread_answer_within_s: float = 60.0
    per_address: int = 512
    shared_by_many: Callable[[str], bool] = lambda _: False


def guarded_by(limits: ConnectionLimits) -> type[asyncio.Protocol]:
    """Return uvicorn's protocol with these limits; they count all of its connections together."""
    return type("Guarded", (GuardedProtocol,), {"limits": limits, "held": Counter()})


class GuardedProtocol(HttpToolsProtocol):
    """One connection. A timer runs only while a head or a body is due from the client."""

    limits: ConnectionLimits
    held: Counter[str]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._counted_as: str | None = None
        self._refused = False
        self._head_bytes = 0
        self._owes_body = False
        self._window_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        if not self.limits.shared_by_many(address):
            self._counted_as = _site_of(address)
            self.held[self._counted_as] += 1
            if self.held[self._counted_as] > self.limits.per_address:
                self._refuse(HTTPStatus.TOO_MANY_REQUESTS, "too_many_connections")
                return
        self._await_the_rest()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._stop_unread()
        if self._counted_as is not None:
            self.held[self._counted_as] -= 1
            if not self.held[self._counted_as]:
                del self.held[self._counted_as]
            self._counted_as = None
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        if not self._owes_body:
            self._head_bytes += len(data)
        super().data_received(data)
        # Most requests arrive in one piece and leave nothing to wait for.
        if (self._head_bytes or self._owes_body) and not self.transport.is_closing():
            self._await_the_rest()

    def _await_the_rest(self) -> None:
        if self._head_bytes > self.limits.max_head_bytes:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large")
        elif self._timer is None and self._owes_body:
            self._timer = self._in(self.limits.body_window_s, self._judge_body)
        elif self._timer is None and not self._is_answering:
            self._timer = self._in(self.limits.head_within_s, self._head_is_late)

    @override
    def on_headers_complete(self) -> None:
        if self._head_bytes > self.limits.max_head_bytes and self._is_long():
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large")
        if self._refused:
            return
        self._stop_timer()
        self._head_bytes = 0
        self._owes_body = True
        self._window_bytes = 0
        super().on_headers_complete()

    def _is_long(self) -> bool:
        """Measure only the head, because the data may contain part of the body."""
        size = len(self.url) + sum(len(n) + len(v) + _HEADER_OVERHEAD for n, v in self.headers)
        return size > self.limits.max_head_bytes

    @override
    def on_body(self, body: bytes) -> None:
        if not self._refused:
            self._window_bytes += len(body)
            super().on_body(body)

    @override
    def on_message_complete(self) -> None:
        if not self._refused:
            self._owes_body = False
            self._stop_timer()
            super().on_message_complete()

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self._in(self.limits.unread_answer_within_s, self.transport.abort)

    @override
    def resume_writing(self) -> None:
        self._stop_unread()
        super().resume_writing()

    @property
    def _is_answering(self) -> bool:
        # uvicorn has no cycle before the first request, despite its types.
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _in(self, seconds: float, act: Callable[[], None]) -> asyncio.TimerHandle:
        return self.loop.call_later(seconds, act)

    def _head_is_late(self) -> None:
        self._timer = None
        if not self._is_answering:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "request_too_slow")

    def _judge_body(self) -> None:
        window_s = self.limits.body_window_s
        # The client is not to blame while we don't read or have not asked for the body yet.
        is_our_turn = self.flow.read_paused or self.cycle.waiting_for_100_continue
        least_bytes = window_s * self.limits.least_body_bytes_per_s
        if self._window_bytes < least_bytes and not is_our_turn:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "request_too_slow")
            return
        self._window_bytes = 0
        self._timer = self._in(window_s, self._judge_body)

    def _refuse(self, status: HTTPStatus, code: str) -> None:
        """Answer with a problem, unless an answer has begun, and close the connection."""
        self._refused = True
        self._stop_timer()
        self._unset_keepalive_if_required()
        if self.transport.is_closing():
            return
        if not (self._is_answering and self.cycle.response_started):
            self.transport.write(_problem(status, code))
        self.transport.close()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_unread(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None


def _site_of(address: str) -> str:
    """Return the address that counts: one client can pick any address of an IPv6 /64."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(int(parsed) >> _IPV6_SITE_BITS)


def _problem(status: HTTPStatus, code: str) -> bytes:
    body = json.dumps(
        {
            "type": f"urn:backstage:problem:{code}",
            "title": status.phrase,
            "status": status.value,
            "code": code,
        }
    ).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        "content-type: application/problem+json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
