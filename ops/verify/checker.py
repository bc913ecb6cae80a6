"""All checks, one after the other, from where the last run ended."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, TypeVar

from nats.aio.client import Client
from psycopg import Connection
from psycopg.rows import DictRow

from libs.runtime.scheduling.clock import Clock, SystemClock
from ops import log_reader, stores
from ops.log_reader import Verdict
from ops.storage import REPAIR, storage_error
from ops.up.data_folder import DataFolder
from ops.verify import outcomes, undone
from ops.verify.answers import check_answers
from ops.verify.captured_payments import StripePayments
from ops.verify.cursor import Cursor
from ops.verify.effects import check_effects
from ops.verify.entitlements import (
    CHANNELS,
    CHAT,
    VIDEO,
    Discrepancy,
    Members,
    StreamMembers,
    as_findings,
    channels,
    chat_tokens,
    discrepancies,
    may_enter,
    video_tokens,
)
from ops.verify.finding import Finding
from ops.verify.payments import Asked, check_balances, check_payments, check_stuck
from ops.verify.sessions import check_sessions
from ops.verify.stock import check_stock
from ops.verify.views import Views

_GRACE_S: Final = 15.0
"""Effects of recent commits may still be on their way."""
LOOK_AGAIN_S: Final = 2.0
_LOOKS: Final = 4
_TOKENS: Final = ((VIDEO, video_tokens), (CHAT, chat_tokens))
_EVER: Final = datetime(2020, 1, 1, tzinfo=UTC)

T = TypeVar("T")

_OUT_OF_ORDER: Final = """
    SELECT count(*) AS number, min(e.originator_id::text) AS example
    FROM events e JOIN events before ON before.originator_id = e.originator_id
     AND before.originator_version = e.originator_version - 1
    WHERE (before.xact, before.notification_id) > (e.xact, e.notification_id)
"""


class Checker:
    """Reads databases, streams and providers, and changes none of them."""

    def __init__(
        self,
        client: Client,
        folder: DataFolder,
        cursor: Cursor,
        look_again_s: float = LOOK_AGAIN_S,
        clock: Clock | None = None,
    ) -> None:
        self.findings: list[Finding] = []
        self.took_s: dict[str, float] = {}
        self.too_long: list[str] = []
        """Services whose views were skipped because of the cost."""
        self._client = client
        self._folder = folder
        self._cursor = cursor
        self._look_again_s = look_again_s
        self._clock = clock or SystemClock()

    async def run(self, *, full: bool, providers: Mapping[str, str] | None) -> None:
        """Run every check; `providers` holds the variables with their keys, None skips them."""
        await self._timed("streams", self._streams())
        await self._timed("effects", self._effects())
        await self._timed("undone", asyncio.to_thread(self._undone))
        await self._timed("outcomes", asyncio.to_thread(self._outcomes))
        await self._timed("stock", asyncio.to_thread(self._stock))
        await self._timed("tokens", asyncio.to_thread(self._tokens))
        await self._timed("balances", asyncio.to_thread(self._balances))
        if full:
            await self._timed("order", asyncio.to_thread(self._order))
            await self._timed("answers", asyncio.to_thread(self._answers))
            await self._timed("sessions", asyncio.to_thread(self._sessions))
        await self._timed("views", self._views(full=full))
        if providers is not None:
            await self._timed("payments", asyncio.to_thread(self._payments, providers, full=full))
            await self._timed(
                "channel members", asyncio.to_thread(self._channel_members, providers)
            )

    async def _timed(self, check: str, checking: Coroutine[Any, Any, None]) -> None:
        begun = time.monotonic()
        await checking
        self.took_s[check] = round(time.monotonic() - begun, 3)

    async def _streams(self) -> None:
        error = await asyncio.to_thread(storage_error, self._folder)
        if error is not None:
            self.findings.append(Finding("storage", "nats", error, REPAIR))
        mapper = stores.event_mapper()
        for name in stores.SERVICES:
            with self._reading(name) as conn:
                verdict = await log_reader.verify(
                    conn,
                    self._client,
                    name,
                    mapper,
                    stores.announces(name),
                    self._cursor.streams.get(name),
                    _GRACE_S,
                )
            self._cursor.streams[name] = verdict.reached
            self.findings += stream_findings(verdict)

    async def _effects(self) -> None:
        known, now = self._cursor.effects, self._clock.now()
        found, self._cursor.effects = await check_effects(self._client, self._folder, known, now)
        self.findings += found

    def _undone(self) -> None:
        now = self._clock.now()
        for name in stores.SERVICES:
            with self._reading(name) as conn:
                self.findings += undone.check_undone(conn, name, now)
        idle = self._lasting(self._without_process)
        self.findings += [undone.without_process(name) for name in sorted(idle)]

    def _without_process(self) -> set[str]:
        found = set()
        for name in stores.SERVICES:
            with self._reading(name) as conn:
                if not undone.has_process(conn, name):
                    found.add(name)
        return found

    def _outcomes(self) -> None:
        with ExitStack() as stack:
            logs = {name: stack.enter_context(self._reading(name)) for name in outcomes.SERVICES}
            found, self._cursor.outcomes = outcomes.check_outcomes(
                logs, self._cursor.outcomes, self._clock.now()
            )
        self.findings += found

    def _stock(self) -> None:
        with self._reading("checkout") as checkout:
            found, reached = check_stock(checkout, self._cursor.stock)
        self.findings += found
        # A finding is checked again, from the last good position.
        self._cursor.stock = self._cursor.stock if found else reached

    def _balances(self) -> None:
        with self._reading("checkout") as checkout:
            self.findings += check_balances(checkout)
            self.findings += check_stuck(checkout, self._clock.now())

    def _order(self) -> None:
        for name in stores.SERVICES:
            with self._reading(name) as conn:
                row = conn.execute(_OUT_OF_ORDER).fetchone()
            if row is not None and row["number"]:
                sentence = (
                    f"{row['number']} events precede an earlier version of their entity in the log,"
                    f" such as {row['example']}"
                )
                self.findings.append(
                    Finding("order", name, sentence, f"backstage events show {row['example']}")
                )

    def _answers(self) -> None:
        with self._reading("checkout") as checkout:
            self.findings += check_answers(checkout)

    def _sessions(self) -> None:
        with self._reading("identity") as identity:
            self.findings += check_sessions(identity)

    async def _views(self, *, full: bool) -> None:
        views = Views(self._client, self._folder, self._look_again_s)
        if full:
            self.findings += await views.compare_all()
            return
        self.too_long = views.too_long()
        found, self._cursor.views = await views.compare_next(self._cursor.views, self.too_long)
        self.findings += found

    def _payments(self, providers: Mapping[str, str], *, full: bool) -> None:
        asked = Asked(_EVER) if full else self._cursor.payments
        with self._reading("checkout") as checkout:
            found, self._cursor.payments = check_payments(
                checkout, StripePayments(providers), asked, self._clock.now()
            )
        self.findings += found

    def _tokens(self) -> None:
        """Compare streaming and chat with access's decisions."""
        for place, tokens in _TOKENS:
            look = partial(self._look_at_tokens, place.service, tokens)
            self.findings += as_findings(self._lasting(look), place)

    def _look_at_tokens(
        self, service: str, tokens: Callable[[Connection[DictRow]], Members]
    ) -> set[Discrepancy]:
        with self._reading(service) as conn:
            given = tokens(conn)
        return self._compare(given)

    def _channel_members(self, providers: Mapping[str, str]) -> None:
        members = StreamMembers(providers)

        def look() -> set[Discrepancy]:
            with self._reading("chat") as chat:
                present = {experience: members.of(experience) for experience in channels(chat)}
            return {each for each in self._compare(present) if each[0] in present}

        self.findings += as_findings(self._lasting(look), CHANNELS)

    def _compare(self, let_in: Members) -> set[Discrepancy]:
        with self._reading("access") as access:
            return discrepancies(may_enter(access), let_in)

    def _lasting(self, look: Callable[[], set[T]]) -> set[T]:
        """Return what is found at every look: recent purchases are in progress, dead processes
        return."""
        differing = look()
        for _ in range(_LOOKS - 1):
            if not differing:
                break
            time.sleep(self._look_again_s)
            differing &= look()
        return differing

    def _reading(self, service: str) -> AbstractContextManager[Connection[DictRow]]:
        return stores.reading(stores.database_url(service, self._folder))


def stream_findings(verdict: Verdict) -> list[Finding]:
    """Missing messages arrive once the relay runs; different ones stay different."""
    name = verdict.service
    late = f"backstage epoch show {name}: it says whether and why its relay stopped"
    return [
        Finding(
            "streams", name, each, late if each == verdict.behind else f"backstage epoch new {name}"
        )
        for each in verdict.findings
    ]
