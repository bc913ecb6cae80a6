"""A `go` for tests: takes its time, then delivers what it was given, or fails."""

import os
import sys
from pathlib import Path

_PROGRAM = """#!{python}
import os, shutil, sys, time
from pathlib import Path

if sys.argv[1] == "version":
    print("go version go1.99.0 linux/amd64")
    sys.exit()
Path({here!r}, "pid").write_text(str(os.getpid()))
print("go: downloading github.com/livekit/protocol v1", flush=True)
time.sleep({takes_s})
while {waits_for!r} and not os.path.exists({waits_for!r}):
    time.sleep(0.05)
print("github.com/livekit/protocol", flush=True)
if {says!r}:
    sys.exit({says!r})
os.makedirs(os.environ["GOBIN"], exist_ok=True)
shutil.copy({delivers!r}, os.path.join(os.environ["GOBIN"], "server"))
"""


def machine_without_livekit(
    folder: Path,
    *,
    delivers: Path | None = None,
    says: str = "",
    takes_s: float = 2.0,
    waits_for: Path | None = None,
) -> dict[str, str]:
    """Return the environment of a machine on which this `go` has to compile LiveKit's server.

    Once the file that it waits for exists, it delivers the program, or prints something and fails.
    `folder/pid` names its process.
    """
    programs = folder / "bin"
    programs.mkdir(parents=True)
    go = programs / "go"
    go.write_text(
        _PROGRAM.format(
            python=sys.executable,
            here=str(folder),
            takes_s=takes_s,
            says=says,
            waits_for=str(waits_for or ""),
            delivers=str(delivers),
        )
    )
    go.chmod(0o755)
    others = [
        place
        for place in os.environ["PATH"].split(os.pathsep)
        if not Path(place, "livekit-server").exists()
    ]
    return {
        **os.environ,
        "PATH": os.pathsep.join([str(programs), *others]),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
