from email.message import EmailMessage

import pytest

from libs.runtime.messaging.smtp import MailNotTaken
from services.notifications.application import MailRefused
from services.notifications.smtp_provider import SmtpProvider
from services.notifications.tests.mailserver import MailServer
from tests.servers import free_port


def a_mail(to: str = "ada@example.org") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Backstage Pass <hello@localhost>"
    mail["To"] = to
    mail["Subject"] = "Grüße"
    mail["Message-ID"] = "<one@localhost>"
    mail.set_content("Ein Zeichen: €")
    return mail


def test_a_mail_arrives_as_it_was_written(mail_server: MailServer) -> None:
    SmtpProvider(mail_server.url).send(a_mail())

    (arrived,) = mail_server.mails
    assert (arrived["To"], arrived["Subject"]) == ("ada@example.org", "Grüße")
    assert arrived.get_content().strip() == "Ein Zeichen: €"


def test_an_address_beyond_ascii_is_used_where_the_server_can(mail_server: MailServer) -> None:
    SmtpProvider(mail_server.url).send(a_mail("ädä@exämple.org"))

    assert [mail["To"] for mail in mail_server.mails] == ["ädä@exämple.org"]


@pytest.mark.parametrize("step", ["rcpt", "data"])
def test_a_refusal_for_good_names_its_code(mail_server: MailServer, step: str) -> None:
    mail_server.answers = [(step, "550 no such user ada@example.org")]

    with pytest.raises(MailRefused) as refused:
        SmtpProvider(mail_server.url).send(a_mail())

    assert refused.value.code == 550


@pytest.mark.parametrize("step", ["rcpt", "data"])
def test_a_refusal_for_now_is_to_be_tried_again_and_names_no_address(
    mail_server: MailServer, step: str
) -> None:
    mail_server.answers = [(step, "451 greylisted: ada@example.org")]
    provider = SmtpProvider(mail_server.url)

    with pytest.raises(MailNotTaken) as later:
        provider.send(a_mail())
    provider.send(a_mail())

    assert "ada" not in repr(later.value)
    assert len(mail_server.mails) == 1


def test_an_answer_that_is_lost_leaves_the_outcome_unknown(mail_server: MailServer) -> None:
    mail_server.loses_answer = 1

    with pytest.raises(MailNotTaken):
        SmtpProvider(mail_server.url).send(a_mail())

    assert len(mail_server.mails) == 1


def test_a_server_that_is_away_is_tried_again_later() -> None:
    with pytest.raises(MailNotTaken):
        SmtpProvider(f"smtp://127.0.0.1:{free_port()}").send(a_mail())


def test_password_is_never_sent_unencrypted(mail_server: MailServer) -> None:
    url = mail_server.url.replace("smtp://", "smtp://user:secret@")

    with pytest.raises(MailNotTaken):
        SmtpProvider(url).send(a_mail())

    assert mail_server.mails == []
