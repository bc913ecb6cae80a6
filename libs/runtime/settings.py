"""The settings that every service reads from its environment."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Where the service listens, what it depends on, and its signing secret.

    The edges and the services share `person_token_secret`; it has no default, so that a process
    without one does not start. `disk_reserves` names folders on the disks of PostgreSQL and NATS
    with the megabytes to keep free (`/postgres:300,/nats:300`), as this process sees them.
    `failpoint` is only for tests.
    """

    model_config = SettingsConfigDict(extra="ignore")

    http_host: str = "127.0.0.1"
    http_port: int
    database_url: str
    nats_url: str
    public_url: str = "http://localhost:8000"
    person_token_secret: str = Field(min_length=32)
    otel_exporter_otlp_endpoint: str | None = None
    store_pool_size: int = 16
    disk_reserves: str = ""
    failpoint: str = ""
