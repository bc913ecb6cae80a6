"""All checks, one after the other, from where the last run came to."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from nats.aio.client import Client
from psycopg import Connection
from psycopg.rows import DictRow

from libs.runtime import rebuild
from libs.runtime.rebuild import StreamsIncomplete
from libs.runtime.streams import BridgedStreams
from ops import log_reader, stores
from ops.up.data_folder import DataFolder
from ops.verify.answers import check_answers
from ops.verify.cursor import Cursor
from ops.verify.effects import check_effects
from ops.verify.finding import Finding
from ops.verify.membership import (
    CHANNELS,
    CHAT,
    VIDEO,
    Difference,
    Members,
    StreamMembers,
    as_findings,
    channels,
    chat_tokens,
    differences,
    may_enter,
    video_tokens,
)
from ops.verify.payments import captured_at_stripe, check_balances, check_payments
from ops.verify.stock import capacities, check_counters, check_prefixes

_GRACE_S: Final = 15.0
"""What was committed just now may still be on its way."""
LOOK_AGAIN_S: Final = 2.0
_LOOKS: Final = 4
_PAYMENTS_OF: Final = timedelta(days=2)
_TOKENS: Final = ((VIDEO, video_tokens), (CHAT, chat_tokens))
_EVER: Final = datetime(2020, 1, 1, tzinfo=UTC)

_OUT_OF_ORDER: Final = """
    SELECT count(*) AS number, min(e.originator_id::text) AS example
    FROM events e JOIN events before ON before.originator_id = e.originator_id
     AND before.originator_version = e.originator_version - 1
    WHERE (before.xact, before.notification_id) > (e.xact, e.notification_id)
"""


class Checker:
    """Reads databases, streams and providers, changes none of them."""

    def __init__(
        self,
        client: Client,
        folder: DataFolder,
        cursor: Cursor,
        look_again_s: float = LOOK_AGAIN_S,
    ) -> None:
        self.findings: list[Finding] = []
        self.took_s: dict[str, float] = {}
        self._client = client
        self._folder = folder
        self._cursor = cursor
        self._look_again_s = look_again_s

    async def run(self, *, full: bool, providers: Mapping[str, str] | None) -> None:
        """Every check; `providers` are the variables with their keys, None leaves them out."""
        await self._timed("streams", self._streams())
        await self._timed("effects", self._effects())
        await self._timed("stock", asyncio.to_thread(self._stock, full=full))
        await self._timed("tokens", asyncio.to_thread(self._tokens))
        await self._timed("balances", asyncio.to_thread(self._balances))
        if full:
            await self._timed("order", asyncio.to_thread(self._order))
            await self._timed("answers", asyncio.to_thread(self._answers))
            await self._timed("views", self._views())
        if providers is not None:
            await self._timed("payments", asyncio.to_thread(self._payments, providers, full=full))
            await self._timed("membership", asyncio.to_thread(self._membership, providers))

    async def _timed(self, check: str, checking: Any) -> None:
        begun = time.monotonic()
        await checking
        self.took_s[check] = round(time.monotonic() - begun, 3)

    async def _streams(self) -> None:
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
            repair = f"backstage lag; backstage epoch show {name}"
            self.findings += [Finding("streams", name, f, repair) for f in verdict.findings]

    async def _effects(self) -> None:
        found, reached = await check_effects(self._client, self._folder, self._cursor.effects)
        self.findings += found
        self._cursor.effects = reached

    def _stock(self, *, full: bool) -> None:
        with self._reading("checkout") as checkout:
            row = checkout.execute("SELECT max(notification_id) AS last FROM events").fetchone()
            last = (row["last"] if row else None) or 0
            found = check_counters(checkout)
            # The past does not change: prefixes are looked at again when there is more of it.
            if last != self._cursor.seats or full:
                with self._reading("catalog") as catalog:
                    found += check_prefixes(checkout, capacities(catalog))
        self.findings += found
        self._cursor.seats = 0 if found else last

    def _balances(self) -> None:
        with self._reading("checkout") as checkout:
            self.findings += check_balances(checkout)

    def _order(self) -> None:
        for name in stores.SERVICES:
            with self._reading(name) as conn:
                row = conn.execute(_OUT_OF_ORDER).fetchone()
            if row is not None and row["number"]:
                sentence = (
                    f"{row['number']} events stand in the log before an earlier version of their"
                    f" entity, such as {row['example']}"
                )
                self.findings.append(
                    Finding("order", name, sentence, f"backstage events show {row['example']}")
                )

    def _answers(self) -> None:
        with self._reading("checkout") as checkout:
            self.findings += check_answers(checkout)

    async def _views(self) -> None:
        streams = BridgedStreams(self._client, asyncio.get_running_loop())
        for name in stores.SERVICES:
            sources = stores.sources_of(name, self._folder, streams)
            views = stores.views_of(name)
            if not views:
                continue
            owners = {table: view.name for view in views for table in view.tables}
            try:
                outcome = await asyncio.to_thread(rebuild.compare, sources, views)
            except StreamsIncomplete as incomplete:
                self.findings.append(Finding("views", name, str(incomplete), "backstage lag"))
                continue
            for each in outcome.differences:
                if each.found:
                    sentence = (
                        f"{each.table} has {each.only_live} rows that its events do not give and"
                        f" lacks {each.only_rebuilt} that they give; {'; '.join(each.examples)}"
                    )
                    repair = f"backstage projections rebuild {name} {owners[each.table]}"
                    self.findings.append(Finding("views", name, sentence, repair))

    def _payments(self, providers: Mapping[str, str], *, full: bool) -> None:
        now = datetime.now(UTC)
        since = _EVER if full else now - _PAYMENTS_OF
        with self._reading("checkout") as checkout:
            captured = captured_at_stripe(providers, since)
            self.findings += check_payments(checkout, captured, since, now)

    def _tokens(self) -> None:
        """What streaming and chat hold of the decisions that access takes."""
        for place, tokens in _TOKENS:
            look = partial(self._look_at_tokens, place.service, tokens)
            self.findings += as_findings(self._lasting(look), place)

    def _look_at_tokens(
        self, service: str, tokens: Callable[[Connection[DictRow]], Members]
    ) -> set[Difference]:
        with self._reading(service) as conn:
            given = tokens(conn)
        return self._compare(given)

    def _membership(self, providers: Mapping[str, str]) -> None:
        members = StreamMembers(providers)

        def look() -> set[Difference]:
            with self._reading("chat") as chat:
                seated = {experience: members.of(experience) for experience in channels(chat)}
            return {each for each in self._compare(seated) if each[0] in seated}

        self.findings += as_findings(self._lasting(look), CHANNELS)

    def _compare(self, let_in: Members) -> set[Difference]:
        with self._reading("access") as access:
            return differences(may_enter(access), let_in)

    def _lasting(self, look: Callable[[], set[Difference]]) -> set[Difference]:
        """What differs at every look: who just bought is on the way."""
        differing = look()
        for _ in range(_LOOKS - 1):
            if not differing:
                break
            time.sleep(self._look_again_s)
            differing &= look()
        return differing

    def _reading(self, service: str) -> AbstractContextManager[Connection[DictRow]]:
        return stores.reading(stores.database_url(service, self._folder))
