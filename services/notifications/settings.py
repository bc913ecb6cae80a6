"""The environment of the notifications service."""

from libs.runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """The mail server (`smtp://` or `smtps://`, with user and password), and the From address."""

    smtp_url: str
    mail_from: str = "Backstage Pass <hello@localhost>"
