"""The kinds of notices, and the channels of each."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What a notice is about; each kind has its texts in the locale files."""

    RECEIPT = "receipt"
    WELCOME = "welcome"
    REFUND = "refund"
    PAYMENT_RETURNED = "payment_returned"
    LIVE_NOW = "live_now"
    ACCOUNT_OPENED = "account_opened"
    NEW_SIGN_IN = "new_sign_in"


class Channel(StrEnum):
    """How a notice reaches a person."""

    IN_APP = "in_app"
    EMAIL = "email"


class DropReason(StrEnum):
    """Why a notice was not sent."""

    TOO_LATE = "too_late"
    OPTED_OUT = "opted_out"
    NO_CONTACT = "no_contact"


_BOTH: Final = (Channel.IN_APP, Channel.EMAIL)

CHANNELS_OF: Final[Mapping[Kind, tuple[Channel, ...]]] = {
    Kind.RECEIPT: _BOTH,
    Kind.WELCOME: _BOTH,
    Kind.REFUND: _BOTH,
    Kind.PAYMENT_RETURNED: _BOTH,
    Kind.LIVE_NOW: _BOTH,
    Kind.ACCOUNT_OPENED: (Channel.IN_APP,),
    Kind.NEW_SIGN_IN: _BOTH,
}
MANDATORY: Final = frozenset({Kind.RECEIPT, Kind.REFUND, Kind.PAYMENT_RETURNED, Kind.NEW_SIGN_IN})
"""Mails about money and security can't be switched off."""
