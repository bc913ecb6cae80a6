"""Which private events become public, and as which contracts; each of them is listed."""

from typing import Final

from libs.events.identity import NewBrowserSignedIn, PersonRegistered
from libs.runtime.messaging.publishing import Publishing
from services.identity.domain import Person, Session

to_contract: Final = Publishing()

to_contract.public(Person.Registered, PersonRegistered, id_as="person_id")
to_contract.public(Session.FoundInNewBrowser, NewBrowserSignedIn, id_as="session_id")

# Other sessions are private.
to_contract.private(Session.Started, Session.Ended)
