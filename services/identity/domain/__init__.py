"""People, their sessions, and the rules of sign-in codes. No I/O, no clock, no random."""

from services.identity.domain.codes import (
    CODE_DIGITS,
    CODE_VALID_FOR,
    LIMIT_WINDOW,
    Limits,
    Sends,
    SignInCode,
    TooManyCodes,
    Verdict,
)
from services.identity.domain.person import (
    Person,
    PersonNotFound,
)
from services.identity.domain.session import (
    SESSION_ABSOLUTE_LIMIT,
    SESSION_IDLE_LIMIT,
    OpenSession,
    Session,
    SessionNotFound,
)
from services.identity.domain.spelling import (
    InvalidAddress,
    InvalidDisplayName,
    inbox_of,
    network_of,
    normalise_address,
    normalise_display_name,
)

__all__ = [
    "CODE_DIGITS",
    "CODE_VALID_FOR",
    "LIMIT_WINDOW",
    "SESSION_ABSOLUTE_LIMIT",
    "SESSION_IDLE_LIMIT",
    "InvalidAddress",
    "InvalidDisplayName",
    "Limits",
    "OpenSession",
    "Person",
    "PersonNotFound",
    "Sends",
    "Session",
    "SessionNotFound",
    "SignInCode",
    "TooManyCodes",
    "Verdict",
    "inbox_of",
    "network_of",
    "normalise_address",
    "normalise_display_name",
]
