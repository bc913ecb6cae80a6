"""The admin as a process."""

from libs.runtime import telemetry
from libs.runtime.http.server import configure_logging, serve
from libs.web.clients import Services
from services.admin.app import create_admin
from services.admin.settings import Settings


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    settings = Settings.model_validate({})
    configure_logging()
    telemetry.start("admin", settings.otel_exporter_otlp_endpoint)
    app = create_admin(settings, Services.at(settings.addresses))
    serve(app, settings.http_host, settings.http_port)


if __name__ == "__main__":
    main()
