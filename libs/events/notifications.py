"""Public events of the notifications service."""

from typing import ClassVar
from uuid import UUID

from libs.events.contract import Contract


class NoticeDelivered(Contract):
    """A person received a notice on one channel (in_app or email).

    `about_event_id` is the event that the notice is about; `kind` is its template (receipt,
    welcome, …).
    """

    type: ClassVar[str] = "notifications.notice_delivered.v1"
    notice_id: UUID
    person_id: UUID
    kind: str
    channel: str
    about_event_id: UUID
