"""The gateway as a process: `python -m services.gateway`."""

from libs.runtime import telemetry
from libs.runtime.http.connections import ConnectionLimits
from libs.runtime.http.server import configure_logging, serve
from libs.runtime.scheduling.clock import SystemClock
from libs.web.clients import Services
from services.gateway.app import build_edge, create_gateway
from services.gateway.settings import Settings

if __name__ == "__main__":
    settings = Settings.model_validate({})
    configure_logging()
    telemetry.start("gateway", settings.otel_exporter_otlp_endpoint)
    app = create_gateway(build_edge(settings, Services.at(settings.addresses), SystemClock()))
    limits = ConnectionLimits(
        per_address=settings.connections_per_address, shared_by_many=settings.is_proxy
    )
    serve(app, settings.http_host, settings.http_port, limits)
