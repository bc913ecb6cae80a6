from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from libs.runtime.messaging.contacts import Contact
from libs.runtime.messaging.smtp import MailNotTaken
from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.scheduling.worker import Worker
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from services.notifications.application import MailRefused, Notifications
from services.notifications.domain import Channel, Kind, Notice, Status
from services.notifications.jobs import CONTACT_AWAITED_FOR, Jobs
from services.notifications.mails import Mails
from services.notifications.tests.builders import MINUTE, NOON, some_news
from services.notifications.tests.conftest import SECRET
from services.notifications.tests.fakes import Postbox
from services.notifications.texts import Texts
from services.notifications.unsubscribe_tokens import UnsubscribeTokens

ADA = Contact(email="ada@example.org", display_name="Ada", locale="en")
DAY = timedelta(days=1)


class Office:
    """The jobs on a real schedule, with a mailbox and an address book."""

    def __init__(self, store: Store[Notifications], clock: FixedClock) -> None:
        self.store, self.clock = store, clock
        self.postbox, self.person = Postbox(), uuid4()
        self.contacts: dict[UUID, Contact] = {self.person: ADA}
        mails = Mails("http://localhost:8000", "hi@localhost", Texts(), UnsubscribeTokens(SECRET))
        jobs = Jobs(store, mails, self.postbox, self.contacts.get)
        self.worker = Worker(store, {}, jobs.by_kind())

    def told(self, kind: Kind = Kind.RECEIPT, **fields: object) -> Callable[[], Notice]:
        news = some_news(kind, **fields)
        app = self.store.application
        self.store.work(Cause(uuid4()), lambda: app.tell([self.person], news))
        mail = Notice.create_id(news.about_event_id, self.person, kind, Channel.EMAIL)
        return lambda: self.store.query(lambda _: app.get_notice(mail))

    def because(self, notice: Notice) -> str:
        sql = "SELECT because FROM notice_list WHERE notice_id = %s"
        return self.store.query(lambda c: c.execute(sql, (notice.id,)).fetchone()["because"])

    def last_error(self) -> str:
        sql = "SELECT last_error FROM schedule"
        return self.store.query(lambda c: c.execute(sql).fetchone()["last_error"])


@pytest.fixture
def office(store: Store[Notifications], clock: FixedClock) -> Office:
    return Office(store, clock)


async def test_a_mail_is_sent_once_and_its_delivery_recorded(office: Office) -> None:
    notice = office.told()

    worked = [await office.worker.run_due() for _ in range(2)]

    assert worked == [1, 0]
    assert [mail["To"] for mail in office.postbox.mails] == ["ada@example.org"]
    assert notice().status is Status.DELIVERED


async def test_repeated_job_after_its_outcome_sends_nothing(
    office: Office, clock: FixedClock
) -> None:
    notice = office.told()
    await office.worker.run_due()
    payload = {"notice_id": str(notice().id)}
    schedule = office.store.schedule
    office.store.work(Cause(uuid4()), lambda: schedule.at("send_mail", "again", NOON, payload))

    await office.worker.run_due()

    assert len(office.postbox.mails) == 1


async def test_a_server_that_is_away_is_tried_again_until_it_takes_the_mail(
    office: Office, clock: FixedClock
) -> None:
    notice = office.told()
    office.postbox.faults = [MailNotTaken("gone"), MailNotTaken("gone")]

    for _ in range(3):
        await office.worker.run_due()
        clock.advance(MINUTE)

    assert len(office.postbox.mails) == 1
    assert notice().status is Status.DELIVERED


async def test_repeat_after_a_crash_has_the_same_message_id(
    office: Office, clock: FixedClock
) -> None:
    notice = office.told()
    send = office.worker._jobs["send_mail"]

    send({"notice_id": str(notice().id)})  # what it decides is never recorded
    await office.worker.run_due()

    first, second = office.postbox.mails
    assert first["Message-ID"] == second["Message-ID"] == f"<{notice().id}@localhost>"
    assert notice().status is Status.DELIVERED


async def test_a_refusal_for_good_is_recorded_with_its_code(office: Office) -> None:
    notice = office.told()
    office.postbox.faults = [MailRefused(550)]

    await office.worker.run_due()

    assert (notice().status, office.because(notice())) == (Status.FAILED, "550")


async def test_a_contact_that_is_not_there_yet_is_waited_for(
    office: Office, clock: FixedClock
) -> None:
    office.contacts.clear()
    notice = office.told()

    await office.worker.run_due()
    waiting, error = notice().status, office.last_error()
    office.contacts[office.person] = ADA
    clock.advance(MINUTE)
    await office.worker.run_due()

    assert waiting is Status.REQUESTED
    assert "ContactNotThereYet" in error
    assert "ada" not in error
    assert notice().status is Status.DELIVERED


async def test_a_contact_that_never_comes_is_given_up(office: Office, clock: FixedClock) -> None:
    office.contacts.clear()
    notice = office.told()
    clock.advance(CONTACT_AWAITED_FOR)

    await office.worker.run_due()

    assert (notice().status, office.because(notice())) == (Status.DROPPED, "no_contact")


async def test_a_live_notice_that_waited_too_long_is_dropped(
    office: Office, clock: FixedClock
) -> None:
    notice = office.told(Kind.LIVE_NOW, not_after=NOON + 10 * MINUTE)
    office.postbox.faults = [MailNotTaken("gone")]
    await office.worker.run_due()
    clock.advance(10 * MINUTE + timedelta(seconds=1))

    await office.worker.run_due()

    assert office.postbox.mails == []
    assert (notice().status, office.because(notice())) == (Status.DROPPED, "too_late")


@pytest.mark.parametrize(
    ("kind", "sent"), [(Kind.RECEIPT, 1), (Kind.REFUND, 1), (Kind.WELCOME, 0), (Kind.LIVE_NOW, 0)]
)
async def test_unsubscribed_person_still_gets_mails_about_money(
    office: Office, kind: Kind, sent: int
) -> None:
    space = uuid4()
    app = office.store.application
    office.store.work(Cause(uuid4()), lambda: app.stop_mail(office.person, space))
    notice = office.told(kind, space_id=space)

    await office.worker.run_due()

    assert len(office.postbox.mails) == sent
    assert notice().status is (Status.DELIVERED if sent else Status.DROPPED)
