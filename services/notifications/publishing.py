"""Which private events become public, and as which contracts; each of them is listed."""

from typing import Final

from libs.events.notifications import NoticeDelivered
from libs.runtime.messaging.publishing import Publishing
from services.notifications.domain import Notice

to_contract: Final = Publishing()

to_contract.public(Notice.Delivered, NoticeDelivered, id_as="notice_id")

# Dropped and read notices are private.
to_contract.private(Notice.Requested, Notice.Dropped, Notice.Failed, Notice.Read)
