"""Proof that a form was shown by us to the one who sends it, shared by the two edges.

The token is a keyed hash of the session (or of the browser, while no one is signed in), so nothing
needs to be stored, and a token of one session is worth nothing in another.
"""

import hashlib
import hmac


def token_for(secret: str, session_id: str) -> str:
    """The token to put into each form shown in this session, as 64 hex digits."""
    return hmac.new(secret.encode(), b"csrf:" + session_id.encode(), hashlib.sha256).hexdigest()


def verify(secret: str, session_id: str, token: str) -> bool:
    """Whether the token is that of this session; compared in constant time."""
    return hmac.compare_digest(token_for(secret, session_id).encode(), token.encode())
