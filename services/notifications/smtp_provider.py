"""The mail server, with its refusals as the application knows them."""

from email.message import EmailMessage

from libs.runtime.messaging import smtp
from services.notifications.application import MailRefused


class SmtpProvider:
    """Sends mails; each carries its notice's id as Message-ID."""

    def __init__(self, url: str) -> None:
        self._server = smtp.SmtpServer(url)

    def send(self, mail: EmailMessage) -> None:
        """Send one mail. Raises MailRefused if it is refused for good, else MailNotTaken."""
        try:
            self._server.send(mail)
        except smtp.MailRefused as refused:
            raise MailRefused(refused.code) from None
