"""The whole system on one machine: what starts, in which order, and what is printed."""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path

from ops.paths import forget_running, note_running
from ops.up.checking import Checking
from ops.up.command import Command
from ops.up.console import Console
from ops.up.data_folder import DataFolder, RunRecord, database_name
from ops.up.disks import Disks
from ops.up.healing import StreamsHealing, ailment_of
from ops.up.leftovers import end_leftovers
from ops.up.livekit import LiveKit
from ops.up.nats import Nats
from ops.up.ports import Ports, check_base_port, check_free
from ops.up.postgres import Postgres
from ops.up.processes import SERVICES, Ends, Process, Service
from ops.up.refusals import CannotStart
from ops.up.supervisor import KeepsDying, Supervisor, ToldToStop
from ops.up.surroundings import Providers, Surroundings
from ops.up.video import Video
from ops.up.video_state import VideoState
from ops.up.web import build_if_changed

_ROOT = Path(__file__).parents[2]


class System:
    """One running system: a data folder, a row of ports and their processes."""

    def __init__(
        self,
        data: Path,
        base_port: int,
        environment: Mapping[str, str],
        console: Console,
        services: Sequence[Service] = SERVICES,
        root: Path = _ROOT,
        *,
        video: bool = True,
    ) -> None:
        check_base_port(base_port)
        self._data = DataFolder(data)
        self._ports = Ports(base_port)
        self._console = console
        self._services = services
        self._root = root
        self._environment = environment
        self._began_at = time.time()
        self._ready_after_s: float | None = None
        self._surroundings = Surroundings(environment, self._data, self._ports)
        self._disks = Disks(console, self._data, environment, self._surroundings.smtp_url)
        self._video = video
        self._livekit_here = video and not environment.get("LIVEKIT_URL")
        self._beside: list[asyncio.Task[None]] = []
        self._is_ready = asyncio.Event()

    async def run(self) -> int:
        """Start everything, watch over it, end it; returns the exit code of the command."""
        started = time.monotonic()
        supervisor = Supervisor(self._console, self._record, self._disks.full)
        supervisor.listen_for_signals()
        self._prepare()
        try:
            providers = await self._start(supervisor)
            note_running(self._ports.base, self._data.path)
            self._ready_after_s = round(time.monotonic() - started, 3)
            self._record(supervisor)
            self._announce(self._ready_after_s, providers)
            self._is_ready.set()
            self._beside += [asyncio.create_task(watch) for watch in self._watches(supervisor)]
            await supervisor.run()
        except ToldToStop:
            self._console.say("ending")
            return 0
        except (CannotStart, KeepsDying, OSError) as refused:
            self._console.say(self._explain(refused))
            return 1
        finally:
            for task in self._beside:
                task.cancel()
            await asyncio.gather(*self._beside, return_exceptions=True)
            await supervisor.stop()
            self._data.forget_run()
            forget_running(self._ports.base)
            self._data.release()
            self._console.say("everything has ended")
        return 0

    def _prepare(self) -> None:
        for service in self._services:
            self._entry(f"services.{service.name}")
        self._data.prepare()
        last = self._data.last_run()
        if last is not None:
            end_leftovers(last, self._data.path / "run.json")
        self._data.check_space()
        self._postgres.wait_for_the_last_one()
        self._check_ports()

    def _check_ports(self) -> None:
        ports, base = self._ports, self._ports.base
        wanted = {service.name: ports.of(service.offset) for service in self._services}
        wanted |= {
            "PostgreSQL": ports.postgres,
            "NATS": ports.nats,
            "NATS' monitor": ports.nats_monitor,
            "the sandbox": ports.sandbox,
            "the sandbox's mail": ports.sandbox_smtp,
        }
        if self._livekit_here:
            wanted |= {"LiveKit": ports.livekit, "LiveKit's TCP media": ports.livekit_tcp}
            check_free(ports.livekit_udp, "LiveKit's media", base, udp=True)
        for what_for, port in wanted.items():
            check_free(port, what_for, base)

    @property
    def _postgres(self) -> Postgres:
        return Postgres(self._data.postgres, self._ports.postgres, self._data.secret("postgres"))

    @property
    def _nats(self) -> Nats:
        ports = self._ports
        return Nats(self._data.nats, ports.nats, ports.nats_monitor, self._data.secret("nats"))

    async def _start(self, supervisor: Supervisor) -> Providers:
        providers = self._surroundings.providers(video=self._video)
        if not self._postgres.folder.exists():
            self._console.say("creating the databases' folder, once")
        await supervisor.unless_stopped(asyncio.to_thread(self._postgres.initialise))
        building = asyncio.create_task(
            asyncio.to_thread(build_if_changed, self._console.say, self._root / "web")
        )
        video = self._begin_video(supervisor, providers)
        await supervisor.start(self._ground(providers))
        roles = {
            database_name(service.name): self._data.secret(database_name(service.name))
            for service in self._services
        }
        await supervisor.unless_stopped(asyncio.to_thread(self._postgres.ensure_databases, roles))
        await supervisor.unless_stopped(_result_of(building))
        await supervisor.start([self._service(service, providers) for service in self._services])
        if video is not None:
            await supervisor.unless_stopped(video.started())
        return providers

    def _begin_video(self, supervisor: Supervisor, providers: Providers) -> Video | None:
        state = VideoState(self._data.video_state)
        if not self._livekit_here:
            state.absent()
            return None
        livekit = LiveKit(
            self._ports,
            providers.variables["LIVEKIT_API_KEY"],
            providers.variables["LIVEKIT_API_SECRET"],
            f"{self._surroundings.public_url}/webhooks/livekit",
        )
        video = Video(livekit, state, self._console)
        self._beside.append(asyncio.create_task(video.run(supervisor, self._is_ready)))
        return video

    def _ground(self, providers: Providers) -> list[Process]:
        """The dependencies of the services."""
        ground = [
            Process("postgres", self._postgres.command(), self._postgres.is_ready, Ends.LAST),
            Process(
                "nats",
                self._nats.command(),
                self._nats.is_ready,
                Ends.AFTER_SANDBOX,
                hides=("[INF]", "Plaintext passwords detected"),
            ),
        ]
        if providers.local:
            environment = self._surroundings.of_sandbox(providers)
            ready = f"http://127.0.0.1:{self._ports.sandbox}/health"
            command = self._python("sandbox", environment)
            ground.append(Process("sandbox", command, ready, Ends.AFTER_SERVICES))
        return ground

    def _service(self, service: Service, providers: Providers) -> Process:
        environment = self._surroundings.of_service(service, providers)
        ready = f"http://127.0.0.1:{self._ports.of(service.offset)}/health/ready"
        return Process(service.name, self._python(f"services.{service.name}", environment), ready)

    def _python(self, module: str, environment: Mapping[str, str]) -> Command:
        self._entry(module)
        return Command((sys.executable, "-m", module), env=environment, cwd=self._root)

    def _entry(self, module: str) -> None:
        """Refuse a module that can't run, before anything else starts."""
        entry = self._root.joinpath(*module.split("."), "__main__.py")
        if not entry.exists():
            raise CannotStart(f"{module} is missing: {entry.relative_to(self._root)} is not there.")

    def _announce(self, took_s: float, providers: Providers) -> None:
        say = self._console.say
        say(f"Backstage Pass is ready at {self._surroundings.public_url} in {took_s:.1f} s")
        if "smtp" in providers.local:
            say(f"its mails are at {self._surroundings.sandbox_url}/mailbox")
        if providers.local:
            say(
                f"stand-ins serve {', '.join(providers.local)}; docs/providers.md has the real ones"
            )

    def _record(self, supervisor: Supervisor) -> None:
        # On a full disk the note stays old; the system continues.
        with contextlib.suppress(OSError):
            self._data.record(self._what_runs(supervisor))

    def _what_runs(self, supervisor: Supervisor) -> RunRecord:
        ports = {service.name: self._ports.of(service.offset) for service in self._services}
        own = ("postgres", "nats", "nats_monitor", "sandbox", "sandbox_smtp", "livekit")
        sandbox = self._surroundings.sandbox_url
        return RunRecord(
            pid=os.getpid(),
            base_port=self._ports.base,
            started_at=self._began_at,
            ports=ports | {name: getattr(self._ports, name) for name in own},
            urls={
                "gateway": self._surroundings.public_url,
                "sandbox": sandbox,
                "mailbox": f"{sandbox}/mailbox",
            },
            processes={c.name: c.pid for c in supervisor.children if c.pid is not None},
            restarts={c.name: c.restarts for c in supervisor.children if c.restarts},
            ready_after_s=self._ready_after_s,
        )

    def _watches(self, supervisor: Supervisor) -> list[Coroutine[None, None, None]]:
        watches = [self._disks.run(), self._healing(supervisor).run()]
        if self._services is SERVICES:
            data = self._data.path
            checking = Checking(self._console, data, self._environment, self._root)
            watches.append(checking.run())
        return watches

    def _healing(self, supervisor: Supervisor) -> StreamsHealing:
        health = [f"http://127.0.0.1:{self._ports.of(s.offset)}/health" for s in self._services]
        return StreamsHealing(
            self._console,
            ails=lambda: ailment_of(self._ports.nats_monitor, health),
            has_room=lambda: self._disks.has_room(self._data.nats),
            restart=lambda: supervisor.restart("nats"),
        )

    def _explain(self, refused: Exception) -> str:
        """Return the sentence, with a short disk as the likely cause.

        The failed part has often removed its partial files by now, which left some room.
        """
        if short := self._disks.short_of_room():
            return f"{refused} ({short}: make room.)"
        return str(refused)


async def _result_of(task: "asyncio.Task[None]") -> None:
    await task
