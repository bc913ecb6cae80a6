"""One trace from the click through the store, the relay and the reaction."""

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from libs.runtime.store.cause import Cause
from libs.runtime.telemetry import continued_span, current_traceparent
from libs.runtime.tests.test_pipe import ledger, mirror, running, same_balances, until
from tests.servers import NatsServer, PostgresServer


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider()
        trace.set_tracer_provider(provider)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield exporter
    exporter.shutdown()


async def test_one_trace_covers_a_command_and_its_effects_elsewhere(
    own_postgres: PostgresServer, own_nats: NatsServer, spans: InMemorySpanExporter
) -> None:
    one = ledger(own_postgres.create_database(), own_nats.url)
    other = mirror(own_postgres.create_database(), own_nats.url)
    app = one.store.application

    def click() -> None:
        with continued_span("click", None):
            cause = Cause(uuid4(), "someone", current_traceparent())
            one.store.execute(cause, lambda: app.credit(uuid4(), 5))

    async with running(one, other):
        await asyncio.to_thread(click)
        await until(same_balances(one, other))

    named = {span.name: span.context.trace_id for span in spans.get_finished_spans()}
    assert {
        "click",
        "publish ledger.account_credited.v1",
        "mirror-ledger ledger.account_credited.v1",
    } <= set(named)
    assert len(set(named.values())) == 1
