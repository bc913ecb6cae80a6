"""Events per second of rebuilding the largest view, compared with reading and decoding its log.

Promise: at least 0.2 of reading and decoding alone, and memory that does not grow with the log.
Each figure comes from a process of its own, on a quarter of the log and on all of it. The log is
that of a checkout that sells a pass again and again; the view is its list of orders.
"""

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg
from eventsourcing.application import Application
from eventsourcing.persistence import Mapper
from psycopg.rows import dict_row

from bench.report import Promise, Report
from libs.events.catalog import PassTerms, PricingType
from libs.runtime.messaging.streams import NoStreams
from libs.runtime.store import log
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from libs.runtime.views import rebuild
from libs.runtime.views.rebuild import Sources
from services.checkout.memberships.membership import Membership
from services.checkout.orders.order import Order
from services.checkout.orders.projections import OrderList
from services.checkout.orders.sale.quote import Quote
from services.checkout.payments.charge import Charge
from services.checkout.payments.payment import Payment
from services.checkout.payments.provider.protocol import PaymentStatus, ProviderPayment
from services.checkout.projections import VIEWS
from services.checkout.stock.seat import Seat, SeatReason
from tests.servers import running_postgres

RATIO: Final = 0.2
GROWTH: Final = 1.25
_PAGE: Final = 1000
_AT: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)
_AT_ONCE: Final = 100


def add_options(parser: argparse.ArgumentParser) -> None:
    """The length of the log."""
    parser.add_argument("--purchases", type=int, default=8_000, help="in the log, 8 events each")


def measure(given: argparse.Namespace) -> Report:
    """Measure both sides over the same log, one after the other."""
    with tempfile.TemporaryDirectory() as folder, running_postgres(Path(folder)) as postgres:
        url = postgres.create_database()
        _fill(url, given.purchases // 4)
        _, quarter_mb = _alone(_rebuild, url)
        _fill(url, given.purchases - given.purchases // 4)
        baseline, _ = _alone(_bare, url)
        ours, peak_mb = _alone(_rebuild, url)
    events = given.purchases * 8
    return Report(
        "rebuild",
        ours,
        baseline,
        "events/s",
        rows=[
            ("events", f"{events:,}"),
            ("a rebuild of order_list", f"{ours:,.0f} events/s"),
            ("bare read and decode", f"{baseline:,.0f} events/s"),
            ("peak memory, a quarter of the log", f"{quarter_mb:.0f} MB"),
            ("peak memory, all of it", f"{peak_mb:.0f} MB"),
        ],
        promises=[
            Promise("ratio", ours / baseline, RATIO, at_least=True),
            Promise("growth of memory", peak_mb / quarter_mb, GROWTH),
        ],
        more={"events": events, "peak_mb": peak_mb, "quarter_mb": quarter_mb},
    )


def _alone(act: Callable[[str], float], url: str) -> tuple[float, float]:
    """Return events per second and peak memory (MB) of a new process."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as process:
        rate = process.submit(act, url).result()
        return rate, process.submit(_peak_mb).result()


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _mapper() -> Mapper[Any]:
    application: Application[Any] = Application()
    return application.mapper


def _bare(url: str) -> float:
    mapper = _mapper()
    read, position = 0, log.START
    begun = time.perf_counter()
    with psycopg.connect(url, row_factory=dict_row, autocommit=True) as conn, conn.cursor() as curs:
        while page := log.read_after(curs, position, _PAGE).events:
            for event in page:
                mapper.to_domain_event(event.stored)
            read += len(page)
            position = page[-1].position
    return read / (time.perf_counter() - begun)


def _rebuild(url: str) -> float:
    sources = Sources("checkout", url, _mapper(), NoStreams(), ())
    begun = time.perf_counter()
    outcome = rebuild.rebuild(sources, [OrderList()])
    if not outcome.same:
        raise AssertionError("the live view is not what its events give")
    return outcome.events / (time.perf_counter() - begun)


def _fill(url: str, purchases: int) -> None:
    store: Store[Application[UUID]] = Store("checkout", url, Application, views=VIEWS)
    store.open()
    quote = _quote()
    for start in range(0, purchases, _AT_ONCE):

        def sell(many: int = min(_AT_ONCE, purchases - start)) -> None:
            for _ in range(many):
                for aggregate in _purchase(quote):
                    store.application.save(aggregate)

        store.work(Cause(uuid4()), sell)
    store.close()


def _quote() -> Quote:
    terms = PassTerms(
        pricing_type=PricingType.ONE_TIME,
        currency="EUR",
        currency_exponent=2,
        price_minor=1990,
    )
    return Quote(
        pass_id=uuid4(),
        version_id=uuid4(),
        version_number=1,
        space_id=uuid4(),
        space_slug="studio",
        space_name="The Studio",
        pass_slug="season",  # noqa: S106 - an access pass
        pass_name="Season pass",  # noqa: S106
        experience_ids=(uuid4(), uuid4()),
        frozen_terms=terms.model_dump(mode="json"),
    )


def _purchase(quote: Quote) -> Iterator[Order | Membership | Payment | Seat]:
    order = Order(
        command_id=uuid4(),
        person_id=uuid4(),
        quote=quote.to_state(),
        total_minor=1990,
        opened_at=_AT,
        held_until=_AT + timedelta(minutes=10),
    )
    seat = Seat(order.id, quote.pass_id, SeatReason.ORDER.value, _AT)
    charge = Charge(order.id, order.person_id, quote.space_id, quote.pass_id, 1990, "EUR", 2)
    payment = Payment(charge=charge.to_state(), attempt=1, requested_at=_AT)
    for status in (PaymentStatus.AWAITING, PaymentStatus.SUCCEEDED):
        told = ProviderPayment(
            payment_intent_id=f"pi_{order.id}",
            status=status,
            amount_minor=1990,
            currency="EUR",
            order_id=order.id,
            attempt=1,
        )
        payment.apply_provider_state(told, _AT, tells_failures=True)
    order.fulfil(_AT)
    membership = Membership(
        order_id=order.id,
        person_id=order.person_id,
        quote=quote.to_state(),
        total_minor=order.total_minor,
        payment_intent_id=f"pi_{order.id}",
        access_from=_AT,
        access_until=None,
    )
    seat.sell(SeatReason.PAID, _AT)
    yield order
    yield membership
    yield payment
    yield seat
