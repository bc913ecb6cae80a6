"""Every process of the system as data: what runs, where it listens, in which order it ends."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from ops.up.command import Command


class Ends(IntEnum):
    """The order in which processes end; dependencies end last."""

    FIRST = 0
    AFTER_SERVICES = 1
    AFTER_SANDBOX = 2
    LAST = 3


@dataclass(frozen=True, slots=True)
class Service:
    """One of our services: its offset in the row of ports and the variables that it may see."""

    name: str
    offset: int
    sees: tuple[str, ...] = ()
    """Prefixes of the providers' variables that it gets; all others are withheld."""
    calls_services: bool = False


SERVICES = (
    Service(
        "gateway",
        0,
        (
            "STRIPE_JS_URL",
            "STRIPE_API_URL",
            "STRIPE_PUBLISHABLE_KEY",
            "STREAM_API_URL",
            "STREAM_API_KEY",
            "LIVEKIT_URL",
        ),
        calls_services=True,
    ),
    Service("catalog", 1),
    Service("checkout", 2, ("STRIPE_",)),
    Service("access", 3),
    Service("streaming", 4, ("LIVEKIT_", "R2_", "MUX_")),
    Service("chat", 5, ("STREAM_",)),
    Service("notifications", 6, ("SMTP_", "MAIL_")),
    Service("identity", 7, ("SMTP_", "MAIL_")),
    Service("admin", 8, ("STREAM_API_URL", "STREAM_API_KEY", "LIVEKIT_URL"), calls_services=True),
)

PROVIDERS = ("STRIPE_", "STREAM_", "LIVEKIT_", "R2_", "MUX_", "SMTP_", "MAIL_")


@dataclass(frozen=True, slots=True)
class Process:
    """A process that the supervisor keeps alive."""

    name: str
    command: Command
    is_ready: Callable[[], bool] | str
    """A blocking check, or the URL that answers 200 when the process is ready."""
    ends: Ends = Ends.FIRST
    hides: tuple[str, ...] = ()
    """Log lines with one of these texts are hidden."""
    patience_s: float = 60.0
    """How long its start may take."""
    grace_s: float = 10.0
    """How long it may take to end when asked to."""
