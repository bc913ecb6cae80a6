"""The row of ports of one running system, counted from a base port."""

import socket
from dataclasses import dataclass

from ops.up.refusals import CannotStart


@dataclass(frozen=True, slots=True)
class Ports:
    """Where each part of a system listens; the base is the gateway's own port."""

    base: int

    def of(self, offset: int) -> int:
        """Return the port at this offset."""
        return self.base + offset

    @property
    def sandbox(self) -> int:
        """The providers' stand-ins and the mailbox page."""
        return self.of(20)

    @property
    def sandbox_smtp(self) -> int:
        """The mailbox's SMTP server."""
        return self.of(21)

    @property
    def postgres(self) -> int:
        """PostgreSQL."""
        return self.of(30)

    @property
    def nats(self) -> int:
        """NATS for clients."""
        return self.of(31)

    @property
    def nats_monitor(self) -> int:
        """NATS' own health and figures."""
        return self.of(32)

    @property
    def livekit(self) -> int:
        """LiveKit's signalling and server API."""
        return self.of(40)

    @property
    def livekit_tcp(self) -> int:
        """LiveKit's media over TCP, where UDP is blocked."""
        return self.of(41)

    @property
    def livekit_udp(self) -> int:
        """LiveKit's media."""
        return self.of(42)


def check_base_port(base: int) -> None:
    """Refuse a base port whose row exceeds the valid ports."""
    if not 1024 <= base <= 65535 - 42:
        raise CannotStart(f"--port {base} is invalid: choose one from 1024 to {65535 - 42}.")


def check_free(port: int, what_for: str, base: int, *, udp: bool = False) -> None:
    """Refuse a port that another program uses, and suggest a row that may be free."""
    kind = socket.SOCK_DGRAM if udp else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as probe:
        if not udp:
            # Sockets in TIME_WAIT of a run that just ended do not count as use.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as refused:
            raise CannotStart(
                f"Port {port} ({what_for}) is in use: end the program that uses it, "
                f"or choose another row of ports with --port, for example --port {base + 100}."
            ) from refused
