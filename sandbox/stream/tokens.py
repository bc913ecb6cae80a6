"""Authentication: the api key, and the HS256 token signed with the app's secret."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt

from sandbox.state import Document
from sandbox.stream.problems import (
    ACCESS_KEY,
    AUTHENTICATION,
    TOKEN_BEFORE_ISSUED,
    TOKEN_EXPIRED,
    TOKEN_NOT_VALID_YET,
    TOKEN_SIGNATURE,
    Refused,
)


@dataclass(frozen=True)
class Caller:
    """The app's own server, or one user; a server may act in a user's name."""

    user_id: str
    server: bool = False
    anonymous: bool = False
    token_issued_at: float | None = None


@dataclass(frozen=True)
class Keys:
    """The api key and the secret that signs every token."""

    api_key: str
    secret: str


def identify(keys: Keys, query: Mapping[str, str], headers: Mapping[str, str]) -> Caller:
    """Return the caller of a REST request. Raises Refused (2, 5, 40, 41, 42)."""
    check_key(keys, query.get("api_key", ""))
    kind = headers.get("stream-auth-type") or query.get("stream-auth-type", "")
    if kind == "anonymous":
        return Caller(user_id="!anon", anonymous=True)
    if kind != "jwt":
        raise Refused(AUTHENTICATION, "stream-auth-type missing or invalid")
    claims = read_token(keys, headers.get("authorization", ""))
    return caller_of(claims)


def check_key(keys: Keys, api_key: str) -> None:
    """Refuse an api key of another app (code 2)."""
    if not hmac.compare_digest(api_key.encode(), keys.api_key.encode()):
        raise Refused(ACCESS_KEY, "api_key not valid")


def caller_of(claims: Mapping[str, Any]) -> Caller:
    """Return whom a token speaks for: `server: true`, or its `user_id`."""
    if claims.get("server") is True:
        return Caller(user_id="", server=True)
    user_id = claims.get("user_id")
    if not isinstance(user_id, str) or not user_id:
        raise Refused(AUTHENTICATION, "JWTAuth error: user_id is not a valid string")
    issued = claims.get("iat")
    return Caller(user_id, token_issued_at=issued if isinstance(issued, int | float) else None)


def read_token(keys: Keys, token: str, signature_code: int = AUTHENTICATION) -> Document:
    """Return a token's claims if signature and times are valid.

    The published table gives 43 for a wrong signature: the WebSocket answers so, while REST answers
    5.
    """
    try:
        claims: Document = jwt.decode(
            token.removeprefix("Bearer "),
            keys.secret,
            algorithms=["HS256"],
            options={"verify_aud": False, "verify_iat": False, "verify_sub": False},
        )
    except jwt.ExpiredSignatureError:
        raise Refused(TOKEN_EXPIRED, "JWTAuth error: token is expired (exp)") from None
    except jwt.ImmatureSignatureError:
        raise Refused(TOKEN_NOT_VALID_YET, "JWTAuth error: token not valid yet (nbf)") from None
    except jwt.InvalidSignatureError:
        raise Refused(signature_code, _signature_message(keys)) from None
    except jwt.PyJWTError as error:
        raise Refused(AUTHENTICATION, f"JWTAuth error: {error}") from None
    issued = claims.get("iat")
    if isinstance(issued, int | float) and issued > datetime.now(UTC).timestamp():
        raise Refused(TOKEN_BEFORE_ISSUED, "JWTAuth error: token used before issue at (iat)")
    return claims


def _signature_message(keys: Keys) -> str:
    return (
        "JWTAuth error: signature is not valid. Make sure the token is created using the "
        f'secret for API key "{keys.api_key}"'
    )


def signature_code_of(token: str) -> int:
    """Return the WebSocket's code for a bad signature: 43, but 5 for a development token."""
    return AUTHENTICATION if token.endswith(".devtoken") else TOKEN_SIGNATURE


def check_revoked(caller: Caller, revoked_before: str | None) -> None:
    """Refuse tokens issued before a revocation (40): the client then asks for a new one."""
    if not revoked_before or caller.server:
        return
    moment = datetime.fromisoformat(revoked_before).timestamp()
    if caller.token_issued_at is None or caller.token_issued_at < moment:
        raise Refused(TOKEN_EXPIRED, "JWTAuth error: token is revoked")
