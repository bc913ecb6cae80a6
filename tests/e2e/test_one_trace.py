"""One trace from the click through all its effects, in every process."""

from uuid import uuid4

import pytest

from ops.showcase import Showcase
from ops.visitor import Visitor
from tests.e2e.running import RunningSystem, wait_until
from tests.e2e.traces import Collector

pytestmark = [pytest.mark.e2e, pytest.mark.slow(120, "a whole story in a browser")]

PUBLISHED = "publish checkout.pass_purchased.v1"


def test_a_purchase_is_one_trace_through_all_services(
    system: RunningSystem, showcase: Showcase, collector: Collector
) -> None:
    sandbox = system.record["urls"]["sandbox"]
    fan = Visitor(system.url, sandbox, f"fan-{uuid4().hex[:8]}@example.com")
    fan.sign_in()
    wanted = {"gateway", "checkout", "access", "chat", "notifications"}

    fan.buy(showcase.passes["front-row"])

    wait_until(
        lambda: any(wanted <= s for s in collector.services_in_traces_of(PUBLISHED).values()),
        "one trace with all services in it",
    )
    fan.close()


def test_a_trace_leads_from_the_receipts_mail_back_to_the_click(
    system: RunningSystem, showcase: Showcase, collector: Collector
) -> None:
    """Return whether every span of the trace has its parent, up to the request at the gateway.

    Spans are sent in batches, and a killed process loses its last one.
    """
    wait_until(
        lambda: any(
            roots_of(trace, collector) == {"gateway"}
            for trace in collector.services_in_traces_of(PUBLISHED)
        ),
        "a purchase's trace that begins at the gateway",
    )


def roots_of(trace_id: bytes, collector: Collector) -> set[str]:
    """Return the services of the spans without a parent."""
    spans = [span for span in collector.spans if span.trace_id == trace_id]
    known = {span.span_id for span in spans}
    return {span.service for span in spans if span.parent_id not in known}
