"""The token in a mail's unsubscribe link: who wants no more mail from which space.

It never expires, because mails are kept for years, and it allows nothing else: its key is derived
from the secret of person tokens for this purpose alone.
"""

import hashlib
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer

_PURPOSE: Final = "notifications unsubscribe"


class BadUnsubscribeToken(Exception):
    """The token is forged or was made with another secret."""


@dataclass(frozen=True, slots=True)
class Unsubscription:
    """The person and the space."""

    person_id: UUID
    space_id: UUID


class UnsubscribeTokens:
    """Signs and reads the tokens."""

    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeSerializer(
            secret, salt=_PURPOSE, signer_kwargs={"digest_method": hashlib.sha256}
        )

    def sign(self, of: Unsubscription) -> str:
        """Return the token, the same each time."""
        token: str = self._serializer.dumps([str(of.person_id), str(of.space_id)])
        return token

    def read(self, token: str) -> Unsubscription:
        """Return what the token says. Raises BadUnsubscribeToken."""
        try:
            person_id, space_id = self._serializer.loads(token)
            return Unsubscription(UUID(person_id), UUID(space_id))
        except (BadData, ValueError, TypeError, AttributeError) as problem:
            raise BadUnsubscribeToken(type(problem).__name__) from None
