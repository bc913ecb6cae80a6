"""Read models equal a rebuild, row for row."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from nats.aio.client import Client

from libs.runtime.messaging.streams import BridgedStreams
from libs.runtime.views import rebuild
from libs.runtime.views.rebuild import Outcome, StreamsIncomplete
from libs.runtime.views.view import View
from ops import stores
from ops.up.data_folder import DataFolder
from ops.verify.finding import Finding

SMALL: Final = 10_000
"""About this many events and messages are applied per second: what a minute's check can afford."""
_LOOKS: Final = 3
_SIZE: Final = """
    SELECT (SELECT count(*) FROM (SELECT FROM events LIMIT %(limit)s) AS own)
         + (SELECT count(*) FROM (SELECT FROM inbox LIMIT %(limit)s) AS heard) AS number
"""


@dataclass
class Turn:
    """Which view was compared last, and which were wrong and are compared again."""

    last: str = ""
    differing: list[str] = field(default_factory=list)


class Views:
    """Compares views with their rebuild; the live ones stay as they are."""

    def __init__(self, client: Client, folder: DataFolder, look_again_s: float) -> None:
        self._client = client
        self._folder = folder
        self._look_again_s = look_again_s

    async def compare_all(self) -> list[Finding]:
        """Compare all views of all services, reading each service's events once."""
        found = []
        for service in stores.SERVICES:
            found += await self._compare(service, stores.views_of(service))
        return found

    def too_long(self, small: int = SMALL) -> list[str]:
        """Services whose views are not compared in turn because of the cost."""
        return [name for name in stores.SERVICES if not self._is_small(name, small)]

    async def compare_next(
        self, turn: Turn, too_long: Sequence[str] = ()
    ) -> tuple[list[Finding], Turn]:
        """Compare the next view of the other services, and those that were wrong before."""
        views = {
            f"{service} {view.name}": (service, view)
            for service in stores.SERVICES
            for view in stores.views_of(service)
        }
        names = sorted(name for name, (service, _) in views.items() if service not in too_long)
        following = next((name for name in names if name > turn.last), names[0] if names else "")
        found: list[Finding] = []
        differing = []
        for name in dict.fromkeys([*turn.differing, following]):
            if name in views:
                service, view = views[name]
                amiss = await self._compare(service, [view])
                found += amiss
                differing += [name] if amiss else []
        return found, Turn(following, differing)

    def _is_small(self, service: str, small: int) -> bool:
        with stores.reading(stores.database_url(service, self._folder)) as conn:
            row = conn.execute(_SIZE, {"limit": small + 1}).fetchone()
        return row is not None and row["number"] <= small

    async def _compare(self, service: str, views: Sequence[View]) -> list[Finding]:
        if not views:
            return []
        try:
            outcome = await self._outcome(service, views)
        except StreamsIncomplete as incomplete:
            repair = (
                "backstage lag; if that stream is not being filled: backstage epoch new SERVICE"
            )
            return [Finding("views", service, str(incomplete), repair)]
        owners = {table: view.name for view in views for table in view.tables}
        return [
            Finding(
                "views",
                service,
                f"{each.table} has {each.only_live} rows without events and lacks"
                f" {each.only_rebuilt} rows that its events give; {'; '.join(each.examples)}",
                f"backstage projections rebuild {service} {owners[each.table]}",
            )
            for each in outcome.discrepancies
            if each.found
        ]

    async def _outcome(self, service: str, views: Sequence[View]) -> Outcome:
        """Raise StreamsIncomplete if a stream lacks something for longer than a refill takes."""
        streams = BridgedStreams(self._client, asyncio.get_running_loop())
        sources = stores.sources_of(service, self._folder, streams)
        for _ in range(_LOOKS - 1):
            try:
                return await asyncio.to_thread(rebuild.compare, sources, views)
            except StreamsIncomplete:
                await asyncio.sleep(self._look_again_s)
        return await asyncio.to_thread(rebuild.compare, sources, views)
