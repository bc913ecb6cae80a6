"""Read models of the catalog: what its pages show."""

from typing import Any

from psycopg.types.json import Jsonb
from typing_extensions import override

from libs.events.envelope import Envelope
from libs.permissions.views import BanList
from libs.runtime.views.view import View, ViewCursor
from services.catalog.domain import AccessPass, CreatorProfile, Following, Space


class FollowerList(View):
    """Creator profiles and their followers."""

    name = "follower_list"
    tables = ("profile_list", "follower_list")
    ddl = """
        CREATE TABLE IF NOT EXISTS profile_list (
            profile_id uuid PRIMARY KEY,
            person_id  uuid NOT NULL UNIQUE
        );
        CREATE TABLE IF NOT EXISTS follower_list (
            profile_id uuid NOT NULL,
            person_id  uuid NOT NULL,
            PRIMARY KEY (profile_id, person_id)
        );
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        match event:
            case CreatorProfile.Opened():
                curs.execute(
                    "INSERT INTO profile_list VALUES (%s, %s)",
                    (event.originator_id, event.person_id),
                )
            case Following.Started() | Following.Resumed():
                curs.execute(
                    "INSERT INTO follower_list VALUES (%s, %s)",
                    (event.profile_id, event.person_id),
                )
            case Following.Stopped():
                curs.execute(
                    "DELETE FROM follower_list WHERE profile_id = %s AND person_id = %s",
                    (event.profile_id, event.person_id),
                )
            case _:
                pass


class SpaceList(View):
    """Spaces with their details and experiences."""

    name = "space_list"
    tables = ("space_list", "experience_list")
    ddl = """
        CREATE TABLE IF NOT EXISTS space_list (
            space_id    uuid PRIMARY KEY,
            slug        text NOT NULL UNIQUE,
            owner_id    uuid NOT NULL,
            name        text NOT NULL,
            description text NOT NULL,
            currency    text NOT NULL,
            time_zone   text NOT NULL,
            visibility  text NOT NULL,
            published   boolean NOT NULL,
            version     bigint NOT NULL
        );
        CREATE INDEX IF NOT EXISTS space_list_of_owner ON space_list (owner_id);
        CREATE TABLE IF NOT EXISTS experience_list (
            experience_id uuid PRIMARY KEY,
            space_id      uuid NOT NULL,
            slug          text NOT NULL,
            name          text NOT NULL,
            kind          text NOT NULL,
            added_as      bigint NOT NULL,
            UNIQUE (space_id, slug)
        );
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        if not isinstance(event, Space.Event | Space.Opened):
            return
        match event:
            case Space.Opened():
                curs.execute(
                    "INSERT INTO space_list VALUES (%s, %s, %s, %s, %s, %s, %s, %s, false, 1)",
                    (
                        event.originator_id,
                        event.slug,
                        event.owner_id,
                        event.name,
                        event.description,
                        event.currency,
                        event.time_zone,
                        event.visibility,
                    ),
                )
            case Space.DetailsChanged():
                curs.execute(
                    "UPDATE space_list SET name = %s, description = %s, time_zone = %s,"
                    " visibility = %s WHERE space_id = %s",
                    (
                        event.name,
                        event.description,
                        event.time_zone,
                        event.visibility,
                        event.originator_id,
                    ),
                )
            case Space.Published():
                curs.execute(
                    "UPDATE space_list SET published = true WHERE space_id = %s",
                    (event.originator_id,),
                )
            case Space.ExperienceAdded():
                curs.execute(
                    "INSERT INTO experience_list VALUES (%s, %s, %s, %s, %s, %s)",
                    (
                        event.experience_id,
                        event.originator_id,
                        event.slug,
                        event.name,
                        event.kind,
                        event.originator_version,
                    ),
                )
            case _:
                pass
        curs.execute(
            "UPDATE space_list SET version = %s WHERE space_id = %s",
            (event.originator_version, event.originator_id),
        )


class TeamList(View):
    """Team members and their roles."""

    name = "team_list"
    tables = ("team_list",)
    ddl = """
        CREATE TABLE IF NOT EXISTS team_list (
            space_id  uuid NOT NULL,
            person_id uuid NOT NULL,
            role      text NOT NULL,
            PRIMARY KEY (space_id, person_id)
        );
        CREATE INDEX IF NOT EXISTS team_list_of_person ON team_list (person_id);
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        match event:
            case Space.Opened():
                self._put(curs, event.originator_id, event.owner_id, "owner")
            case Space.TeamMemberAdded():
                self._put(curs, event.originator_id, event.person_id, event.role)
            case Space.TeamMemberRemoved():
                curs.execute(
                    "DELETE FROM team_list WHERE space_id = %s AND person_id = %s",
                    (event.originator_id, event.person_id),
                )
            case _:
                pass

    @staticmethod
    def _put(curs: ViewCursor, space_id: object, person_id: object, role: str) -> None:
        curs.execute(
            "INSERT INTO team_list VALUES (%s, %s, %s)"
            " ON CONFLICT (space_id, person_id) DO UPDATE SET role = excluded.role",
            (space_id, person_id, role),
        )


class PassList(View):
    """Passes as drafted and as last published.

    `status` is draft, published or archived. The second table lists the experiences that a
    published pass opens.
    """

    name = "pass_list"
    tables = ("pass_list", "pass_experience_list")
    ddl = """
        CREATE TABLE IF NOT EXISTS pass_list (
            pass_id        uuid PRIMARY KEY,
            space_id       uuid NOT NULL,
            slug           text NOT NULL,
            version        bigint NOT NULL,
            draft          jsonb NOT NULL,
            has_changes    boolean NOT NULL,
            published      jsonb,
            version_id     uuid,
            version_number integer NOT NULL,
            published_at   timestamptz,
            status         text NOT NULL,
            UNIQUE (space_id, slug)
        );
        CREATE INDEX IF NOT EXISTS pass_list_of_space ON pass_list (space_id, status);
        CREATE TABLE IF NOT EXISTS pass_experience_list (
            pass_id        uuid NOT NULL,
            experience_id  uuid NOT NULL,
            PRIMARY KEY (pass_id, experience_id)
        );
        CREATE INDEX IF NOT EXISTS pass_experience_list_of_experience
            ON pass_experience_list (experience_id);
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        match event:
            case AccessPass.Drafted():
                curs.execute(
                    "INSERT INTO pass_list VALUES"
                    " (%s, %s, %s, 1, %s, true, NULL, NULL, 0, NULL, 'draft')",
                    (event.originator_id, event.space_id, event.slug, _content(event)),
                )
            case AccessPass.DraftChanged():
                curs.execute(
                    "UPDATE pass_list SET version = %s, draft = %s, has_changes = true"
                    " WHERE pass_id = %s",
                    (event.originator_version, _content(event), event.originator_id),
                )
            case AccessPass.Published():
                self._publish(event, curs)
            case AccessPass.Archived():
                curs.execute(
                    "UPDATE pass_list SET version = %s, status = 'archived' WHERE pass_id = %s",
                    (event.originator_version, event.originator_id),
                )
            case _:
                pass

    @staticmethod
    def _publish(event: AccessPass.Published, curs: ViewCursor) -> None:
        curs.execute(
            "UPDATE pass_list SET version = %s, published = %s, has_changes = false,"
            " version_id = %s, version_number = %s, published_at = %s, status = 'published'"
            " WHERE pass_id = %s",
            (
                event.originator_version,
                _content(event),
                event.version_id,
                event.version_number,
                event.published_at,
                event.originator_id,
            ),
        )
        curs.execute("DELETE FROM pass_experience_list WHERE pass_id = %s", (event.originator_id,))
        curs.execute(
            "INSERT INTO pass_experience_list SELECT %s, unnest(%s::uuid[])",
            (event.originator_id, event.experience_ids),
        )


def _content(event: AccessPass.Drafted | AccessPass.DraftChanged | AccessPass.Published) -> Jsonb:
    content: dict[str, Any] = {
        "name": event.name,
        "description": event.description,
        "experience_ids": [str(each) for each in event.experience_ids],
        "terms": event.terms,
    }
    return Jsonb(content)


VIEWS = (FollowerList(), SpaceList(), TeamList(), BanList(), PassList())
