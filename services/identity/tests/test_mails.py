from email.message import EmailMessage
from uuid import UUID

import pytest

from services.identity.mails import Mails


def text(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return body.get_content()


@pytest.mark.parametrize(
    ("locale", "subject", "said"),
    [
        ("en", "123456 is your Backstage Pass code", "Type these six digits"),
        ("de", "123456 ist dein Code für Backstage Pass", "Gib diese sechs Ziffern"),
        ("fr", "123456 is your Backstage Pass code", "Type these six digits"),
    ],
)
def test_a_code_comes_in_the_language_of_its_reader(locale: str, subject: str, said: str) -> None:
    mails = Mails("https://pass.example", "Backstage <hi@pass.example>")

    mail = mails.sign_in_code("ada@example.org", locale, "123456", UUID(int=1))

    assert mail["Subject"] == subject
    for form in ("plain", "html"):
        assert said in text(mail, form)
        assert "123456" in text(mail, form)
