import json
import re
from pathlib import Path
from uuid import uuid4

import pytest

from libs.events.catalog import PassPublished, PassTerms, SpaceCreated, StockMode
from services.catalog import domain
from services.catalog.domain import AccessPass, Space
from services.catalog.domain import terms as domain_terms
from services.catalog.publishing import to_contract
from services.catalog.sentences import language_for, sentence
from services.catalog.tests.builders import DETAILS, NOW, OWNER, a_draft, a_pass, a_space


def test_published_pass_carries_all_that_a_sale_needs() -> None:
    space = a_space()
    access_pass = a_pass(space)
    access_pass.publish(space, None, NOW)
    (event,) = access_pass.collect_events()

    told = to_contract(event)

    assert isinstance(told, PassPublished)
    assert (told.pass_id, told.version_number) == (access_pass.id, 1)
    assert (told.space_slug, told.space_name) == ("anna", "Anna plays")
    assert [str(each) for each in told.experience_ids] == list(space.experiences)[:1]
    assert (told.terms.price_minor, told.terms.currency_exponent) == (1990, 2)
    assert told.terms.stock_mode is StockMode.EDITIONS


def test_same_event_is_published_in_the_same_bytes() -> None:
    space = a_space()
    access_pass = a_pass(space)
    access_pass.publish(space, None, NOW)
    (event,) = access_pass.collect_events()

    once, twice = to_contract(event), to_contract(event)

    assert once is not None
    assert twice is not None
    assert once.model_dump_json() == twice.model_dump_json()


def test_drafts_and_details_stay_private() -> None:
    space = Space.open(uuid4(), OWNER, "anna", DETAILS, "EUR")
    access_pass = AccessPass.draft(uuid4(), space, "season", a_draft(a_space(), experience_ids=()))
    access_pass.change_draft(
        space, a_draft(a_space(), experience_ids=(), name="Other"), access_pass.version
    )
    (opened,) = space.collect_events()

    assert isinstance(to_contract(opened), SpaceCreated)
    assert [to_contract(event) for event in access_pass.collect_events()] == [None, None]
    assert DETAILS.description not in json.dumps(to_contract(opened).model_dump(mode="json"))


def test_the_domain_and_the_contract_have_the_same_terms() -> None:
    assert set(domain_terms.Terms.__dataclass_fields__) == set(PassTerms.model_fields)


def test_every_code_of_the_domain_has_a_sentence() -> None:
    source = "".join(file.read_text() for file in Path(domain.__file__).parent.glob("*.py"))
    codes = set(re.findall(r'FieldError\(\s*[^,()]+, "(\w+)"', source))
    codes |= set(re.findall(r'return .*"(question_\w+)"', source))
    codes |= {"no_experience", "space_unpublished", "sale_already_over", "already_expired"}
    codes |= {"recurring_not_yet", "waitlist_not_yet", "split_payments_not_yet"}

    given: dict[str, str | int] = {"least": 1, "most": 2, "step": 3, "exponent": 4}

    for language in ("en", "de"):
        sentences = {code: sentence(code, given, language) for code in codes}

        assert len(sentences) > 30
        assert all(text.endswith((".", "?", "https://.")) for text in sentences.values())


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("", "en"), ("de-AT", "de"), ("fr, de;q=0.5", "de"), ("fr", "en"), ("en-GB,de", "en")],
)
def test_the_first_language_that_we_speak_is_spoken(accepted: str, language: str) -> None:
    assert language_for(accepted) == language
