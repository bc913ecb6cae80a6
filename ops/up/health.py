"""Asks a process whether it is ready, without the weight of an HTTP client."""

import asyncio
from collections.abc import Callable
from urllib.parse import urlsplit

_PATIENCE_S = 2.0


async def is_ready(check: Callable[[], bool] | str) -> bool:
    """Return whether the check holds; a blocking check runs beside the event loop."""
    if isinstance(check, str):
        return await _answers_200(check)
    return await asyncio.to_thread(check)


async def _answers_200(url: str) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await _status(url) == b"200"
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False


async def _status(url: str) -> bytes:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        request = f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        writer.write(f"{request}Connection: close\r\n\r\n".encode())
        await writer.drain()
        first_line = await reader.readline()
    finally:
        writer.close()
    words = first_line.split()
    return words[1] if len(words) > 1 else b""
