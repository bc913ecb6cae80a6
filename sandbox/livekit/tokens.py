"""LiveKit's access tokens: HS256, issued by the api key, with grants under `video`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt

_LEEWAY_S: Final = 60


class TokenRefused(Exception):
    """The token is missing, foreign, expired or malformed: plain text with status 401."""


@dataclass(frozen=True)
class Keys:
    """The api key, and the secret that signs tokens and webhooks."""

    api_key: str
    secret: str


@dataclass(frozen=True)
class Claims:
    """Whom a token speaks for, and what it allows."""

    identity: str
    name: str
    metadata: str
    attributes: Mapping[str, str]
    video: Mapping[str, Any]

    def may(self, grant: str) -> bool:
        """Return whether a grant such as `roomCreate` is given."""
        return self.video.get(grant) is True

    def may_in(self, grant: str, room: str) -> bool:
        """Return whether a grant such as `roomAdmin` is given for this room."""
        return self.may(grant) and self.video.get("room") == room


NOBODY: Final = Claims("", "", "", {}, {})


def read_header(keys: Keys, header: str) -> Claims:
    """Return the claims of an Authorization header; no header allows nothing."""
    if not header:
        return NOBODY
    return read_token(keys, header.removeprefix("Bearer "))


def read_token(keys: Keys, token: str) -> Claims:
    """Return a token's claims. Raises TokenRefused."""
    try:
        claims = jwt.decode(
            token,
            keys.secret,
            algorithms=["HS256"],
            issuer=keys.api_key,
            leeway=_LEEWAY_S,
            options={"require": ["exp"], "verify_aud": False},
        )
    except jwt.DecodeError as error:
        if isinstance(error, jwt.InvalidSignatureError):
            raise TokenRefused(f"invalid token: {token}, error: {error}") from None
        raise TokenRefused("invalid authorization token") from None
    except jwt.PyJWTError as error:
        raise TokenRefused(f"invalid token: {token}, error: {error}") from None
    return Claims(
        identity=str(claims.get("sub") or ""),
        name=str(claims.get("name") or ""),
        metadata=str(claims.get("metadata") or ""),
        attributes=claims.get("attributes") or {},
        video=claims.get("video") or {},
    )


def read_join_token(keys: Keys, token: str) -> Claims:
    """Return the claims of a token that admits its bearer to a room. Raises TokenRefused."""
    claims = read_token(keys, token)
    if not claims.may("roomJoin") or not claims.identity or not claims.video.get("room"):
        raise TokenRefused("no permissions to access the room")
    return claims
