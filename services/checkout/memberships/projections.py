"""The memberships, one row for each."""

from typing_extensions import override

from libs.events.envelope import Envelope
from libs.runtime.views.view import View, ViewCursor
from services.checkout.memberships.membership import Membership
from services.checkout.memberships.states import EndCause, MembershipState


class MembershipList(View):
    """Every membership with its person, pass, order and state."""

    name = "membership_list"
    tables = ("membership_list",)
    ddl = """
        CREATE TABLE IF NOT EXISTS membership_list (
            membership_id uuid PRIMARY KEY,
            version bigint NOT NULL,
            order_id uuid NOT NULL UNIQUE,
            person_id uuid NOT NULL,
            space_id uuid NOT NULL,
            pass_id uuid NOT NULL,
            payment_intent_id text,
            state text NOT NULL,
            access_from timestamptz NOT NULL,
            access_until timestamptz
        );
        CREATE INDEX IF NOT EXISTS membership_list_of_person
            ON membership_list (person_id, pass_id);
        CREATE INDEX IF NOT EXISTS membership_list_of_space
            ON membership_list (space_id, access_from);
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        match event:
            case Membership.Started():
                self._start(event, about, curs)
            case Membership.Event():
                curs.execute(
                    "UPDATE membership_list SET version = %s, state = coalesce(%s, state)"
                    " WHERE membership_id = %s",
                    (about.entity_version, _state_after(event), about.entity_id),
                    prepare=True,
                )
            case _:
                pass

    def _start(self, started: Membership.Started, about: Envelope, curs: ViewCursor) -> None:
        curs.execute(
            "INSERT INTO membership_list VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                about.entity_id,
                about.entity_version,
                started.order_id,
                started.person_id,
                started.quote["space_id"],
                started.quote["pass_id"],
                started.payment_intent_id,
                MembershipState.ACTIVE.value,
                started.access_from,
                started.access_until,
            ),
            prepare=True,
        )


def _state_after(event: Membership.Event) -> str | None:
    match event:
        case Membership.Ended(cause=EndCause.REFUNDED):
            return MembershipState.REFUNDED.value
        case Membership.Ended():
            return MembershipState.ENDED.value
        case Membership.Restored():
            return MembershipState.ACTIVE.value
        case _:
            return None
