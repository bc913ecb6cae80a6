"""What is made of the service's pepper: codes, tokens, and the hashes that stand in for secrets.

A code and a token are derived instead of drawn, so that the same command and the same job, done
again after a crash, say the same code and the same token, and neither is ever stored in clear.
"""

import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

from services.identity.domain import CODE_DIGITS


@dataclass(frozen=True, slots=True)
class KeyedHashing:
    """Keyed hashes (HMAC-SHA256) with the pepper that only the settings hold."""

    pepper: bytes

    def code_of(self, request_id: UUID) -> str:
        """The six digits that answer a request."""
        number = int.from_bytes(self._keyed_hash("code", str(request_id))[:16])
        return f"{number % 10**CODE_DIGITS:0{CODE_DIGITS}d}"

    def code_hash(self, request_id: UUID, code: str) -> bytes:
        """What is stored of a code."""
        return self._keyed_hash("code hash", str(request_id), code)

    def origin_hash(self, kind: str, text: str) -> bytes:
        """What is stored of a browser's id or a network address."""
        return self._keyed_hash(kind, text)

    def session_token(self, command_id: UUID, browser_id: str) -> str:
        """The 256 bits that open the session which that command starts, as 64 hex digits."""
        return self._keyed_hash("session", str(command_id), browser_id).hex()

    def attempt_name(self, *parts: str) -> str:
        """Names a command by all that was typed: whoever repeats it must know all of it."""
        return self._keyed_hash("attempt", *parts).hex()

    def _keyed_hash(self, purpose: str, *parts: str) -> bytes:
        message = b"".join(len(p).to_bytes(4) + p for p in (t.encode() for t in (purpose, *parts)))
        return hmac.new(self.pepper, message, hashlib.sha256).digest()


def token_hash(token: str) -> bytes:
    """What is stored of a session token; 256 random-looking bits need no key."""
    return hashlib.sha256(token.encode()).digest()


def same(one: bytes, other: bytes) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(one, other)
