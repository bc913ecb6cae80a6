"""Which private events become public, and as which contracts; each of them is listed."""

from typing import Final

from libs.events.access import BanLifted, GrantExpired, GrantIssued, GrantRevoked, PersonBanned
from libs.runtime.messaging.publishing import Publishing
from services.access.domain import Ban, Grant, Source

to_contract: Final = Publishing()

# A grant that is open again, or has another window, is issued again under its id.
for issued in (Grant.Issued, Grant.Reinstated, Grant.WindowMoved):
    to_contract.public(issued, GrantIssued, id_as="grant_id")
to_contract.public(Grant.Revoked, GrantRevoked, id_as="grant_id")
to_contract.public(Grant.Expired, GrantExpired, id_as="grant_id")
to_contract.public(Ban.Banned, PersonBanned)
to_contract.public(Ban.Lifted, BanLifted)

# The grants announce what becomes of a source.
to_contract.private(Source.Opened, Source.Updated, Source.MarkedLost, Ban.Opened)
