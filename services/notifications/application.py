"""Use cases of the notifications service: who is notified of what, and the outcome."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any, Final, Protocol
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Application

from services.notifications.domain import CHANNELS_OF, Channel, DropReason, Kind, Notice, Status

SEND_MAIL: Final = "send_mail"
"""The kind of job that mails a notice; its payload is {"notice_id": …}."""
FAN_OUT_LIVE: Final = "fan_out_live"
"""The kind of timer that notifies the next page of people of a live stream."""
LIVE_NOTICE_VALID_FOR: Final = timedelta(minutes=10)
PEOPLE_PER_PAGE: Final = 200
_NOBODY: Final = UUID(int=0)


class NoticeNotFound(Exception):
    """The person has no such notice."""


class MailRefused(Exception):
    """The mail server refused for good, with this code; a retry would not help."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Clock(Protocol):
    """A source of the present time."""

    def now(self) -> datetime: ...


class Schedule(Protocol):
    """Keeps work until it is done."""

    def at(self, kind: str, key: str, due_at: datetime, payload: Mapping[str, Any]) -> None:
        """Schedule work."""
        ...


class Mailer(Protocol):
    """Sends mail."""

    def send(self, mail: EmailMessage) -> None:
        """Hand over one mail. Raises MailRefused; any other exception means that it is retried."""
        ...


class Audience(Protocol):
    """Who may enter an experience, as access says."""

    def list_standing(
        self, experience_id: UUID, at: datetime, after: UUID, limit: int
    ) -> Sequence[UUID]:
        """Return the next people by id."""
        ...


@dataclass(frozen=True, slots=True)
class Names:
    """A thing's name and where its pages are; empty until the catalog has announced it."""

    name: str = ""
    slug: str = ""
    space_name: str = ""
    space_slug: str = ""


class Catalogue(Protocol):
    """Names of things, as the catalog announces them."""

    def names_of(self, of: UUID) -> Names:
        """Return the name of a pass or an experience, and its space."""
        ...


class OptOuts(Protocol):
    """Who wants no e-mail from which space."""

    def add(self, person_id: UUID, space_id: UUID, at: datetime) -> None:
        """Stop mails from a space; idempotent."""
        ...

    def remove(self, person_id: UUID, space_id: UUID) -> None:
        """Resume mails from a space."""
        ...


@dataclass(frozen=True, slots=True)
class News:
    """News about an event: its kind, and the facts for its text."""

    about_event_id: UUID
    kind: Kind
    url: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    space_id: UUID | None = None
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class Live:
    """A stream went live; `after` is the last person who was notified."""

    about_event_id: UUID
    experience_id: UUID
    space_id: UUID
    started_at: datetime
    after: UUID = _NOBODY


class Notifications(Application[UUID]):
    """The use cases of the notifications service."""

    def __init__(
        self,
        env: Mapping[str, str] | None = None,
        *,
        clock: Clock,
        schedule: Schedule,
        audience: Audience,
        catalogue: Catalogue,
        opt_outs: OptOuts,
    ) -> None:
        super().__init__(env)
        self.catalogue = catalogue
        self._clock = clock
        self._schedule = schedule
        self._audience = audience
        self._opt_outs = opt_outs

    def tell(self, person_ids: Iterable[UUID], *news: News) -> None:
        """Notify each person once per piece of news, on every channel of its kind, in one save.

        A notice appears in the app at once; its mail is scheduled. Late notices are dropped.
        """
        notices = [
            notice
            for person_id in person_ids
            for item in news
            for channel in CHANNELS_OF[item.kind]
            if (notice := self._new_notice(item, person_id, channel)) is not None
        ]
        for notice in notices:
            self._set_going(notice)
        self.save(*notices)

    def announce_live(self, live: Live) -> None:
        """Begin to notify everyone who may enter the experience that it is live."""
        page = {
            "about_event_id": str(live.about_event_id),
            "experience_id": str(live.experience_id),
            "space_id": str(live.space_id),
            "started_at": live.started_at.isoformat(),
            "after": str(live.after),
        }
        key = f"{live.about_event_id}/{live.after}"
        self._schedule.at(FAN_OUT_LIVE, key, self._clock.now(), page)

    def tell_live(self, live: Live) -> None:
        """Notify the next page of people, and schedule the page after it."""
        people = self._audience.list_standing(
            live.experience_id, self._clock.now(), live.after, PEOPLE_PER_PAGE
        )
        self.tell(people, self._news_of(live))
        if len(people) == PEOPLE_PER_PAGE:
            self.announce_live(replace(live, after=people[-1]))

    def get_notice(self, notice_id: UUID) -> Notice:
        """Return one notice. Raises NoticeNotFound."""
        try:
            notice: Notice = self.repository.get(notice_id)
        except AggregateNotFoundError:
            raise NoticeNotFound(notice_id) from None
        return notice

    def deliver_notice(self, notice_id: UUID) -> None:
        """Record that the mail server took it."""
        self._settle(notice_id, lambda notice, at: notice.deliver(at))

    def drop_notice(self, notice_id: UUID, reason: DropReason) -> None:
        """Record that it was dropped."""
        self._settle(notice_id, lambda notice, at: notice.drop(reason, at))

    def fail_notice(self, notice_id: UUID, code: int) -> None:
        """Record that the mail server refused it for good."""
        self._settle(notice_id, lambda notice, at: notice.fail(code, at))

    def read_notice(self, notice_id: UUID, person_id: UUID) -> datetime:
        """Record that the person read it; returns when they first did. Raises NoticeNotFound."""
        notice = self.get_notice(notice_id)
        is_theirs = notice.person_id == person_id and notice.channel is Channel.IN_APP
        if not is_theirs or notice.status is not Status.DELIVERED:
            raise NoticeNotFound(notice_id)
        notice.mark_read(self._clock.now())
        self.save(notice)
        return notice.read_at or self._clock.now()

    def stop_mail(self, person_id: UUID, space_id: UUID) -> None:
        """Stop mails from the space, except those about money."""
        self._opt_outs.add(person_id, space_id, self._clock.now())

    def resume_mail(self, person_id: UUID, space_id: UUID) -> None:
        """Resume mails from the space."""
        self._opt_outs.remove(person_id, space_id)

    def _new_notice(self, news: News, person_id: UUID, channel: Channel) -> Notice | None:
        notice_id = Notice.create_id(news.about_event_id, person_id, news.kind, channel)
        if notice_id in self.repository:
            return None
        return Notice(
            about_event_id=news.about_event_id,
            person_id=person_id,
            kind=str(news.kind),
            channel=str(channel),
            space_id=news.space_id,
            facts=dict(news.facts),
            url=news.url,
            not_after=news.not_after,
            at=self._clock.now(),
        )

    def _set_going(self, notice: Notice) -> None:
        now = self._clock.now()
        if notice.is_too_late(now):
            notice.drop(DropReason.TOO_LATE, now)
        elif notice.channel is Channel.IN_APP:
            notice.deliver(now)
        else:
            self._schedule.at(SEND_MAIL, str(notice.id), now, {"notice_id": str(notice.id)})

    def _news_of(self, live: Live) -> News:
        names = self.catalogue.names_of(live.experience_id)
        space = "/account/purchased_spaces"
        page = f"{space}/{names.space_slug}/experiences/{names.slug}/stream"
        return News(
            about_event_id=live.about_event_id,
            kind=Kind.LIVE_NOW,
            url=page if names.space_slug and names.slug else space,
            facts={
                "experience_name": names.name,
                "space_name": names.space_name,
                "started_at": live.started_at.isoformat(),
            },
            space_id=live.space_id,
            not_after=live.started_at + LIVE_NOTICE_VALID_FOR,
        )

    def _settle(self, notice_id: UUID, decide: Callable[[Notice, datetime], None]) -> None:
        notice = self.get_notice(notice_id)
        decide(notice, self._clock.now())
        self.save(notice)
