"""Public events of the identity service, which never carry addresses or names."""

from typing import ClassVar
from uuid import UUID

from libs.events.contract import Contract


class PersonRegistered(Contract):
    """A person signed in for the first time; the contact bucket has their address."""

    type: ClassVar[str] = "identity.person_registered.v1"
    person_id: UUID


class NewBrowserSignedIn(Contract):
    """Somebody signed in to an account with a browser that is new to it."""

    type: ClassVar[str] = "identity.new_browser_signed_in.v1"
    session_id: UUID
    person_id: UUID
