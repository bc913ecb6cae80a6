"""The environment of each process: which providers are real, and what each service gets."""

from collections.abc import Mapping
from dataclasses import dataclass

from libs.runtime.reserve import to_setting
from ops.up.data_folder import DataFolder
from ops.up.disks import reserved
from ops.up.ports import Ports
from ops.up.processes import PROVIDERS, SERVICES, Service

# Each arena costs memory in eleven processes; one is as fast for them as eight.
_FRUGAL = {"MALLOC_ARENA_MAX": "2", "MALLOC_TRIM_THRESHOLD_": "131072", "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True, slots=True)
class Providers:
    """The providers' variables of this system, real or local."""

    variables: dict[str, str]
    local: tuple[str, ...]
    """The providers that the sandbox stands in for."""


class Surroundings:
    """Builds the variables of every process from our own, the data folder and the ports."""

    def __init__(self, ours: Mapping[str, str], data: DataFolder, ports: Ports) -> None:
        self._data, self._ports = data, ports
        # Python's choice where to write compiled files is the person's, not the services'.
        dropped = ("PYTHONDONTWRITEBYTECODE", "DATABASE_URL", "NATS_URL", "HTTP_PORT")
        self._given = {
            name: value for name, value in ours.items() if value and name.startswith(PROVIDERS)
        }
        self._plain = {
            name: value
            for name, value in ours.items()
            if not name.startswith(PROVIDERS) and name not in dropped
        } | _FRUGAL
        # Chaos tests put proxies between the services and their dependencies.
        self._postgres_via = int(ours.get("BACKSTAGE_POSTGRES_VIA") or ports.postgres)
        self._nats_via = int(ours.get("BACKSTAGE_NATS_VIA") or ports.nats)
        self._sandbox_via = int(ours.get("BACKSTAGE_PROVIDERS_VIA") or ports.sandbox)
        self.public_url = ours.get("PUBLIC_URL") or f"http://localhost:{ports.base}"
        self.sandbox_url = f"http://localhost:{ports.sandbox}"

    def smtp_url(self) -> str:
        """Return where mails go: the given server, or the stand-in."""
        return self._given.get("SMTP_URL") or f"smtp://127.0.0.1:{self._ports.sandbox_smtp}"

    def providers(self, *, video: bool = True) -> Providers:
        """Decide which providers are real: those with a key in the environment, and a local
        LiveKit.

        Without `video` a stand-in answers LiveKit's server API, so that streams of earlier runs
        end.
        """
        variables: dict[str, str] = {"MAIL_FROM": "Backstage Pass <no-reply@localhost>"}
        local, ours = [], []
        for name, key, stand_in in (
            ("stripe", "STRIPE_API_KEY", self._stripe()),
            ("getstream", "STREAM_API_KEY", self._stream()),
            ("r2", "R2_ACCESS_KEY_ID", self._r2()),
            ("smtp", "SMTP_URL", {"SMTP_URL": self.smtp_url()}),
            ("livekit", "LIVEKIT_URL", self._livekit(here=video)),
        ):
            if key in self._given:
                continue
            variables |= stand_in
            ours.append(name)
            if not (name == "livekit" and video):
                local.append(name)
        return Providers(variables | self._given_without(ours), tuple(local))

    def _given_without(self, ours: list[str]) -> dict[str, str]:
        """Return the given variables, except half-given settings of a local provider."""
        prefixes = {"stripe": "STRIPE_", "getstream": "STREAM_", "r2": "R2_", "livekit": "LIVEKIT_"}
        hidden = tuple(prefixes[name] for name in ours if name in prefixes) or ("\0",)
        return {name: value for name, value in self._given.items() if not name.startswith(hidden)}

    def _stripe(self) -> dict[str, str]:
        return {
            "STRIPE_API_KEY": f"sk_test_{self._data.secret('stripe_api_key')}",
            "STRIPE_PUBLISHABLE_KEY": f"pk_test_{self._data.secret('stripe_publishable_key')}",
            "STRIPE_WEBHOOK_SECRETS": f"whsec_{self._data.secret('stripe_webhook')}",
            "STRIPE_API_URL": f"http://localhost:{self._sandbox_via}/stripe",
            "STRIPE_JS_URL": f"{self.sandbox_url}/stripe/js/v3/",
        }

    def _stream(self) -> dict[str, str]:
        return {
            "STREAM_API_KEY": self._data.secret("stream_api_key")[:12],
            "STREAM_API_SECRET": self._data.secret("stream_api_secret"),
            "STREAM_API_URL": f"http://localhost:{self._sandbox_via}/stream",
        }

    def _livekit(self, *, here: bool) -> dict[str, str]:
        url = f"ws://localhost:{self._ports.livekit}"
        return {
            "LIVEKIT_URL": url if here else f"ws://localhost:{self._ports.sandbox}/livekit",
            "LIVEKIT_API_KEY": f"API{self._data.secret('livekit_api_key')[:12]}",
            "LIVEKIT_API_SECRET": self._data.secret("livekit_api_secret"),
            "LIVEKIT_STATE_FILE": str(self._data.video_state),
        }

    def _r2(self) -> dict[str, str]:
        return {
            "R2_ENDPOINT_URL": f"{self.sandbox_url}/r2",
            "R2_ACCESS_KEY_ID": self._data.secret("r2_access_key_id")[:20],
            "R2_SECRET_ACCESS_KEY": self._data.secret("r2_secret_access_key"),
            "R2_BUCKET": "recordings",
        }

    def of_service(self, service: Service, providers: Providers) -> dict[str, str]:
        """Return everything that one service needs, and nothing that belongs to another."""
        port = str(self._ports.of(service.offset))
        seen = {
            name: value
            for name, value in providers.variables.items()
            if service.sees and name.startswith(service.sees)
        }
        own = {
            "HTTP_HOST": "127.0.0.1",
            "HTTP_PORT": port,
            "PUBLIC_URL": self.public_url,
            "DATABASE_URL": self._data.database_url(service.name, self._postgres_via),
            "NATS_URL": self._data.nats_url(self._nats_via),
            "PERSON_TOKEN_SECRET": self._data.secret("person_token"),
            "OTEL_SERVICE_NAME": f"backstage-{service.name}",
            "DISK_RESERVES": to_setting(reserved(self._data, self._plain)),
        }
        if service.name == "identity":
            own["SIGN_IN_PEPPER"] = self._data.secret("sign_in_pepper")
        return self._plain | own | seen | (self._of_edge() if service.calls_services else {})

    def _of_edge(self) -> dict[str, str]:
        addresses = {
            f"{service.name.upper()}_URL": f"http://127.0.0.1:{self._ports.of(service.offset)}"
            for service in SERVICES
        }
        return addresses | {"CSRF_SECRET": self._data.secret("csrf")}

    def of_sandbox(self, providers: Providers) -> dict[str, str]:
        """Return the stand-ins' keys and webhook addresses."""
        keys = {
            name: value
            for name, value in providers.variables.items()
            if not name.endswith("_URL") and not name.startswith("MAIL_")
        }
        return (
            self._plain
            | keys
            | {
                "HTTP_HOST": "127.0.0.1",
                "SANDBOX_PORT": str(self._ports.sandbox),
                "SANDBOX_SMTP_PORT": str(self._ports.sandbox_smtp),
                "SANDBOX_DATA": str(self._data.sandbox),
                "SANDBOX_STRIPE_WEBHOOK_URL": f"{self.public_url}/webhooks/stripe",
                "SANDBOX_LIVEKIT_WEBHOOK_URL": f"{self.public_url}/webhooks/livekit",
            }
        )
