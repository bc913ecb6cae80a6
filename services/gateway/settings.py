"""What the gateway reads from its environment."""

from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SERVICES: Final = (
    "catalog",
    "checkout",
    "access",
    "streaming",
    "chat",
    "notifications",
    "identity",
    "admin",
)


class Settings(BaseSettings):
    """Addresses, secrets, the providers that pages may load, and limits.

    Limits are posts per minute. Sign-in counts by network address. Buying counts by person, and
    with a higher limit by network address, because many people may share one.
    `trusted_proxies` are addresses or networks (10.0.0.0/8), separated by commas: only their
    X-Forwarded-For is trusted.
    """

    model_config = SettingsConfigDict(extra="ignore")

    http_host: str = "127.0.0.1"
    http_port: int
    public_url: str = "http://localhost:8000"
    person_token_secret: str = Field(min_length=32)
    csrf_secret: str = Field(min_length=32)
    otel_exporter_otlp_endpoint: str | None = None
    trusted_proxies: str = ""
    catalog_url: str
    checkout_url: str
    access_url: str
    streaming_url: str
    chat_url: str
    notifications_url: str
    identity_url: str
    admin_url: str
    stripe_js_url: str = "https://js.stripe.com/v3/"
    stripe_api_url: str = "https://api.stripe.com"
    stream_api_url: str = "https://chat.stream-io-api.com"
    livekit_url: str = ""
    connections_per_address: int = Field(512, ge=1)
    sign_in_posts_per_minute: int = 60
    purchase_posts_per_minute: int = 20
    purchase_posts_per_minute_and_network: int = 1_200

    @property
    def addresses(self) -> dict[str, str]:
        """Where the services are."""
        return {name: str(getattr(self, f"{name}_url")) for name in SERVICES}

    @property
    def is_https(self) -> bool:
        """Whether browsers use TLS; without it, only http://localhost makes sense."""
        return urlsplit(self.public_url).scheme == "https"

    def is_proxy(self, address: str) -> bool:
        """Return whether X-Forwarded-For from this address is trusted."""
        networks = _networks_of(self.trusted_proxies)
        if not networks:
            return False
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in networks)

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, proxies: str) -> str:
        _networks_of(proxies)
        return proxies


@cache
def _networks_of(proxies: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(each.strip()) for each in proxies.split(",") if each.strip())
