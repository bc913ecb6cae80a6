"""Mails that a stored notice asked for."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from libs.runtime.messaging.contacts import Contact
from libs.runtime.scheduling.schedule import Job
from libs.runtime.store.store import Store
from services.notifications import queries
from services.notifications.application import SEND_MAIL, Mailer, MailRefused, Notifications
from services.notifications.domain import DropReason, Notice
from services.notifications.mails import Letter, Mails, Reader

CONTACT_AWAITED_FOR: Final = timedelta(days=3)

ContactOf = Callable[[UUID], Contact | None]
"""Finds a person in the contact bucket, at the moment of sending."""


class ContactNotThereYet(Exception):
    """The contact bucket does not know the person yet."""


class Jobs:
    """The jobs of the service."""

    def __init__(
        self,
        store: Store[Notifications],
        mails: Mails,
        mailer: Mailer,
        contact_of: ContactOf,
    ) -> None:
        self._store = store
        self._mails = mails
        self._mailer = mailer
        self._contact_of = contact_of

    def by_kind(self) -> Mapping[str, Job]:
        """Return the jobs by the kind of their schedule entries."""
        return {SEND_MAIL: self.send_mail}

    def send_mail(self, payload: Mapping[str, Any]) -> Callable[[], None] | None:
        """Mail a notice and record its outcome; `libs.runtime.messaging.smtp` states SMTP's limits.

        The job waits up to three days for a person who is not in the contact bucket yet.
        """
        app = self._store.application
        notice_id = UUID(payload["notice_id"])
        notice, opted_out = self._store.query(lambda curs: self._look_up(curs, notice_id))
        if not notice.is_open:
            return None
        reason = self._reason_to_drop(notice, opted_out=opted_out)
        if reason is not None:
            return partial(app.drop_notice, notice_id, reason)
        contact = self._contact_of(notice.person_id)
        if contact is None:
            return self._without_contact(notice)
        reader = Reader(contact.email, contact.display_name, contact.locale)
        mail = self._mails.write(_letter(notice), reader, self._store.clock.now())
        try:
            self._mailer.send(mail)
        except MailRefused as refused:
            return partial(app.fail_notice, notice_id, refused.code)
        return partial(app.deliver_notice, notice_id)

    def _look_up(self, curs: Any, notice_id: UUID) -> tuple[Notice, bool]:
        notice = self._store.application.get_notice(notice_id)
        space_id = notice.space_id
        opted_out = space_id is not None and queries.is_opted_out(curs, notice.person_id, space_id)
        return notice, opted_out

    def _reason_to_drop(self, notice: Notice, *, opted_out: bool) -> DropReason | None:
        if notice.is_too_late(self._store.clock.now()):
            return DropReason.TOO_LATE
        if opted_out and not notice.is_mandatory:
            return DropReason.OPTED_OUT
        return None

    def _without_contact(self, notice: Notice) -> Callable[[], None]:
        if self._store.clock.now() < notice.requested_at + CONTACT_AWAITED_FOR:
            raise ContactNotThereYet(notice.person_id)
        app = self._store.application
        return partial(app.drop_notice, notice.id, DropReason.NO_CONTACT)


def _letter(notice: Notice) -> Letter:
    return Letter(
        notice_id=notice.id,
        kind=notice.kind,
        facts=notice.facts,
        url=notice.url,
        person_id=notice.person_id,
        unsubscribe_from=None if notice.is_mandatory else notice.space_id,
    )
