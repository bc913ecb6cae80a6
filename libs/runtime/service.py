"""One service as a process: HTTP edge, relay, consumers and schedule."""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from nats.aio.client import Client
from psycopg import OperationalError

from libs.events.contract import Contract
from libs.runtime import failpoints, telemetry
from libs.runtime.cancellation import cancel_until_ended
from libs.runtime.http.app import create_app
from libs.runtime.http.intake import Intake
from libs.runtime.http.problems import Refusal
from libs.runtime.http.server import configure_logging, serve
from libs.runtime.messaging import bus
from libs.runtime.messaging.consumer import TRIES_AFTER_S, Consumer
from libs.runtime.messaging.handling import Reaction, with_views
from libs.runtime.messaging.outbox import Outbox
from libs.runtime.messaging.relay import Relay, ToContract
from libs.runtime.messaging.streams import BridgedStreams
from libs.runtime.reserve import Reserve, parse
from libs.runtime.scheduling.schedule import Job, Timer
from libs.runtime.scheduling.worker import Worker
from libs.runtime.settings import ServiceSettings
from libs.runtime.store.faults import Overloaded, StoreUnavailable
from libs.runtime.store.leadership import Leadership
from libs.runtime.store.store import Store
from libs.runtime.views.rebuild import Sources, StreamsIncomplete, build_changed
from libs.runtime.views.shadow_tables import AnotherRebuild

logger = logging.getLogger(__name__)

_THREADS: Final = 10
_ANSWERS_WITHIN_S: Final = 1.0
_REBUILD_PAUSE_S: Final = 1.0
_OPEN_PAUSE_S: Final = 0.5

Hook = Callable[["Service"], Awaitable[None]]


class Service:
    """The parts of a service, put together in its `__main__`.

    `subscriptions` maps contracts of other services to our reactions, beside those that our views
    show. `publishes` translates our private events. `on_start` runs after store and bus are
    connected and before the first request, `on_stop` before they are closed and after the last one.
    """

    def __init__(  # noqa: PLR0913
        self,
        settings: ServiceSettings,
        store: Store[Any],
        *,
        publishes: ToContract,
        subscriptions: Mapping[type[Contract], Reaction] | None = None,
        timers: Mapping[str, Timer] | None = None,
        jobs: Mapping[str, Job] | None = None,
        routers: Sequence[APIRouter] = (),
        refusals: Mapping[type[Exception], Refusal] | None = None,
        on_start: Sequence[Hook] = (),
        on_stop: Sequence[Hook] = (),
        tries_after_s: Sequence[float] = TRIES_AFTER_S,
    ) -> None:
        self.settings = settings
        self.store = store
        self.client: Client | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self._publishes = publishes
        self._subscriptions = with_views(subscriptions or {}, store.views)
        self._timers = dict(timers or {})
        self._jobs = dict(jobs or {})
        self._refusals = dict(refusals or {})
        self._on_start = on_start
        self._on_stop = on_stop
        self._tries_after_s = tries_after_s
        self._relay: Relay | None = None
        self._outbox: Outbox | None = None
        self._reserve = Reserve(parse(settings.disk_reserves))
        self._consumers: list[Consumer] = []
        self.app = create_app(
            store.service,
            person_token_secret=settings.person_token_secret,
            routers=routers,
            refusals=self._refusals,
            ready=self._ready,
        )
        self.app.state.intake = self._intake = Intake(lambda: self._reserve.reason, self._held_up)
        self.app.router.lifespan_context = self._lifespan

    @contextlib.asynccontextmanager
    async def _lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        async with self.running():
            yield

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Service"]:
        """Run everything but the HTTP server, from the first connection to the last."""
        self.loop = asyncio.get_running_loop()
        await self._open_store()
        self.client = await bus.connect(self.settings.nats_url, self.store.service)
        leadership = Leadership(self.settings.database_url, self.store.service)
        # Threads of their own, so that a hanging provider delays neither reactions nor timers.
        threads = [
            ThreadPoolExecutor(_THREADS, thread_name_prefix=name)
            for name in ("reactions", "timers", "jobs")
        ]
        await self._build_outdated_views()
        for hook in self._on_start:
            await hook(self)
        tasks = [asyncio.create_task(loop) for loop in self._loops(leadership, *threads)]
        try:
            yield self
        finally:
            for hook in self._on_stop:
                await hook(self)
            await cancel_until_ended(tasks)
            # Work that waits for our loop can end only while the loop runs.
            for each in threads:
                await asyncio.to_thread(each.shutdown, wait=True, cancel_futures=True)
            await leadership.close()
            await bus.close(self.client)
            await asyncio.to_thread(self.store.close)

    async def _open_store(self) -> None:
        """Wait for an unavailable database, because a restart would not help."""
        while True:
            try:
                await asyncio.to_thread(self.store.open)
            except (OperationalError, StoreUnavailable) as away:
                logger.warning("Waiting for the database: %r", away)
                await asyncio.sleep(_OPEN_PAUSE_S)
            else:
                return

    async def _build_outdated_views(self) -> None:
        """Rebuild views that changed their tables since the last version, from our log and the
        streams."""
        if not self.store.outdated_views or self.client is None or self.loop is None:
            return
        sources = Sources(
            self.store.service,
            self.settings.database_url,
            self.store.application.mapper,
            BridgedStreams(self.client, self.loop),
            self._subscriptions,
        )
        while self.store.outdated_views:
            try:
                await asyncio.to_thread(build_changed, sources, self.store.outdated_views)
                self.store.outdated_views = ()
            except (AnotherRebuild, StreamsIncomplete, TimeoutError, OperationalError) as wait:
                logger.warning("Views of a new shape wait to be built: %r", wait)
                await asyncio.sleep(_REBUILD_PAUSE_S)

    def _loops(
        self,
        leadership: Leadership,
        reacting: ThreadPoolExecutor,
        keeping_time: ThreadPoolExecutor,
        working: ThreadPoolExecutor,
    ) -> list[Any]:
        if self.client is None or self.loop is None:
            raise RuntimeError("the bus is not connected")
        refusals = tuple(self._refusals)
        self._relay = Relay(self.store, self.client, leadership, self._publishes)
        self._outbox = Outbox(self.store, self._relay)
        worker = partial(Worker, self.store, refusals=refusals, backend=lambda: leadership.backend)
        workers = [
            worker(self._timers, {}, threads=keeping_time),
            worker({}, self._jobs, threads=working),
        ]
        by_producer: dict[str, dict[type[Contract], Reaction]] = defaultdict(dict)
        for contract, reaction in self._subscriptions.items():
            by_producer[contract.producer()][contract] = reaction
        self._consumers = [
            Consumer(
                self.store,
                self.client,
                leadership,
                producer,
                subscriptions,
                refusals=refusals,
                threads=reacting,
                tries_after_s=self._tries_after_s,
            )
            for producer, subscriptions in by_producer.items()
        ]
        self.store.on_events = self._from_any_thread(self._relay.wake)
        self.store.on_scheduled = self._from_any_thread(*(worker.wake for worker in workers))
        return [
            self._relay.run(),
            self._outbox.watch(),
            self._reserve.watch(),
            *(each.run() for each in workers),
            *(each.run() for each in self._consumers),
        ]

    def _from_any_thread(self, *wake: Callable[[], None]) -> Callable[[], None]:
        loop = self.loop

        def call() -> None:
            if loop is not None and not loop.is_closed():
                for each in wake:
                    loop.call_soon_threadsafe(each)

        return call

    async def _database_answers(self) -> bool:
        try:
            async with asyncio.timeout(_ANSWERS_WITHIN_S):
                await self.store.ask(lambda curs: curs.execute("SELECT 1").fetchone())
        except (TimeoutError, StoreUnavailable, Overloaded):
            return False
        return True

    def _held_up(self) -> str | None:
        return self._outbox.reason if self._outbox else None

    async def _ready(self) -> Mapping[str, Any]:
        alarm = self._relay.alarm if self._relay else "not started"
        connected = self.client is not None and self.client.is_connected
        answers = await self._database_answers()
        status = "ready" if connected and answers and alarm is None else "not_ready"
        return {
            "status": status,
            "service": self.store.service,
            "nats": "up" if connected else "down",
            "database": "up" if answers else "down",
            "alarm": alarm,
            "degraded": self._intake.reasons,
            "outbox": {
                "reason": self._held_up(),
                "unheard": bool(self._outbox and self._outbox.unheard),
            },
            "handled": {c.durable: c.handled for c in self._consumers},
        }


def run(service: Service) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    settings = service.settings
    configure_logging()
    failpoints.arm(failpoints.setting_for(service.store.service, settings.failpoint))
    telemetry.start(service.store.service, settings.otel_exporter_otlp_endpoint)
    serve(service.app, settings.http_host, settings.http_port)
