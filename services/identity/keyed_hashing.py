"""Codes, tokens and the hashes that stand for secrets, all derived with the service's pepper.

A code and a token are derived instead of drawn. The same command or job, repeated after a crash,
gives the same code and token, and neither is stored in clear.
"""

import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

from services.identity.domain import CODE_DIGITS


@dataclass(frozen=True, slots=True)
class KeyedHashing:
    """Keyed hashes (HMAC-SHA256) with the pepper, which only the settings hold."""

    pepper: bytes

    def code_of(self, request_id: UUID) -> str:
        """Return the six digits that answer a request."""
        number = int.from_bytes(self._keyed_hash("code", str(request_id))[:16])
        return f"{number % 10**CODE_DIGITS:0{CODE_DIGITS}d}"

    def code_hash(self, request_id: UUID, code: str) -> bytes:
        """Return what is stored of a code."""
        return self._keyed_hash("code hash", str(request_id), code)

    def origin_hash(self, kind: str, text: str) -> bytes:
        """Return what is stored of a browser's id or a network address."""
        return self._keyed_hash(kind, text)

    def session_token(self, command_id: UUID, browser_id: str) -> str:
        """Return the token of the session that this command starts: 256 bits as 64 hex digits."""
        return self._keyed_hash("session", str(command_id), browser_id).hex()

    def attempt_name(self, *parts: str) -> str:
        """Return a command's name, derived from all of its input: a repeat must know all of it."""
        return self._keyed_hash("attempt", *parts).hex()

    def _keyed_hash(self, purpose: str, *parts: str) -> bytes:
        message = b"".join(len(p).to_bytes(4) + p for p in (t.encode() for t in (purpose, *parts)))
        return hmac.new(self.pepper, message, hashlib.sha256).digest()


def token_hash(token: str) -> bytes:
    """Return what is stored of a session token; 256 random-looking bits need no key."""
    return hashlib.sha256(token.encode()).digest()


def same(one: bytes, other: bytes) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(one, other)
