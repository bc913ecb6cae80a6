"""Calls that a stored decision asked for: mail a code, write an address into the bucket."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol
from uuid import UUID

from libs.runtime.messaging.smtp import MailRefused, SmtpServer
from libs.runtime.scheduling.schedule import Job
from libs.runtime.store.store import Store
from services.identity.application import (
    COMPARE_CONTACTS,
    MAIL_SIGN_IN_CODE,
    PUT_CONTACT,
    REFILL_CONTACTS,
    Identity,
)
from services.identity.domain import CODE_VALID_FOR, PersonNotFound
from services.identity.keyed_hashing import KeyedHashing
from services.identity.mails import Mails
from services.identity.queries import (
    CodeToMail,
    Profile,
    count_people,
    get_code_to_mail,
    get_profile,
    list_profiles_after,
)

logger = logging.getLogger(__name__)

REFILL_PAGE: Final = 500


class ContactBucket(Protocol):
    """The contact bucket, in which other services look people up."""

    def put(self, profile: Profile) -> None:
        """Store how to reach a person."""
        ...

    def count(self) -> int:
        """Return how many people it knows."""
        ...


class Jobs:
    """The jobs of the service."""

    def __init__(
        self,
        store: Store[Identity],
        hashing: KeyedHashing,
        mails: Mails,
        smtp: SmtpServer,
        bucket: ContactBucket,
    ) -> None:
        self._store = store
        self._hashing = hashing
        self._mails = mails
        self._smtp = smtp
        self._bucket = bucket

    def by_kind(self) -> dict[str, Job]:
        """Return every job by the kind of its schedule entries."""
        return {
            MAIL_SIGN_IN_CODE: self.mail_sign_in_code,
            PUT_CONTACT: self.put_contact,
            REFILL_CONTACTS: self.refill_contacts,
            COMPARE_CONTACTS: self.compare_contacts,
        }

    def mail_sign_in_code(self, payload: Mapping[str, Any]) -> Callable[[], None] | None:
        """Mail a code if it is still useful. A final refusal of the server is recorded and not
        retried.

        After a lost answer of the SMTP server the mail goes out again: the same code in the same
        mail, because the code is derived from its request.
        """
        request_id = UUID(payload["request_id"])
        asked = self._store.query(lambda curs: get_code_to_mail(curs, request_id))
        if asked is None or not self._is_of_use(asked):
            return None
        code = self._hashing.code_of(request_id)
        try:
            mail = self._mails.sign_in_code(asked.address, asked.locale, code, request_id)
            self._smtp.send(mail)
        except MailRefused as refused:
            smtp_code = refused.code
            logger.warning(
                "The mail server refused the mail of code %s for good: %d", request_id, smtp_code
            )
            return lambda: self._store.application.note_refused_mail(request_id, smtp_code)
        return None

    def _is_of_use(self, asked: CodeToMail) -> bool:
        expired = self._store.clock.now() >= asked.asked_at + CODE_VALID_FOR
        return asked.is_newest and not asked.is_used and not expired

    def put_contact(self, payload: Mapping[str, Any]) -> None:
        """Write how a person is reached now into the bucket."""
        person_id = UUID(payload["person_id"])
        try:
            profile = self._store.query(lambda curs: get_profile(curs, person_id))
        except PersonNotFound:
            return
        self._bucket.put(profile)

    def compare_contacts(self, payload: Mapping[str, Any]) -> Callable[[], None]:
        """Check whether the bucket lost people, with NATS's disk or by a restore."""
        known = self._store.query(count_people)
        lost = self._bucket.count() < known
        return lambda: self._store.application.compare_contacts_again(refill=lost)

    def refill_contacts(self, payload: Mapping[str, Any]) -> Callable[[], None]:
        """Write a page of people into the bucket, which may have been lost with NATS."""
        after = UUID(payload["after"])
        people = self._store.query(lambda curs: list_profiles_after(curs, after, REFILL_PAGE))
        for profile in people:
            self._bucket.put(profile)
        identity = self._store.application
        if len(people) < REFILL_PAGE:
            return identity.rest_from_refilling
        return lambda: identity.refill_contacts_after(people[-1].person_id)
