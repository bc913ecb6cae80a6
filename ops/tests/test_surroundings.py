from pathlib import Path

import pytest

from ops.up.data_folder import DataFolder
from ops.up.ports import Ports
from ops.up.processes import SERVICES, Service
from ops.up.surroundings import Surroundings

BY_NAME = {service.name: service for service in SERVICES}


def surroundings(tmp_path: Path, **environment: str) -> Surroundings:
    return Surroundings({"PATH": "/bin", **environment}, DataFolder(tmp_path), Ports(9000))


def test_without_keys_every_provider_is_local(tmp_path: Path) -> None:
    providers = surroundings(tmp_path).providers(video=False)

    assert providers.local == ("stripe", "getstream", "r2", "smtp", "livekit")
    assert providers.variables["STRIPE_API_URL"] == "http://localhost:9020/stripe"
    assert providers.variables["LIVEKIT_URL"] == "ws://localhost:9020/livekit"
    assert providers.variables["SMTP_URL"] == "smtp://127.0.0.1:9021"


def test_a_livekit_on_this_machine_takes_the_stand_ins_place(tmp_path: Path) -> None:
    providers = surroundings(tmp_path).providers()

    assert "livekit" not in providers.local
    assert providers.variables["LIVEKIT_URL"] == "ws://localhost:9040"
    assert providers.variables["LIVEKIT_STATE_FILE"] == str(tmp_path / "video.json")


def test_a_key_in_the_environment_makes_that_provider_real(tmp_path: Path) -> None:
    around = surroundings(tmp_path, STRIPE_API_KEY="sk_live_x", STRIPE_WEBHOOK_SECRETS="whsec_x")

    providers = around.providers(video=False)

    assert "stripe" not in providers.local
    assert providers.variables["STRIPE_API_KEY"] == "sk_live_x"
    assert "STRIPE_API_URL" not in providers.variables
    assert "getstream" in providers.local


def test_a_half_given_provider_does_not_mix_real_and_local_settings(tmp_path: Path) -> None:
    around = surroundings(
        tmp_path, STRIPE_WEBHOOK_SECRETS="whsec_real", LIVEKIT_API_SECRET="of another server"
    )

    providers = around.providers()

    assert providers.variables["STRIPE_WEBHOOK_SECRETS"] != "whsec_real"
    assert providers.variables["LIVEKIT_API_SECRET"] != "of another server"


def test_external_livekit_has_no_state_file(tmp_path: Path) -> None:
    providers = surroundings(tmp_path, LIVEKIT_URL="wss://live.test").providers()

    assert providers.variables["LIVEKIT_URL"] == "wss://live.test"
    assert "LIVEKIT_STATE_FILE" not in providers.variables


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_service_gets_only_the_keys_that_it_uses(tmp_path: Path, service: Service) -> None:
    around = surroundings(tmp_path, STRIPE_API_KEY="sk_live_x", SMTP_URL="smtps://u:p@mail.test")
    providers = around.providers(video=False)

    told = around.of_service(service, providers)

    assert ("STRIPE_API_KEY" in told) == (service.name == "checkout")
    assert ("STREAM_API_SECRET" in told) == (service.name == "chat")
    assert ("LIVEKIT_API_SECRET" in told) == (service.name == "streaming")
    assert ("SMTP_URL" in told) == (service.name in {"identity", "notifications"})
    assert ("CSRF_SECRET" in told) == (service.name in {"gateway", "admin"})
    assert ("CHECKOUT_URL" in told) == (service.name in {"gateway", "admin"})


def test_service_gets_its_port_its_database_and_the_public_address(tmp_path: Path) -> None:
    around = surroundings(tmp_path)

    told = around.of_service(BY_NAME["access"], around.providers(video=False))

    assert told["HTTP_PORT"] == "9003"
    assert told["DATABASE_URL"].endswith("@127.0.0.1:9030/backstage_access")
    assert told["PUBLIC_URL"] == "http://localhost:9000"
    assert told["PATH"] == "/bin"


def test_settings_of_the_shell_do_not_leak_into_services(tmp_path: Path) -> None:
    around = surroundings(tmp_path, DATABASE_URL="postgresql://elsewhere", NATS_URL="nats://x")

    told = around.of_service(BY_NAME["chat"], around.providers(video=False))

    assert "elsewhere" not in told["DATABASE_URL"]
    assert told["NATS_URL"].endswith("@127.0.0.1:9031")
