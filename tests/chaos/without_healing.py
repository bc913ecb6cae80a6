"""The same system without restarts of a NATS that stores nothing: only for the control."""

import asyncio

from ops.__main__ import app
from ops.up.healing import StreamsHealing


async def _look_away(_: StreamsHealing) -> None:
    await asyncio.Event().wait()


if __name__ == "__main__":
    StreamsHealing.run = _look_away  # type: ignore[method-assign]
    app()
