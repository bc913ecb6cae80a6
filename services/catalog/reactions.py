"""The catalog's reactions to events of other services."""

from collections.abc import Mapping
from typing import Final

from libs.events.access import PersonBanned
from libs.events.contract import Contract
from libs.events.envelope import Envelope
from libs.runtime.messaging.handling import Reaction
from services.catalog.application import Catalog


def on_person_banned(banned: PersonBanned, _: Envelope, catalog: Catalog) -> None:
    """Remove a banned person from the team."""
    catalog.remove_banned(banned.space_id, banned.person_id)


SUBSCRIPTIONS: Final[Mapping[type[Contract], Reaction]] = {
    PersonBanned: on_person_banned,
}
