"""The token in the unsubscribe link of a mail: says who wants no more mail from which space.

It never expires, since mails are kept for years, and it opens nothing else: its key is derived
from the secret of person tokens for this purpose alone.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import jwt

_AUDIENCE: Final = "unsubscribe"


class BadUnsubscribeToken(Exception):
    """The token is forged or was made with another secret."""


@dataclass(frozen=True, slots=True)
class Unsubscription:
    """Who, from which space."""

    person_id: UUID
    space_id: UUID


class UnsubscribeTokens:
    """Signs and reads the tokens."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), b"notifications/unsubscribe", hashlib.sha256)

    def sign(self, of: Unsubscription) -> str:
        """The token; the same one each time."""
        claims = {"sub": str(of.person_id), "space": str(of.space_id), "aud": _AUDIENCE}
        return jwt.encode(claims, self._key, algorithm="HS256")

    def read(self, token: str) -> Unsubscription:
        """Who the token speaks of. Raises BadUnsubscribeToken."""
        try:
            claims = jwt.decode(token, self._key, algorithms=["HS256"], audience=_AUDIENCE)
            return Unsubscription(UUID(claims["sub"]), UUID(claims["space"]))
        except (jwt.InvalidTokenError, ValueError, KeyError, AttributeError) as problem:
            raise BadUnsubscribeToken(type(problem).__name__) from None
