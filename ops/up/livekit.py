"""A real LiveKit server on this machine."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from ops.up.command import Command
from ops.up.ports import Ports


@dataclass(frozen=True, slots=True)
class LiveKit:
    """One server for browsers of this machine: its ports, its key and its webhook address."""

    ports: Ports
    api_key: str
    api_secret: str
    webhook_url: str

    def command(self, program: Path) -> Command:
        """Return the server's command; its settings are in the environment, because they hold the
        secret."""
        settings = {
            "port": self.ports.livekit,
            "bind_addresses": ["127.0.0.1"],
            "rtc": {
                "tcp_port": self.ports.livekit_tcp,
                "udp_port": self.ports.livekit_udp,
                "use_external_ip": False,
                # Media only over the loopback interface: it works without a network, and nothing
                # outside of this machine can reach it.
                "interfaces": {"includes": ["lo", "lo0"]},
                "enable_loopback_candidate": True,
            },
            "keys": {self.api_key: self.api_secret},
            "webhook": {"api_key": self.api_key, "urls": [self.webhook_url]},
            # Only going live creates rooms; entering one does not.
            "room": {"auto_create": False},
            "logging": {"level": "warn"},
        }
        return Command(
            (str(program), "--node-ip", "127.0.0.1"),
            env={**os.environ, "LIVEKIT_CONFIG": json.dumps(settings)},
        )

    def ready_url(self) -> str:
        """Return the URL that answers 200 when rooms can be created."""
        return f"http://127.0.0.1:{self.ports.livekit}/"
