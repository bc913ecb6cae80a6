from datetime import timedelta
from uuid import uuid4

import pytest

from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.scheduling.schedule import MemorySchedule
from services.notifications.application import (
    FAN_OUT_LIVE,
    PEOPLE_PER_PAGE,
    SEND_MAIL,
    Live,
    NoticeNotFound,
    Notifications,
)
from services.notifications.domain import Channel, DropReason, Kind, Notice, Status
from services.notifications.tests.builders import MINUTE, NOON, a_service, named, some_news
from services.notifications.tests.fakes import Shelf
from services.notifications.timers import on_fan_out_live


def told(app: Notifications, news: object, person: object, channel: Channel) -> Notice:
    return app.get_notice(Notice.create_id(news.about_event_id, person, news.kind, channel))


def test_the_app_shows_it_at_once_and_the_mail_is_put_on_the_schedule() -> None:
    schedule = MemorySchedule()
    app, person, news = a_service(schedule=schedule), uuid4(), some_news()

    app.tell([person], news)

    in_app, mail = (told(app, news, person, channel) for channel in Channel)
    assert (in_app.status, mail.status) == (Status.DELIVERED, Status.REQUESTED)
    (entry,) = schedule.entries
    assert (entry.kind, entry.payload) == (SEND_MAIL, {"notice_id": str(mail.id)})


def test_redelivered_event_makes_one_notice_per_channel() -> None:
    schedule = MemorySchedule()
    app, person, news = a_service(schedule=schedule), uuid4(), some_news()

    app.tell([person], news)
    stored = app.recorder.max_notification_id()
    schedule.entries.clear()
    app.tell([person], news)

    assert app.recorder.max_notification_id() == stored == 3
    assert schedule.entries == []


def test_late_notice_is_dropped_with_its_reason() -> None:
    clock, schedule = FixedClock(NOON), MemorySchedule()
    app, person = a_service(clock, schedule), uuid4()
    news = some_news(Kind.LIVE_NOW, not_after=NOON + 10 * MINUTE)
    clock.advance(11 * MINUTE)

    app.tell([person], news)

    dropped = [told(app, news, person, channel) for channel in Channel]
    assert {notice.status for notice in dropped} == {Status.DROPPED}
    reasons = [e.reason for n in dropped for e in app.events.get(n.id) if type(e) is Notice.Dropped]
    assert reasons == [DropReason.TOO_LATE] * 2
    assert schedule.entries == []


def a_live_stream(shelf: Shelf) -> Live:
    live = Live(uuid4(), uuid4(), uuid4(), NOON)
    shelf.names[live.experience_id] = named("Rehearsals", "rehearsals")
    return live


@pytest.mark.parametrize(
    "people", [0, 1, PEOPLE_PER_PAGE - 1, PEOPLE_PER_PAGE, 2 * PEOPLE_PER_PAGE + 3]
)
def test_everyone_with_access_gets_one_live_notice(people: int) -> None:
    schedule, shelf = MemorySchedule(), Shelf([uuid4() for _ in range(people)])
    app, live = a_service(schedule=schedule, shelf=shelf), a_live_stream(shelf)

    app.announce_live(live)
    pages = 0
    while due := [entry for entry in schedule.entries if entry.kind == FAN_OUT_LIVE]:
        schedule.cancel(due[0].kind, due[0].key)
        on_fan_out_live(due[0].payload, app)
        pages += 1

    mails = [entry for entry in schedule.entries if entry.kind == SEND_MAIL]
    assert len(mails) == people
    assert pages == people // PEOPLE_PER_PAGE + 1
    keys = [(live.about_event_id, p, "live_now", "in_app") for p in shelf.people]
    assert all(app.get_notice(Notice.create_id(*k)).status is Status.DELIVERED for k in keys)


def test_the_live_notice_names_the_experience_and_leads_to_its_stream() -> None:
    shelf = Shelf([uuid4()])
    app, live = a_service(shelf=shelf), a_live_stream(shelf)

    app.tell_live(live)

    key = (live.about_event_id, shelf.people[0], "live_now", "in_app")
    notice = app.get_notice(Notice.create_id(*key))
    assert notice.url == "/account/purchased_spaces/studio/experiences/rehearsals/stream"
    assert notice.facts["experience_name"] == "Rehearsals"
    assert notice.not_after == NOON + timedelta(minutes=10)


def test_an_experience_of_unknown_name_leads_to_the_member_area() -> None:
    shelf = Shelf([uuid4()])
    app, live = a_service(shelf=shelf), Live(uuid4(), uuid4(), uuid4(), NOON)

    app.tell_live(live)

    key = (live.about_event_id, shelf.people[0], "live_now", "email")
    assert app.get_notice(Notice.create_id(*key)).url == "/account/purchased_spaces"


def test_a_notice_is_read_by_its_person_alone() -> None:
    clock = FixedClock(NOON)
    app, person, news = a_service(clock), uuid4(), some_news()
    app.tell([person], news)
    in_app, mail = (told(app, news, person, channel).id for channel in Channel)

    first = app.read_notice(in_app, person)
    clock.advance(MINUTE)
    again = app.read_notice(in_app, person)

    assert first == again == NOON
    for notice_id, reader in [(in_app, uuid4()), (mail, person), (uuid4(), person)]:
        with pytest.raises(NoticeNotFound):
            app.read_notice(notice_id, reader)


def test_outcome_of_a_mail_is_recorded_once() -> None:
    app, person, news = a_service(), uuid4(), some_news()
    app.tell([person], news)
    mail = told(app, news, person, Channel.EMAIL).id

    app.deliver_notice(mail)
    app.fail_notice(mail, 550)
    app.drop_notice(mail, DropReason.NO_CONTACT)

    assert [type(e) for e in app.events.get(mail)] == [Notice.Requested, Notice.Delivered]


def test_mail_of_a_space_is_stopped_and_resumed() -> None:
    shelf = Shelf()
    app, person, space = a_service(shelf=shelf), uuid4(), uuid4()

    app.stop_mail(person, space)
    stopped = set(shelf.opted_out)
    app.resume_mail(person, space)

    assert (stopped, shelf.opted_out) == ({(person, space)}, set())
