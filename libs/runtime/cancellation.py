"""Ending tasks for certain."""

import asyncio
from collections.abc import Iterable
from typing import Any, Final

_AGAIN_AFTER_S: Final = 0.2


async def cancel_until_ended(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel until they have ended: nats-py swallows a cancellation that meets it flushing."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_AGAIN_AFTER_S)
