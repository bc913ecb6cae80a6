from uuid import uuid4

from libs.events.notifications import NoticeDelivered
from services.notifications.domain import Channel, DropReason, Notice
from services.notifications.publishing import to_contract
from services.notifications.tests.builders import a_service, some_news

PRIVATE = {Notice.Requested, Notice.Dropped, Notice.Failed, Notice.Read}


def test_every_domain_event_is_declared_and_delivery_alone_is_public() -> None:
    declared = set(to_contract.registry) - {object}

    assert declared == PRIVATE | {Notice.Delivered}


def test_delivered_notice_is_published_for_each_channel() -> None:
    app, person, news = a_service(), uuid4(), some_news()
    app.tell([person], news)
    in_app, mail = (
        Notice.create_id(news.about_event_id, person, news.kind, channel) for channel in Channel
    )
    app.drop_notice(mail, DropReason.OPTED_OUT)
    app.read_notice(in_app, person)

    told = [to_contract(e) for notice_id in (in_app, mail) for e in app.events.get(notice_id)]

    assert [contract for contract in told if contract is not None] == [
        NoticeDelivered(
            notice_id=in_app,
            person_id=person,
            kind="receipt",
            channel="in_app",
            about_event_id=news.about_event_id,
        )
    ]
    assert len(told) == 5
