"""The token in the unsubscribe link of a mail: says who wants no more mail from which space.

It never expires, since mails are kept for years, and it opens nothing else: its key is derived
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
    """Who, from which space."""

    person_id: UUID
    space_id: UUID


class UnsubscribeTokens:
    """Signs and reads the tokens."""

    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeSerializer(
            secret, salt=_PURPOSE, signer_kwargs={"digest_method": hashlib.sha256}
        )

    def sign(self, of: Unsubscription) -> str:
        """The token; the same one each time."""
        token: str = self._serializer.dumps([str(of.person_id), str(of.space_id)])
        return token

    def read(self, token: str) -> Unsubscription:
        """Who the token speaks of. Raises BadUnsubscribeToken."""
        try:
            person_id, space_id = self._serializer.loads(token)
            return Unsubscription(UUID(person_id), UUID(space_id))
        except (BadData, ValueError, TypeError, AttributeError) as problem:
            raise BadUnsubscribeToken(type(problem).__name__) from None
