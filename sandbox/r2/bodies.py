"""Receiving an object's bytes to disk, checked against every checksum of the request."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import os
import zlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from sandbox.r2.problems import Refused

_CHECKSUM: Final = "x-amz-checksum-"
_NOT_A_SUM: Final = ("algorithm", "type", "mode")
_UNSIGNED: Final = "UNSIGNED-PAYLOAD"
_CHUNKED: Final = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


class _Sum(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


class _Crc32:
    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes, /) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


def _new_sum(name: str) -> _Sum:
    if name == "crc32":
        return _Crc32()
    if name in ("sha1", "sha256"):
        return hashlib.new(name, usedforsecurity=False)
    raise Refused("NotImplemented", f"checksum {name} is not offered here")


@dataclass(frozen=True)
class Received:
    """Bytes on disk that passed their checks."""

    file: Path
    size: int
    md5: bytes
    checksums: dict[str, str]


async def receive(
    stream: AsyncIterator[bytes], headers: Mapping[str, str], target: Path
) -> Received:
    """Write a request's body to a new file. Raises Refused and leaves no file behind."""
    try:
        return await _receive(stream, headers, target)
    except BaseException:
        target.unlink(missing_ok=True)  # noqa: ASYNC240 - faster than handing it to a thread
        raise


async def _receive(
    stream: AsyncIterator[bytes], headers: Mapping[str, str], target: Path
) -> Received:
    declared = headers.get("x-amz-content-sha256", _UNSIGNED)
    chunked = declared == _CHUNKED or "aws-chunked" in headers.get("content-encoding", "")
    if declared.startswith("STREAMING-AWS4"):
        raise Refused("NotImplemented", "signed chunks are not offered here")
    trailers: dict[str, str] = {}
    source = _unchunk(stream, trailers) if chunked else stream
    names = sorted(name for name in (*_named(headers), *_announced(headers)))
    sums = {name: _new_sum(name) for name in dict.fromkeys(names)}
    with target.open("xb") as file:
        size, md5, sha256 = await _copy(source, file, sums)
        file.flush()
        await asyncio.to_thread(os.fsync, file.fileno())
    if declared not in (_UNSIGNED, _CHUNKED) and not hmac.compare_digest(declared, sha256):
        raise Refused("XAmzContentSHA256Mismatch", "the body does not match its SHA-256")
    _check_md5(headers.get("content-md5"), md5)
    found = {name: base64.b64encode(one.digest()).decode() for name, one in sums.items()}
    for name, value in found.items():
        wanted = headers.get(_CHECKSUM + name) or trailers.get(_CHECKSUM + name)
        if wanted is not None and wanted != value:
            raise Refused("BadDigest")
    length = headers.get("x-amz-decoded-content-length")
    if length is not None and length != str(size):
        raise Refused("IncompleteBody", "the body is shorter or longer than announced")
    return Received(target, size, md5, found)


def _named(headers: Mapping[str, str]) -> list[str]:
    names = [name.removeprefix(_CHECKSUM) for name in headers if name.startswith(_CHECKSUM)]
    return [name for name in names if name not in _NOT_A_SUM]


def _announced(headers: Mapping[str, str]) -> list[str]:
    trailer = headers.get("x-amz-trailer", "").strip().lower()
    return [trailer.removeprefix(_CHECKSUM)] if trailer.startswith(_CHECKSUM) else []


async def _copy(
    source: AsyncIterator[bytes], file: BinaryIO, sums: dict[str, _Sum]
) -> tuple[int, bytes, str]:
    md5 = hashlib.md5(usedforsecurity=False)
    sha256 = hashlib.sha256()
    size = 0
    async for data in source:
        for one in (md5, sha256, *sums.values()):
            one.update(data)
        file.write(data)
        size += len(data)
    return size, md5.digest(), sha256.hexdigest()


def _check_md5(header: str | None, md5: bytes) -> None:
    if header is None:
        return
    try:
        wanted = base64.b64decode(header, validate=True)
    except binascii.Error:
        raise Refused("InvalidDigest") from None
    if len(wanted) != len(md5):
        raise Refused("InvalidDigest")
    if wanted != md5:
        raise Refused("BadDigest")


async def _unchunk(stream: AsyncIterator[bytes], trailers: dict[str, str]) -> AsyncIterator[bytes]:
    """Undo `aws-chunked`: size in hex, data, …, a zero, then trailing headers."""
    reader = _Reader(stream)
    while True:
        line = await reader.line()
        try:
            left = int(line.partition(b";")[0], 16)
        except ValueError:
            raise Refused("IncompleteBody", "a chunk of the body is malformed") from None
        if left == 0:
            break
        while left:
            data = await reader.some(left)
            left -= len(data)
            yield data
        await reader.line()
    while line := await reader.line(at_end=True):
        name, _, value = line.decode("latin-1").partition(":")
        trailers[name.strip().lower()] = value.strip()


class _Reader:
    def __init__(self, stream: AsyncIterator[bytes]) -> None:
        self._stream = stream
        self._buffer = b""

    async def _more(self) -> bool:
        async for data in self._stream:
            if data:
                self._buffer += data
                return True
        return False

    async def line(self, *, at_end: bool = False) -> bytes:
        """Return bytes up to the next line end; at the very end, what is left."""
        while b"\r\n" not in self._buffer:
            if not await self._more():
                if not at_end:
                    raise Refused("IncompleteBody", "the body ended too early")
                rest, self._buffer = self._buffer, b""
                return rest
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line

    async def some(self, most: int) -> bytes:
        """Return at least one byte and at most so many."""
        if not self._buffer and not await self._more():
            raise Refused("IncompleteBody", "the body ended too early")
        data, self._buffer = self._buffer[:most], self._buffer[most:]
        return data
