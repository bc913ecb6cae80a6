"""The environment of the notifications service."""

from libs.runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """Where mails go out (`smtp://` or `smtps://`, with user and password), and their From."""

    smtp_url: str
    mail_from: str = "Backstage Pass <hello@localhost>"
