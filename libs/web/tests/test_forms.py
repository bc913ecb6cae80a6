"""What a form sends, the command that it is, and whose form it is."""

from uuid import UUID

import pytest
from starlette.datastructures import FormData

from libs.web import csrf
from libs.web.forms import ForgedRequest, SentForm, refuse_forged

SECRET = "the secret of the forms"


def sent(**fields: str) -> SentForm:
    return SentForm(FormData(list(fields.items())))


def test_a_double_click_is_one_command_and_a_correction_is_another() -> None:
    once = sent(idempotency_key="1", name="Season")
    again = sent(name="Season", idempotency_key="1")
    corrected = sent(idempotency_key="1", name="Seasons")
    loaded_anew = sent(idempotency_key="2", name="Season")

    assert once.key == again.key
    assert len({once.key, corrected.key, loaded_anew.key}) == 3


def test_a_form_without_a_key_of_ours_is_a_command_of_its_own_each_time() -> None:
    first, second = sent(name="Season"), sent(name="Season")

    assert first.key == first.key
    assert first.key != second.key


def test_half_a_character_becomes_a_whole_one() -> None:
    form = sent(name="\ud800", idempotency_key="\ud800")

    assert form.text("name") == "?"
    assert isinstance(form.key, UUID)


def test_several_values_and_missing_ones_are_read() -> None:
    form = SentForm(FormData([("room", "a"), ("room", "b")]))

    assert form.texts("room") == ["a", "b"]
    assert form.texts("other") == []
    assert form.text("other") == ""
    assert form.typed() == {"room": "b"}


def test_an_id_that_our_page_did_not_put_there_is_forged() -> None:
    own = UUID("0c7d7b5e-0000-5000-8000-000000000001")

    assert sent(id=str(own)).id("id") == own
    for other in ("", "../orders", "1"):
        with pytest.raises(ForgedRequest):
            sent(id=other).id("id")


def test_a_form_of_another_session_is_forged() -> None:
    token = csrf.token_for(SECRET, "session")

    refuse_forged(SECRET, "session", token)
    for session, given in (("other", token), ("session", ""), ("session", "x")):
        with pytest.raises(ForgedRequest):
            refuse_forged(SECRET, session, given)
