"""What the identity service reads from its environment."""

from pydantic import Field

from libs.runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """Where mails go out, the pepper of all codes, and how often codes may be sent in an hour.

    Another pepper makes the codes that are under way worthless; sessions go on.
    """

    smtp_url: str
    mail_from: str = "Backstage Pass <hello@localhost>"
    sign_in_pepper: str = Field(min_length=32)
    sign_in_sends_per_address: int = 5
    sign_in_sends_per_network: int = 30
    sign_in_sends_in_total: int = 2_000
    sign_in_failures_per_address: int = 20
