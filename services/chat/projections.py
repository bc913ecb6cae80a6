"""Read models of the chat service, written in the transaction of the events they show."""

from uuid import UUID

from typing_extensions import override

from libs.events.envelope import Envelope
from libs.runtime.views.view import View, ViewCursor
from services.chat.domain import Channel, Membership


class SeatList(View):
    """Who is wanted in which channel, as what, and what the provider has confirmed.

    `wish` and `seated_as` are roles, NULL for out; `request` is the latest request to the provider.
    """

    name = "seat_list"
    tables = ("seat_list",)
    ddl = """
        CREATE TABLE IF NOT EXISTS seat_list (
            membership_id uuid PRIMARY KEY,
            person_id uuid NOT NULL,
            experience_id uuid NOT NULL,
            request integer NOT NULL DEFAULT 0,
            wish text,
            seated_as text,
            UNIQUE (person_id, experience_id)
        );
        CREATE INDEX IF NOT EXISTS seat_list_of_channel ON seat_list (experience_id)
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        match event:
            case Membership.Opened():
                curs.execute(
                    "INSERT INTO seat_list (membership_id, person_id, experience_id)"
                    " VALUES (%s, %s, %s)",
                    (about.entity_id, event.person_id, event.experience_id),
                )
            case Membership.JoinRequested():
                self._wish(curs, about.entity_id, event.request, event.role)
            case Membership.LeaveRequested():
                self._wish(curs, about.entity_id, event.request, None)
            case Membership.Joined() | Membership.RoleChanged():
                self._seat(curs, about.entity_id, event.role)
            case Membership.Left():
                self._seat(curs, about.entity_id, None)
            case _:
                pass

    def _wish(self, curs: ViewCursor, membership_id: UUID, request: int, role: str | None) -> None:
        curs.execute(
            "UPDATE seat_list SET request = %s, wish = %s WHERE membership_id = %s",
            (request, role, membership_id),
        )

    def _seat(self, curs: ViewCursor, membership_id: UUID, role: str | None) -> None:
        curs.execute(
            "UPDATE seat_list SET seated_as = %s WHERE membership_id = %s",
            (role, membership_id),
        )


class ChannelList(View):
    """The channels: one per experience, with its name, and whether the provider has it."""

    name = "channel_list"
    tables = ("channel_list",)
    ddl = """
        CREATE TABLE IF NOT EXISTS channel_list (
            experience_id uuid PRIMARY KEY,
            space_id uuid NOT NULL,
            name text NOT NULL,
            open boolean NOT NULL DEFAULT false
        )
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        match event:
            case Channel.Requested():
                curs.execute(
                    "INSERT INTO channel_list (experience_id, space_id, name) VALUES (%s, %s, %s)",
                    (event.experience_id, event.space_id, event.name),
                )
            case Channel.Opened():
                curs.execute(
                    "UPDATE channel_list SET open = true WHERE experience_id = %s",
                    (event.experience_id,),
                )
            case _:
                pass


VIEWS = (SeatList(), ChannelList())
