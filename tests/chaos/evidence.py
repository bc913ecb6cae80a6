"""What the stores, the providers and the mailbox hold, read as an operator can read it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from psycopg.rows import DictRow
from stream_chat import StreamChat

from libs.events.contract import Contract
from libs.events.envelope import event_id_of
from libs.runtime import log
from libs.runtime.interventions import is_runtime_topic
from ops import stores
from ops.up.data_folder import DataFolder

_PAGE = 500
CHANNEL_TYPE = "experience"


@dataclass(frozen=True, slots=True)
class Said:
    """A public event as its service stored it."""

    event_id: UUID
    contract: Contract


def said_by(service: str, data: DataFolder) -> list[Said]:
    """Everything that a service has announced or is bound to announce."""
    return list(_said_by(service, data))


def _said_by(service: str, data: DataFolder) -> Iterator[Said]:
    mapper, to_contract = stores.event_mapper(), stores.announces(service)
    with stores.reading(stores.database_url(service, data)) as conn, conn.cursor() as curs:
        position = log.START
        while page := log.read_after(curs, position, _PAGE).events:
            for event in page:
                if is_runtime_topic(event.stored.topic):
                    continue
                contract = to_contract(mapper.to_domain_event(event.stored))
                if contract is not None:
                    entity = UUID(str(event.stored.originator_id))
                    yield Said(event_id_of(entity, event.stored.originator_version), contract)
            position = page[-1].position


def rows_of(service: str, sql: str, data: DataFolder) -> list[DictRow]:
    """What a query of one service's database shows."""
    with stores.reading(stores.database_url(service, data)) as conn:
        return conn.execute(sql).fetchall()


class Providers:
    """The stand-ins, seen with the keys of the account's owner."""

    def __init__(self, data: DataFolder, sandbox: str) -> None:
        self._sandbox = sandbox
        self._stripe = httpx.Client(
            base_url=f"{sandbox}/stripe",
            headers={"Authorization": f"Bearer sk_test_{data.secret('stripe_api_key')}"},
            timeout=20,
        )
        self._chat = StreamChat(
            data.secret("stream_api_key")[:12],
            data.secret("stream_api_secret"),
            base_url=f"{sandbox}/stream",
        )

    def close(self) -> None:
        """Hang up."""
        self._stripe.close()

    def stripe(self, method: str, path: str, **form: Any) -> dict[str, Any]:
        """One call of Stripe's API."""
        data, params = (form, None) if method == "POST" else (None, form)
        answer = self._stripe.request(method, path, data=data, params=params)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    def payments(self) -> Iterator[dict[str, Any]]:
        """Every payment intent with its charge, newest first."""
        asked = {"limit": "100", "expand[]": "data.latest_charge"}
        while True:
            page = self.stripe("GET", "/v1/payment_intents", **asked)
            yield from page["data"]
            if not page["has_more"]:
                return
            asked["starting_after"] = page["data"][-1]["id"]

    def misbehave(self, **order: Any) -> None:
        """Order a fault of Stripe's stand-in."""
        answer = self._stripe.post("/_control/misbehave", json=order)
        answer.raise_for_status()

    def behave(self) -> None:
        """Take all orders back."""
        self._stripe.delete("/_control/misbehave").raise_for_status()

    def members_of(self, experience_id: UUID) -> set[UUID]:
        """Who sits in the chat of an experience."""
        channel = self._channel(experience_id)
        found: set[UUID] = set()
        while True:
            page = channel.query_members({}, limit=100, offset=len(found))
            found |= {UUID(member["user_id"]) for member in page}
            if len(page) < 100:
                return found

    def seat(self, experience_id: UUID, person_id: UUID) -> None:
        """Let someone into the chat of an experience."""
        self._chat.upsert_user({"id": str(person_id)})
        self._channel(experience_id).add_members([str(person_id)])

    def unseat(self, experience_id: UUID, person_id: UUID) -> None:
        """Put someone out of the chat of an experience."""
        self._channel(experience_id).remove_members([str(person_id)])

    def _channel(self, experience_id: UUID) -> Any:
        return self._chat.channel(CHANNEL_TYPE, str(experience_id))

    def mails_to(self, address: str) -> dict[UUID, int]:
        """How often each notice was mailed to an address, by the notice's id."""
        answer = httpx.get(
            f"{self._sandbox}/mailbox/messages.json",
            params={"to": address, "limit": 1000},
            timeout=20,
        )
        counted: dict[UUID, int] = defaultdict(int)
        for mail in answer.raise_for_status().json():
            headers = {name.lower(): value for name, value in mail["headers"]}
            try:
                counted[UUID(headers["message-id"].strip("<>").partition("@")[0])] += 1
            except (KeyError, ValueError):
                continue
        return counted
