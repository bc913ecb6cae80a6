"""Read models of the notifications service: the notices, and its replicas of others."""

from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb
from typing_extensions import override

from libs.events.access import BanLifted, GrantIssued, GrantRevoked, PersonBanned
from libs.events.catalog import ExperienceAdded, PassPublished, SpaceCreated, SpacePublished
from libs.events.envelope import Envelope
from libs.runtime.views.view import View, ViewCursor
from services.notifications.domain import Notice, Status


class NoticeList(View):
    """Every notice with its outcome; the app shows the delivered ones of its channel."""

    name = "notice_list"
    tables = ("notice_list",)
    ddl = """
        CREATE TABLE IF NOT EXISTS notice_list (
            notice_id uuid PRIMARY KEY,
            about_event_id uuid NOT NULL,
            person_id uuid NOT NULL,
            kind text NOT NULL,
            channel text NOT NULL,
            facts jsonb NOT NULL,
            url text NOT NULL,
            created_at timestamptz NOT NULL,
            status text NOT NULL,
            because text,
            settled_at timestamptz,
            read_at timestamptz
        );
        CREATE INDEX IF NOT EXISTS notice_list_of_person
            ON notice_list (person_id, created_at DESC, notice_id)
            WHERE channel = 'in_app' AND status = 'delivered';
        CREATE INDEX IF NOT EXISTS notice_list_unread
            ON notice_list (person_id)
            WHERE channel = 'in_app' AND status = 'delivered' AND read_at IS NULL;
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        match event:
            case Notice.Requested():
                self._add(event, curs)
            case Notice.Delivered():
                self._settle(curs, event, Status.DELIVERED, None)
            case Notice.Dropped():
                self._settle(curs, event, Status.DROPPED, event.reason)
            case Notice.Failed():
                self._settle(curs, event, Status.FAILED, str(event.code))
            case Notice.Read():
                curs.execute(
                    "UPDATE notice_list SET read_at = %s WHERE notice_id = %s",
                    (event.at, event.originator_id),
                )
            case _:
                pass

    def _add(self, requested: Notice.Requested, curs: ViewCursor) -> None:
        curs.execute(
            "INSERT INTO notice_list (notice_id, about_event_id, person_id, kind, channel, facts,"
            " url, created_at, status) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                requested.originator_id,
                requested.about_event_id,
                requested.person_id,
                requested.kind,
                requested.channel,
                Jsonb(requested.facts),
                requested.url,
                requested.at,
                Status.REQUESTED,
            ),
            prepare=True,
        )

    def _settle(
        self,
        curs: ViewCursor,
        event: Notice.Delivered | Notice.Dropped | Notice.Failed,
        status: Status,
        because: str | None,
    ) -> None:
        curs.execute(
            "UPDATE notice_list SET status = %s, because = %s, settled_at = %s"
            " WHERE notice_id = %s",
            (status, because, event.at, event.originator_id),
            prepare=True,
        )


class AudienceList(View):
    """Grants, as access announced them.

    A revoked grant may be issued again: of a grant's events the latest version wins.
    """

    name = "audience_list"
    tables = ("audience_list",)
    subscriptions = (GrantIssued, GrantRevoked)
    ddl = """
        CREATE TABLE IF NOT EXISTS audience_list (
            grant_id uuid PRIMARY KEY,
            experience_id uuid NOT NULL,
            space_id uuid NOT NULL,
            person_id uuid NOT NULL,
            valid_from timestamptz,
            valid_until timestamptz,
            revoked boolean NOT NULL,
            version bigint NOT NULL
        );
        CREATE INDEX IF NOT EXISTS audience_list_of_experience
            ON audience_list (experience_id, person_id) WHERE NOT revoked;
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        window: tuple[datetime | None, datetime | None, bool]
        match event:
            case GrantIssued():
                window = (event.valid_from, event.valid_until, False)
            case GrantRevoked():
                window = (None, None, True)
            case _:
                return
        curs.execute(
            "INSERT INTO audience_list AS a VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (grant_id) DO UPDATE SET valid_from = excluded.valid_from,"
            " valid_until = excluded.valid_until, revoked = excluded.revoked,"
            " version = excluded.version WHERE a.version < excluded.version",
            (
                event.grant_id,
                event.experience_id,
                event.space_id,
                event.person_id,
                *window,
                about.entity_version,
            ),
        )


class BannedList(View):
    """Bans, as access announced them."""

    name = "banned_list"
    tables = ("banned_list",)
    subscriptions = (PersonBanned, BanLifted)
    ddl = """
        CREATE TABLE IF NOT EXISTS banned_list (
            person_id uuid NOT NULL,
            space_id uuid NOT NULL,
            stands boolean NOT NULL,
            version bigint NOT NULL,
            PRIMARY KEY (person_id, space_id)
        )
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        if isinstance(event, PersonBanned | BanLifted):
            stands = isinstance(event, PersonBanned)
            curs.execute(
                "INSERT INTO banned_list AS b VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (person_id, space_id) DO UPDATE"
                " SET stands = excluded.stands, version = excluded.version"
                " WHERE b.version < excluded.version",
                (event.person_id, event.space_id, stands, about.entity_version),
            )


class NameList(View):
    """Names of spaces, experiences and passes, as the catalog announced them; `of_id` is the
    space."""

    name = "name_list"
    tables = ("name_list",)
    subscriptions = (SpaceCreated, SpacePublished, ExperienceAdded, PassPublished)
    ddl = """
        CREATE TABLE IF NOT EXISTS name_list (
            id uuid PRIMARY KEY,
            of_id uuid,
            slug text NOT NULL,
            name text NOT NULL,
            version bigint NOT NULL
        )
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        named: tuple[UUID, UUID | None, str, str]
        match event:
            case SpaceCreated() | SpacePublished():
                named = (event.space_id, None, event.slug, event.name)
            case ExperienceAdded():
                named = (event.experience_id, event.space_id, event.slug, event.name)
            case PassPublished():
                named = (event.pass_id, event.space_id, event.slug, event.name)
            case _:
                return
        curs.execute(
            "INSERT INTO name_list AS n VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, name = excluded.name,"
            " version = excluded.version WHERE n.version < excluded.version",
            (*named, about.entity_version),
        )


VIEWS = (NoticeList(), AudienceList(), BannedList(), NameList())
