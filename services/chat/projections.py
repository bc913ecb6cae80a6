"""Read models of the chat service, written in the transaction of the events they show."""

from uuid import UUID

from typing_extensions import override

from libs.events.envelope import Envelope
from libs.runtime.views.view import View, ViewCursor
from services.chat.domain import Channel, ChannelMember


class ChannelMemberList(View):
    """The wanted and the confirmed role of each person in each channel.

    `wanted_role` and `confirmed_role` are NULL for people who are out; `request` is the number of
    the latest request to the provider.
    """

    name = "channel_member_list"
    tables = ("channel_member_list",)
    ddl = """
        CREATE TABLE IF NOT EXISTS channel_member_list (
            member_id uuid PRIMARY KEY,
            person_id uuid NOT NULL,
            experience_id uuid NOT NULL,
            request integer NOT NULL DEFAULT 0,
            wanted_role text,
            confirmed_role text,
            UNIQUE (person_id, experience_id)
        );
        CREATE INDEX IF NOT EXISTS channel_member_list_of_channel
            ON channel_member_list (experience_id)
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        match event:
            case ChannelMember.Opened():
                curs.execute(
                    "INSERT INTO channel_member_list (member_id, person_id, experience_id)"
                    " VALUES (%s, %s, %s)",
                    (about.entity_id, event.person_id, event.experience_id),
                )
            case ChannelMember.JoinRequested():
                self._request(curs, about.entity_id, event.request, event.role)
            case ChannelMember.LeaveRequested():
                self._request(curs, about.entity_id, event.request, None)
            case ChannelMember.Joined() | ChannelMember.RoleChanged():
                self._confirm(curs, about.entity_id, event.role)
            case ChannelMember.Left():
                self._confirm(curs, about.entity_id, None)
            case _:
                pass

    def _request(self, curs: ViewCursor, member_id: UUID, request: int, role: str | None) -> None:
        curs.execute(
            "UPDATE channel_member_list SET request = %s, wanted_role = %s WHERE member_id = %s",
            (request, role, member_id),
        )

    def _confirm(self, curs: ViewCursor, member_id: UUID, role: str | None) -> None:
        curs.execute(
            "UPDATE channel_member_list SET confirmed_role = %s WHERE member_id = %s",
            (role, member_id),
        )


class ChannelList(View):
    """The channel of each experience, and whether the provider has it."""

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


VIEWS = (ChannelMemberList(), ChannelList())
