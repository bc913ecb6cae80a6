"""CSRF tokens, shared by the two edges.

The token is a keyed hash of the session (or of the browser while signed out). Nothing is stored,
and the token of one session is invalid in another.
"""

import hashlib
import hmac


def token_for(secret: str, session_id: str) -> str:
    """Return the token for each form of this session, as 64 hex digits."""
    return hmac.new(secret.encode(), b"csrf:" + session_id.encode(), hashlib.sha256).hexdigest()


def verify(secret: str, session_id: str, token: str) -> bool:
    """Return whether the token belongs to this session; compares in constant time."""
    return hmac.compare_digest(token_for(secret, session_id).encode(), token.encode())
