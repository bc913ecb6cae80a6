"""A minimal service to test the runtime with: accounts that are credited."""

from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import Aggregate, event
from psycopg import Cursor
from psycopg.rows import DictRow
from typing_extensions import override

from libs.events.contract import Contract
from libs.events.envelope import Envelope
from libs.runtime.settings import ServiceSettings
from libs.runtime.views.view import View


class Refused(Exception):
    """Credits must be positive."""


class Account(Aggregate):
    TOPIC = "ledger.account"

    class Created(Aggregate.Created):
        TOPIC = "ledger.account.created"

    class Opened(Aggregate.Created):
        TOPIC = "ledger.account.opened"
        account_id: UUID

    class Credited(Aggregate.Event):
        TOPIC = "ledger.account.credited"
        amount: int

    @event(Opened)
    def __init__(self, account_id: UUID) -> None:
        self.account_id = account_id
        self.balance = 0

    @staticmethod
    @override
    def create_id(account_id: UUID) -> UUID:
        return account_id

    def credit(self, amount: int) -> None:
        if amount <= 0:
            raise Refused(amount)
        self._credited(amount=amount)

    @event(Credited)
    def _credited(self, amount: int) -> None:
        self.balance += amount


class AccountCredited(Contract):
    type: ClassVar[str] = "ledger.account_credited.v1"
    account_id: UUID
    amount: int


class AccountOpened(Contract):
    type: ClassVar[str] = "ledger.account_opened.v1"
    account_id: UUID


class Ledger(Application[UUID]):
    name = "ledger"
    snapshotting_intervals: ClassVar[Any] = {Account: 50}

    def credit(self, account_id: UUID, amount: int) -> int:
        try:
            account: Account = self.repository.get(account_id)
        except AggregateNotFoundError:
            account = Account(account_id=account_id)
        account.credit(amount)
        self.save(account)
        return account.balance


def to_contract(event: object) -> Contract | None:
    match event:
        case Account.Credited():
            return AccountCredited(account_id=event.originator_id, amount=event.amount)
        case Account.Opened():
            return AccountOpened(account_id=event.originator_id)
    return None


def nothing(_: object) -> Contract | None:
    return None


class Balances(View):
    name = "balances"
    tables = ("balances",)
    ddl = "CREATE TABLE balances (account_id uuid PRIMARY KEY, balance bigint, seen bigint[])"

    @override
    def apply(self, event: object, about: Envelope, curs: Cursor[DictRow]) -> None:
        match event:
            case Account.Credited(amount=amount) | AccountCredited(amount=amount):
                curs.execute(
                    "INSERT INTO balances VALUES (%s, %s, ARRAY[%s])"
                    " ON CONFLICT (account_id) DO UPDATE SET"
                    " balance = balances.balance + excluded.balance,"
                    " seen = balances.seen || excluded.seen",
                    (about.entity_id, amount, about.entity_version),
                )


class MirroredBalances(Balances):
    """The same view in another service."""

    subscriptions = (AccountCredited,)


def balances(curs: Cursor[DictRow]) -> dict[UUID, int]:
    return {r["account_id"]: r["balance"] for r in curs.execute("SELECT * FROM balances")}


def orders_seen(curs: Cursor[DictRow]) -> list[list[int]]:
    return [r["seen"] for r in curs.execute("SELECT seen FROM balances")]


def settings(database_url: str, nats_url: str) -> ServiceSettings:
    return ServiceSettings(
        http_port=1,
        database_url=database_url,
        nats_url=nats_url,
        person_token_secret="a secret of at least thirty-two characters",
    )
