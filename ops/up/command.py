"""The command line and environment of a child process, tied to its parent's life."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Account:
    """The unprivileged account for PostgreSQL, which refuses to run as root."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Command:
    """A program, its arguments and its whole environment (by default ours)."""

    argv: tuple[str, ...]
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    dies_with_parent_by: signal.Signals = signal.SIGKILL
    account: Account | None = None

    def full_argv(self) -> tuple[str, ...]:
        """Return the arguments, behind `setpriv` if the program runs under another account."""
        if self.account is None:
            return self.argv
        return (*_prefix(self.account, self.dies_with_parent_by), *self.argv)

    def spawn_arguments(self) -> dict[str, Any]:
        """Return the keyword arguments for `subprocess` and `asyncio` alike."""
        arguments: dict[str, Any] = {
            "env": self.env,
            "cwd": self.cwd,
            "start_new_session": True,
            "preexec_fn": _die_with_parent(self.dies_with_parent_by),
        }
        if self.account is not None and not _prefix(self.account, self.dies_with_parent_by):
            arguments |= {
                "user": self.account.uid,
                "group": self.account.gid,
                "extra_groups": [],
            }
        return arguments


@cache
def _prefix(account: Account, dies_with_parent_by: signal.Signals) -> tuple[str, ...]:
    """Return a prefix that changes the account but may still pass folders of root.

    Otherwise the account could not enter a checkout or a data folder below `/root`, and opening
    those folders would change what belongs to the machine's owner. Empty if `setpriv` is missing or
    not allowed: then the folders must be open.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return ()
    prefix = (
        setpriv,
        f"--reuid={account.uid}",
        f"--regid={account.gid}",
        "--clear-groups",
        "--inh-caps=+dac_override",
        "--ambient-caps=+dac_override",
        # Without this the kernel forgets the right inside access(2), which initdb calls.
        "--securebits=+no_setuid_fixup",
        f"--pdeathsig={dies_with_parent_by.name.removeprefix('SIG')}",
    )
    tried = subprocess.run((*prefix, "true"), capture_output=True, check=False)
    return prefix if tried.returncode == 0 else ()


def unprivileged_account() -> Account | None:
    """Return the account for programs that refuse root, or None if we are not root."""
    if os.geteuid() != 0:
        return None
    import pwd  # noqa: PLC0415 - only where there are accounts

    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return Account(65534, 65534)
    return Account(nobody.pw_uid, nobody.pw_gid)


def _die_with_parent(by: signal.Signals) -> Callable[[], None] | None:
    """Prepare a child before it becomes the program: it ends when its parent ends."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent, number = os.getpid(), int(by)

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return tie
