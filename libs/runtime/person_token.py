"""The short-lived token by which an edge tells a service who is asking."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import jwt

LIFETIME_S: Final = 60
_AUDIENCE: Final = "backstage-services"


class BadPersonToken(Exception):
    """The token is forged, expired or not for us."""


@dataclass(frozen=True, slots=True)
class SignedPerson:
    """Who asks, in which session; `fresh` when a code was entered a short while ago."""

    id: UUID
    session_id: str
    fresh: bool = False


def sign(
    secret: str, person_id: UUID, session_id: str, now: datetime, *, fresh: bool = False
) -> str:
    """A token (JWT, HS256) that says for a minute that this person asks."""
    claims = {
        "sub": str(person_id),
        "sid": session_id,
        "fresh": fresh,
        "aud": _AUDIENCE,
        "iat": now,
        "exp": now + timedelta(seconds=LIFETIME_S),
    }
    return jwt.encode(claims, secret, algorithm="HS256")


def read(secret: str, token: str) -> SignedPerson:
    """Who the token speaks of. Raises BadPersonToken."""
    try:
        claims = jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            audience=_AUDIENCE,
            options={"require": ["sub", "sid", "exp"]},
        )
        return SignedPerson(UUID(claims["sub"]), str(claims["sid"]), bool(claims.get("fresh")))
    except (jwt.InvalidTokenError, ValueError) as problem:
        raise BadPersonToken(str(problem)) from problem
