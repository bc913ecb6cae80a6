"""What every service runs on: store, relay, consumers, schedule, HTTP. It knows no domain word."""

import importlib
import sys
from typing import Any


def _import_nats_without_websockets() -> None:
    """Spare each process the 10 MB of aiohttp, which nats-py loads for WebSockets where it is."""
    modules: dict[str, Any] = sys.modules
    if "aiohttp" in modules:
        return
    # An entry of None makes the import fail, which nats-py takes for "not installed".
    modules["aiohttp"] = None
    try:
        importlib.import_module("nats.aio.transport")
    finally:
        del modules["aiohttp"]


_import_nats_without_websockets()
