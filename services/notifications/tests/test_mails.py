from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.notifications.domain import CHANNELS_OF, MANDATORY, Channel, Kind
from services.notifications.mails import Letter, Mails, Reader
from services.notifications.tests.builders import FACTS, NOON
from services.notifications.texts import Texts
from services.notifications.unsubscribe_tokens import (
    BadUnsubscribeToken,
    UnsubscribeTokens,
    Unsubscription,
)

SECRET = "a secret of at least thirty-two characters"
MAILED = [kind for kind in Kind if Channel.EMAIL in CHANNELS_OF[kind]]
READER = Reader("ada@example.org", "Ada", "en")
tokens = UnsubscribeTokens(SECRET)


def a_letter(kind: Kind = Kind.RECEIPT, space: UUID | None = None, **facts: Any) -> Letter:
    return Letter(
        notice_id=uuid4(),
        kind=kind,
        facts=FACTS[kind] | facts,
        url="/account/purchased_spaces/studio",
        person_id=uuid4(),
        unsubscribe_from=None if kind in MANDATORY else space or uuid4(),
    )


def written(letter: Letter, reader: Reader = READER) -> EmailMessage:
    mails = Mails("https://pass.example/", "Backstage <hi@pass.example>", Texts(), tokens)
    return mails.write(letter, reader, NOON)


def text(mail: EmailMessage, kind: str = "plain") -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return body.get_content()


@pytest.mark.parametrize("kind", MAILED)
def test_every_mail_says_why_it_came_and_where_to_go_in_text_and_html(kind: Kind) -> None:
    mail = written(a_letter(kind))

    for form in ("plain", "html"):
        assert "You get this mail because" in text(mail, form)
        assert "https://pass.example/account/purchased_spaces/studio" in text(mail, form)
        assert "Hi Ada," in text(mail, form)
    assert mail["To"] == "ada@example.org"
    assert mail["Subject"]


def test_a_receipt_says_what_how_much_which_order_when_and_what_comes_next() -> None:
    mail = written(a_letter())

    for form in ("plain", "html"):
        body = text(mail, form)
        for said in ("Season pass (The Studio)", "€19.90", "4f3c", "1 June 2026, 12:00 UTC"):
            assert said in body
    assert "Access: For ever" in text(mail)
    assert "Next charge: None." in text(mail)


@pytest.mark.parametrize("kind", MAILED)
def test_a_german_reader_gets_a_german_mail(kind: Kind) -> None:
    mail = written(a_letter(kind), Reader("ada@example.org", "Ada", "de"))

    for form in ("plain", "html"):
        assert "Du bekommst diese E-Mail, weil" in text(mail, form)
        assert "Hallo Ada," in text(mail, form)


def test_a_german_receipt_writes_money_and_dates_in_german() -> None:
    mail = written(a_letter(), Reader("ada@example.org", "Ada", "de"))

    for form in ("plain", "html"):
        body = text(mail, form)
        for said in ("19,90\xa0€", "1. Juni 2026, 12:00 UTC", "Nächste Zahlung", "Keine."):
            assert said in body


def test_a_receipt_of_a_free_pass_says_that_nothing_was_charged() -> None:
    body = text(written(a_letter(amount_minor=0)))

    assert "nothing was charged" in body
    assert "Amount: Free" in body


def test_access_that_ends_says_when() -> None:
    body = text(written(a_letter(access_until_at="2026-07-01T10:00:00+00:00")))

    assert "Access: Until 1 July 2026, 10:00 UTC" in body


@pytest.mark.parametrize(
    ("minor", "currency", "exponent", "locale", "written_as"),
    [
        (1990, "EUR", 2, "en", "€19.90"),
        (1990, "EUR", 2, "de-DE", "19,90\xa0€"),
        (500, "JPY", 0, "en", "¥500"),
        (1234567, "KWD", 3, "en", "KWD\xa01,234.567"),
        (500, "UGX", 2, "en", "UGX\xa05.00"),
        (5, "USD", 2, "no such locale", "$0.05"),
    ],
)
def test_money_is_written_as_the_locale_does_with_the_decimals_of_the_event(
    minor: int, currency: str, exponent: int, locale: str, written_as: str
) -> None:
    told = Texts().in_language(locale).money(minor, currency, exponent)

    assert told.replace("\xa0", "") == written_as.replace("\xa0", "")


def test_the_message_id_is_the_notice_so_that_a_repeat_is_recognisable() -> None:
    letter = a_letter()

    ids = {written(letter)["Message-ID"] for _ in range(2)}

    assert ids == {f"<{letter.notice_id}@pass.example>"}


@pytest.mark.parametrize("kind", MAILED)
def test_mails_can_be_switched_off_by_one_click_except_about_money(kind: Kind) -> None:
    space = uuid4()
    letter = a_letter(kind, space)

    mail = written(letter)

    if kind in MANDATORY:
        assert mail["List-Unsubscribe"] is None
        assert "unsubscribe" not in text(mail)
        return
    link = str(mail["List-Unsubscribe"])
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link.startswith("<https://pass.example/unsubscribe/")
    token = link.rpartition("/")[2].removesuffix(">")
    assert tokens.read(token) == Unsubscription(letter.person_id, space)
    assert token in text(mail)


def test_names_that_people_chose_are_text_and_never_markup_or_headers() -> None:
    evil = "<script>alert(1)</script>\nBcc: all@example.org"

    mail = written(a_letter(pass_name=evil), Reader("a@example.org", evil, "en"))

    assert "<script>" not in text(mail, "html")
    assert mail["Bcc"] is None
    assert "\n" not in str(mail["Subject"])


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        ("sold_out", "last seat was gone"),
        ("second_charge", "charged twice"),
        ("provider", "bought nothing"),
    ],
)
def test_a_returned_payment_is_an_apology_that_names_the_cause(cause: str, said: str) -> None:
    body = text(written(a_letter(Kind.PAYMENT_RETURNED, cause=cause)))

    assert said in body
    assert "sorry" in body
    assert "For:" not in body  # the name of the pass was unknown


def test_a_refund_says_what_became_of_the_access() -> None:
    full, partial = (text(written(a_letter(Kind.REFUND, full=f))) for f in ("yes", "no"))

    assert "has ended" in full
    assert "stays as it is" in partial


def test_an_address_with_letters_beyond_ascii_can_be_written_to() -> None:
    mail = written(a_letter(), Reader("ädä@exämple.org", "", "en"))

    assert "ädä@exämple.org" in str(mail["To"])
    assert "Hello," in text(mail)


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_text_in_the_app(kind: Kind) -> None:
    language = Texts().for_header("fr-FR,en;q=0.5")
    name, given = kind.replace("_", "-"), language.blanks(FACTS[kind])

    title, body = (language.say(name, part, given) for part in ("title", "body"))

    assert title
    assert body


def test_missing_text_is_a_fault() -> None:
    with pytest.raises(LookupError):
        Texts().in_language("en").say("receipt", "no-such-part")


@pytest.mark.parametrize(
    "token",
    ["", "x", UnsubscribeTokens("b" * 40).sign(Unsubscription(uuid4(), uuid4()))],
    ids=["empty", "garbage", "of another secret"],
)
def test_a_forged_unsubscribe_token_is_not_read(token: str) -> None:
    with pytest.raises(BadUnsubscribeToken):
        tokens.read(token)


def test_a_payment_returned_because_of_a_ban_says_so_and_excuses_nobody() -> None:
    body = text(written(a_letter(Kind.PAYMENT_RETURNED, cause="banned")))

    assert "banned you before your payment arrived" in body
    assert "sorry" not in body
