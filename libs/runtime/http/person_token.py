"""The short-lived token by which an edge tells a service who is asking."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer

LIFETIME_S: Final = 60
_CLOCKS_DIFFER_S: Final = 5
_PURPOSE: Final = "backstage person token"


class BadPersonToken(Exception):
    """The token is forged, expired or meant for another audience."""


@dataclass(frozen=True, slots=True)
class SignedPerson:
    """The person who asks, and their session; `fresh` if they entered a code a short while ago."""

    id: UUID
    session_id: str
    fresh: bool = False


def sign(
    secret: str, person_id: UUID, session_id: str, now: datetime, *, fresh: bool = False
) -> str:
    """Return a token (HMAC-SHA256 by itsdangerous) that is valid for one minute."""
    claims = {
        "person": str(person_id),
        "session": session_id,
        "fresh": fresh,
        "until": (now + timedelta(seconds=LIFETIME_S)).timestamp(),
    }
    token: str = _serializer(secret).dumps(claims)
    return token


def read(secret: str, token: str, now: datetime | None = None) -> SignedPerson:
    """Return whom the token names. Raises BadPersonToken."""
    try:
        claims: dict[str, Any] = _serializer(secret).loads(token)
        if claims["until"] + _CLOCKS_DIFFER_S < (now or datetime.now(UTC)).timestamp():
            raise BadPersonToken("expired")
        return SignedPerson(UUID(claims["person"]), claims["session"], claims["fresh"])
    except (BadData, KeyError, TypeError, ValueError) as problem:
        raise BadPersonToken(str(problem)) from problem


def _serializer(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt=_PURPOSE, signer_kwargs={"digest_method": hashlib.sha256})
