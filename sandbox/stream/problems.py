"""GetStream's errors: codes, envelope and wording."""

from typing import Any, Final

MORE_INFO: Final = "https://getstream.io/chat/docs/api_errors_response"

ACCESS_KEY: Final = 2
BAD_INPUT: Final = 4
AUTHENTICATION: Final = 5
DOES_NOT_EXIST: Final = 16
NOT_ALLOWED: Final = 17
EVENT_NOT_SUPPORTED: Final = 18
FEATURE_NOT_SUPPORTED: Final = 19
MESSAGE_TOO_LONG: Final = 20
NESTED_REPLY: Final = 21
TOKEN_EXPIRED: Final = 40
TOKEN_NOT_VALID_YET: Final = 41
TOKEN_BEFORE_ISSUED: Final = 42
TOKEN_SIGNATURE: Final = 43
CONNECTION_UNKNOWN: Final = 46
COOLDOWN: Final = 60
QUERY_NOT_PERMITTED: Final = 70

_STATUS: Final = {
    ACCESS_KEY: 401,
    AUTHENTICATION: 401,
    DOES_NOT_EXIST: 404,
    NOT_ALLOWED: 403,
    TOKEN_EXPIRED: 401,
    TOKEN_NOT_VALID_YET: 401,
    TOKEN_BEFORE_ISSUED: 401,
    TOKEN_SIGNATURE: 401,
    COOLDOWN: 403,
    QUERY_NOT_PERMITTED: 403,
}


class Refused(Exception):
    """A published error: its code (see getstream.io, "API errors") and a sentence."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = _STATUS.get(code, 400)


def envelope(refused: Refused, operation: str, duration: str) -> dict[str, Any]:
    """Return the error body; token errors precede any operation and have no prefix."""
    message = str(refused)
    if operation and refused.status != 401:
        message = f'{operation} failed with error: "{message}"'
    return {
        "code": refused.code,
        "message": message,
        "StatusCode": refused.status,
        "duration": duration,
        "more_info": MORE_INFO,
        "details": [],
    }


def bad_input(message: str) -> Refused:
    """Return the error for a missing or wrong field."""
    return Refused(BAD_INPUT, message)


def does_not_exist(message: str) -> Refused:
    """Return the error for an unknown channel, message, user or type."""
    return Refused(DOES_NOT_EXIST, message)
