"""One unreadable and one always failing message among many: neither blocks the rest."""

import asyncio
from uuid import uuid4

import pytest

from libs.events.contract import Contract
from libs.events.envelope import Envelope
from libs.runtime.tests.ledger import (
    Account,
    AccountCredited,
    Ledger,
    balances,
    orders_seen,
    to_contract,
)
from libs.runtime.tests.test_dead_letters import ask_retry, impatient, skip, waiting
from libs.runtime.tests.test_pipe import credit, ledger, running, until
from tests.servers import NatsServer, PostgresServer

ROUNDS = 4


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
async def test_poisoned_messages_become_dead_letters_that_an_operator_empties_in_order(
    postgres: PostgresServer, own_nats: NatsServer
) -> None:
    garbled, failing, healthy = uuid4(), uuid4(), [uuid4() for _ in range(8)]
    broken = {(failing, 3)}

    def publish(event: Account.Credited) -> Contract | None:
        if (event.originator_id, event.originator_version) == (garbled, 2):
            return AccountCredited.model_construct(account_id=garbled, amount="many")
        return to_contract(event)

    def react(event: AccountCredited, about: Envelope, app: Ledger) -> None:
        if (about.entity_id, about.entity_version) in broken:
            raise ConnectionError("no luck with it")

    one = ledger(postgres.create_database(), own_nats.url, publish)
    other = impatient(postgres.create_database(), own_nats.url, react)
    async with running(one, other):
        for _ in range(ROUNDS):
            for account in (garbled, failing, *healthy):
                await asyncio.to_thread(credit, one, account)

        others = dict.fromkeys(healthy, ROUNDS) | {failing: 1}
        await until(lambda: other.store.query(balances) == others)
        await until(lambda: len(other.store.query(waiting)) == 4 + 3)
        first = {row["headers"]["ce-subject"]: row for row in reversed(other.store.query(waiting))}
        broken.clear()
        await asyncio.to_thread(ask_retry, other, first[str(failing)]["dead_letter_id"])
        await asyncio.to_thread(skip, other, first[str(garbled)], "it says nothing")

        await until(lambda: other.store.query(waiting) == [])
        assert other.store.query(balances) == others | {failing: ROUNDS, garbled: ROUNDS - 1}
        assert all(seen == sorted(set(seen)) for seen in other.store.query(orders_seen))
