"""A whole system with small services, run as `up` runs the real one, in a process of its own.

Arguments: a root folder, a data folder, a base port and optionally `livekit` or `no-video`. The
services are those in the root folder, in alphabetical order.
"""

import asyncio
import os
import sys
from pathlib import Path

from ops.up.console import Console
from ops.up.processes import Service
from ops.up.refusals import CannotStart
from ops.up.system import System

SERVICE = """
import asyncio, os, signal, sys
from pathlib import Path

async def answer(reader, writer):
    line = await reader.readline()
    body = os.environ.get("DATABASE_URL", "").encode()
    ready = b"200 OK" if b"/health" in line or b"/env" in line else b"404 Not Found"
    writer.write(b"HTTP/1.1 " + ready + b"\\r\\nConnection: close\\r\\n\\r\\n" + body)
    await writer.drain()
    writer.close()

async def main():
    port = int(os.environ.get("HTTP_PORT") or os.environ["SANDBOX_PORT"])
    server = await asyncio.start_server(answer, "127.0.0.1", port)
    print("hello from", __spec__.name, flush=True)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    print("goodbye", flush=True)

asyncio.run(main())
"""

BROKEN = "import sys; sys.exit('no luck today')"


def write_system(root: Path, services: dict[str, str]) -> None:
    """Create a root folder with these services (name and program) and a sandbox."""
    for name, program in {**services, "sandbox": SERVICE}.items():
        folder = root / name if name == "sandbox" else root / "services" / name
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
        (folder / "__main__.py").write_text(program)


def main() -> None:
    """Run it until it is told to stop."""
    root, data, port = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    names = sorted(path.name for path in (root / "services").iterdir())
    services = [Service(name, offset) for offset, name in enumerate(names)]
    environment = {**os.environ}
    if "livekit" not in sys.argv and "no-video" not in sys.argv:
        environment["LIVEKIT_URL"] = "ws://localhost:1"
    console = Console(sys.stdout, environment)
    try:
        video = "no-video" not in sys.argv
        system = System(data, port, environment, console, services, root, video=video)
        sys.exit(asyncio.run(system.run()))
    except CannotStart as refused:
        console.say(str(refused))
        sys.exit(1)


if __name__ == "__main__":
    main()
