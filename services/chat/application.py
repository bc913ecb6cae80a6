"""Use cases of the chat service: load, decide, save, and ask the provider by a job."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import Aggregate

from services.chat.domain import (
    Channel,
    Membership,
    Purchase,
    RequestOutdated,
    Role,
    Team,
)

PREPARE = "prepare"
OPEN_CHANNEL = "open_channel"
SETTLE_SEAT = "settle_seat"
INTRODUCE = "introduce"
BEGIN_SOURCE = "begin_source"


class Clock(Protocol):
    """Something that knows what time it is."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class Schedule(Protocol):
    """Keeps work until it is done; what is due now starts once the transaction is committed."""

    def at(self, kind: str, key: str, due_at: datetime, payload: Mapping[str, Any]) -> None:
        """Do it at that time; the same kind and key moves it."""
        ...


class Turns(Protocol):
    """Lets those who change one space go one after the other."""

    def take(self, space_id: UUID) -> None:
        """Wait for our turn, which lasts until what we do is committed."""
        ...


class ChatProvider(Protocol):
    """The place where the channels live. Every call may be repeated without harm."""

    def prepare(self) -> None:
        """Make sure that the channel type is ours and as it should be."""
        ...

    def open_channel(self, experience_id: UUID, name: str) -> None:
        """Make sure that the channel exists."""
        ...

    def seat(self, experience_id: UUID, person_id: UUID, role: Role) -> None:
        """Make sure that the person sits in the channel. Raises ChannelMissing, PersonUnknown."""
        ...

    def change_role(self, experience_id: UUID, person_id: UUID, role: Role) -> None:
        """Give a person who sits there another role. Raises ChannelMissing."""
        ...

    def unseat(self, experience_id: UUID, person_id: UUID) -> None:
        """Take the person out and see that they are out. Raises StillSeated."""
        ...

    def introduce(self, person_id: UUID, display_name: str | None) -> None:
        """Make sure that the provider knows the person, by the name they chose if they did."""
        ...


class ChannelMissing(Exception):
    """The provider has no such channel (yet)."""


class PersonUnknown(Exception):
    """The provider was not told of this person (yet)."""


class StillSeated(Exception):
    """The provider still lists the person after it was told to take them out."""


class Chat(Application[UUID]):
    """Everything that can be asked of the chat service."""

    def __init__(
        self,
        env: dict[str, str] | None = None,
        *,
        clock: Clock,
        schedule: Schedule,
        turns: Turns,
    ) -> None:
        super().__init__(env)
        self._clock = clock
        self._schedule = schedule
        self._turns = turns

    def prepare(self) -> None:
        """Ask for the channel type, as each start of the service does."""
        self._schedule.at(PREPARE, "channel_type", self._clock.now(), {})

    def add_experience(self, experience_id: UUID, space_id: UUID, name: str) -> None:
        """Open the channel of an experience; its team sits there, whom the space banned never."""
        channel_id = Channel.create_id(experience_id)
        if channel_id in self.repository:
            return
        channel = Channel(experience_id, space_id, name)
        team = self._team(space_id)
        team.list_experience(experience_id)
        people = [*team.banned, *map(UUID, team.sources)]
        seats = {person: self._membership(person, experience_id) for person in people}
        for banned in team.banned:
            seats[banned].ban()
        for member, source_id in team.sources.items():
            seats[UUID(member)].add_source(source_id, Role(team.roles[member]))
        self._save_all(seats.values(), channel, team)
        self._schedule.at(
            OPEN_CHANNEL,
            str(experience_id),
            self._clock.now(),
            {"experience_id": str(experience_id), "name": name},
        )

    def confirm_channel(self, experience_id: UUID) -> None:
        """Record that the provider has the channel."""
        channel: Channel = self.repository.get(Channel.create_id(experience_id))
        channel.confirm_open()
        self.save(channel)

    def add_team_member(self, space_id: UUID, person_id: UUID, source_id: UUID, role: Role) -> None:
        """Seat a person in every channel of a space, in this role and no longer in another."""
        team = self._team(space_id)
        replaced = team.add_member(person_id, source_id, role)
        kept = team.sources[str(person_id)]
        seats = [self._membership(person_id, each) for each in team.experience_ids]
        for seat in seats:
            # The new reason first: between the two the person would be without a seat.
            seat.add_source(kept, role)
            if replaced is not None:
                seat.remove_source(replaced)
        self._save_all(seats, team)

    def remove_team_member(self, space_id: UUID, person_id: UUID) -> None:
        """End that; other reasons to sit in those channels stand."""
        team = self._team(space_id)
        source_id = team.remove_member(person_id)
        if source_id is None:
            return
        seats = [self._membership(person_id, each) for each in team.experience_ids]
        for seat in seats:
            seat.remove_source(source_id)
        self._save_all(seats, team)

    def ban_person(self, space_id: UUID, person_id: UUID, ban_version: int) -> None:
        """Take a person out of every channel of a space, and keep them out until it is lifted."""
        team = self._team(space_id)
        if not team.ban(person_id, ban_version):
            return
        seats = [self._membership(person_id, each) for each in team.experience_ids]
        for seat in seats:
            seat.ban()
        self._save_all(seats, team)

    def lift_ban(self, space_id: UUID, person_id: UUID, ban_version: int) -> None:
        """Seat a person again wherever a reason is left."""
        team = self._team(space_id)
        if not team.lift_ban(person_id, ban_version):
            return
        seats = [self._membership(person_id, each) for each in team.experience_ids]
        for seat in seats:
            seat.lift_ban()
        self._save_all(seats, team)

    def note_purchase(
        self, order_id: UUID, person_id: UUID, experience_ids: list[UUID], begins_at: datetime
    ) -> None:
        """Seat a buyer in the channels of the pass; an order that was refunded seats nobody."""
        purchase = self._purchase(order_id)
        purchase.note(person_id, experience_ids)
        seats: list[Membership] = []
        if not purchase.refunded:
            seats = self._begin(order_id, person_id, experience_ids, begins_at)
        self._save_all(seats, purchase)

    def refund_purchase(self, order_id: UUID) -> None:
        """Take that reason away from every channel it opened, now and later."""
        purchase = self._purchase(order_id)
        purchase.refund()
        seats: list[Membership] = []
        if purchase.person_id is not None:
            seats = [self._membership(purchase.person_id, e) for e in purchase.experience_ids]
        for seat in seats:
            seat.remove_source(order_id)
        self._save_all(seats, purchase)

    def add_source(
        self, source_id: UUID, person_id: UUID, experience_id: UUID, begins_at: datetime
    ) -> None:
        """Seat a person for one more reason, from then on."""
        self._save_all(self._begin(source_id, person_id, [experience_id], begins_at))

    def remove_source(self, source_id: UUID, person_id: UUID, experience_id: UUID) -> None:
        """Take a reason away; the person leaves with the last one."""
        seat = self._membership(person_id, experience_id)
        seat.remove_source(source_id)
        self._save_all([seat])

    def confirm_seat(self, membership_id: UUID, request: int) -> None:
        """Record what the provider did; an outcome that is not wanted any more is put right."""
        seat: Membership = self.repository.get(membership_id)
        try:
            seat.confirm(request)
        except RequestOutdated:
            self._request_seat(seat, f"{seat.id}/{seat.request}/{request}")
            return
        self.save(seat)

    def introduce(self, person_id: UUID) -> None:
        """Let the provider know a person, and the name that they chose."""
        self._schedule.at(
            INTRODUCE, str(person_id), self._clock.now(), {"person_id": str(person_id)}
        )

    def _begin(
        self, source_id: UUID, person_id: UUID, experience_ids: list[UUID], begins_at: datetime
    ) -> list[Membership]:
        if begins_at > self._clock.now():
            for experience_id in experience_ids:
                self._schedule.at(
                    BEGIN_SOURCE,
                    f"{source_id}/{experience_id}",
                    begins_at,
                    {
                        "source_id": str(source_id),
                        "person_id": str(person_id),
                        "experience_id": str(experience_id),
                        "begins_at": begins_at.isoformat(),
                    },
                )
            return []
        seats = [self._membership(person_id, each) for each in experience_ids]
        for seat in seats:
            seat.add_source(source_id)
        return seats

    def _save_all(self, seats: Iterable[Membership], *others: Aggregate) -> None:
        seats = list(seats)
        asked = [seat for seat in seats if _asks_the_provider(seat)]
        self.save(*others, *seats)
        for seat in asked:
            self._request_seat(seat, f"{seat.id}/{seat.request}")

    def _request_seat(self, seat: Membership, key: str) -> None:
        # Each request has a key of its own: a job that is under way keeps its row to itself.
        self._schedule.at(SETTLE_SEAT, key, self._clock.now(), {"membership_id": str(seat.id)})

    def _membership(self, person_id: UUID, experience_id: UUID) -> Membership:
        try:
            found: Membership = self.repository.get(Membership.create_id(person_id, experience_id))
        except AggregateNotFoundError:
            return Membership(person_id, experience_id)
        return found

    def _team(self, space_id: UUID) -> Team:
        # Many bans of one space may come at once; by conflicts alone only one would win each round.
        self._turns.take(space_id)
        try:
            found: Team = self.repository.get(Team.create_id(space_id))
        except AggregateNotFoundError:
            return Team(space_id)
        return found

    def _purchase(self, order_id: UUID) -> Purchase:
        try:
            found: Purchase = self.repository.get(Purchase.create_id(order_id))
        except AggregateNotFoundError:
            return Purchase(order_id)
        return found


def _asks_the_provider(seat: Membership) -> bool:
    return any(
        isinstance(each, Membership.JoinRequested | Membership.LeaveRequested)
        for each in seat.pending_events
    )
