"""A breakable connection in front of a server."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

from tests.chaos.wires import Wire
from tests.servers import free_port


@contextmanager
def wired(url: str) -> Iterator[tuple[Wire, str]]:
    """The connection, and the address that leads through it."""
    parts = urlsplit(url)
    assert parts.port is not None
    wire = Wire(parts.scheme, free_port(), parts.port)
    address = parts.netloc.replace(f":{parts.port}", f":{wire.port}")
    wire.start()
    try:
        yield wire, urlunsplit(parts._replace(netloc=address))
    finally:
        wire.stop()
