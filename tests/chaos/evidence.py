"""The data of stores, providers and mailbox, read as an operator can read it."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from eventsourcing.persistence import Mapper
from psycopg.rows import DictRow
from stream_chat import StreamChat

from libs.events.contract import Contract
from libs.events.envelope import event_id_of
from libs.runtime.store import log
from libs.runtime.store.interventions import is_runtime_topic
from ops import stores
from ops.up.data_folder import DataFolder

_PAGE = 500
_MOST_MAILS = 1000
CHANNEL_TYPE = "experience"


@dataclass(frozen=True, slots=True)
class Said:
    """A public event as its service stored it."""

    event_id: UUID
    contract: Contract


class Announcements:
    """Everything that a service has published or must publish, each read once.

    A log only grows, until an older copy of it is restored.
    """

    def __init__(self, service: str, data: DataFolder) -> None:
        self._url = stores.database_url(service, data)
        self._to_contract = stores.announces(service)
        self._mapper: Mapper[Any] = stores.event_mapper()
        self.forget()

    def forget(self) -> None:
        """Start again at the beginning of the log."""
        self._position, self._said = log.START, list[Said]()

    def read(self) -> list[Said]:
        """Return all of them, oldest first."""
        with stores.reading(self._url) as conn, conn.cursor() as curs:
            while page := log.read_after(curs, self._position, _PAGE).events:
                self._said += self._public(page)
                self._position = page[-1].position
        return list(self._said)

    def _public(self, page: Sequence[log.LoggedEvent]) -> Iterator[Said]:
        for event in page:
            if is_runtime_topic(event.stored.topic):
                continue
            contract = self._to_contract(self._mapper.to_domain_event(event.stored))
            if contract is not None:
                entity = UUID(str(event.stored.originator_id))
                yield Said(event_id_of(entity, event.stored.originator_version), contract)


def rows_of(service: str, sql: str, data: DataFolder) -> list[DictRow]:
    """Return the result of a query on one service's database."""
    with stores.reading(stores.database_url(service, data)) as conn:
        return conn.execute(sql).fetchall()


class Providers:
    """The stand-ins, seen with the keys of the account's owner."""

    def __init__(self, data: DataFolder, sandbox: str) -> None:
        self._mailbox = httpx.Client(base_url=f"{sandbox}/mailbox", timeout=20)
        self._mails: dict[str, tuple[UUID, list[str]]] = {}
        self._newest_mail = ""
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
        """Close the connections."""
        self._stripe.close()
        self._mailbox.close()

    def stripe(self, method: str, path: str, **form: Any) -> dict[str, Any]:
        """Call Stripe's API."""
        data, params = (form, None) if method == "POST" else (None, form)
        answer = self._stripe.request(method, path, data=data, params=params)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    def payments(self) -> Iterator[dict[str, Any]]:
        """Return every payment intent with its charge and refunds, newest first."""
        asked = {"limit": "100", "expand[]": "data.latest_charge.refunds"}
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

    def refused(self) -> Counter[str]:
        """Return how often each operation was refused by the present limits."""
        ordered = self._stripe.get("/_control/misbehave").raise_for_status().json()
        return sum((Counter(one["refused"]) for one in ordered), Counter[str]())

    def behave(self, within_s: float = 60.0) -> None:
        """Withdraw all ordered faults, even if the stand-in was killed a moment ago."""
        give_up_at = time.monotonic() + within_s
        while True:
            try:
                self._stripe.delete("/_control/misbehave").raise_for_status()
            except httpx.TransportError:
                if time.monotonic() > give_up_at:
                    raise
                time.sleep(0.1)
            else:
                return

    def members_of(self, experience_id: UUID) -> set[UUID]:
        """Return the members of an experience's channel."""
        channel = self._channel(experience_id)
        found: set[UUID] = set()
        while True:
            page = channel.query_members({}, limit=100, offset=len(found))
            found |= {UUID(member["user_id"]) for member in page}
            if len(page) < 100:
                return found

    def seat(self, experience_id: UUID, person_id: UUID) -> None:
        """Add a member to an experience's channel."""
        self._chat.upsert_user({"id": str(person_id)})
        self._channel(experience_id).add_members([str(person_id)])

    def unseat(self, experience_id: UUID, person_id: UUID) -> None:
        """Remove a member from an experience's channel."""
        self._channel(experience_id).remove_members([str(person_id)])

    def _channel(self, experience_id: UUID) -> Any:
        return self._chat.channel(CHANNEL_TYPE, str(experience_id))

    def mails(self) -> dict[UUID, Counter[str]]:
        """Return the recipients of each notice's mails with their numbers, by the notice's id.

        Mails never change, so only new ones are fetched.
        """
        asked = {"limit": _MOST_MAILS} | ({"since": self._newest_mail} if self._newest_mail else {})
        answer = self._mailbox.get("/messages.json", params=asked)
        found = answer.raise_for_status().json()
        assert len(found) < _MOST_MAILS, "more mails came than can be asked for at once"
        for mail in found:
            headers = {name.lower(): value for name, value in mail["headers"]}
            with suppress(KeyError, ValueError):
                notice_id = UUID(headers["message-id"].strip("<>").partition("@")[0])
                self._mails[mail["id"]] = (notice_id, mail["to"])
        self._newest_mail = max((mail["received_at"] for mail in found), default=self._newest_mail)
        counted: dict[UUID, Counter[str]] = defaultdict(Counter)
        for notice_id, addresses in self._mails.values():
            counted[notice_id].update(addresses)
        return counted
