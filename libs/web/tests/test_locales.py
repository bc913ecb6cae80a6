"""Every language says all that the others say, with the same values."""

from pathlib import Path

import pytest

from libs.web import texts
from libs.web.tests.locales import messages_of, texts_of

SHARED = texts.SHARED
LOCALES = [SHARED, *sorted((Path(__file__).parents[3] / "services").glob("*/locale"))]
TRANSLATED = [folder for folder in LOCALES if (folder / "de.ftl").exists()]
# A name, a word that is the same in both languages, or nothing but a value.
THE_SAME = {
    "brand", "chat-heading", "creator-spaces", "experience-chat", "kind-chat", "offer-item-price",
    "offer-price-lifetime", "order-of", "account-name", "stream-title",
    "spaces", "name", "status", "tab-team", "price-lifetime", "role-admin", "role-support",
    "sender", "code-sender", "row-order",
}  # fmt: skip


def test_the_texts_of_both_edges_are_translated() -> None:
    assert {folder.parent.name for folder in TRANSLATED} >= {"web", "gateway", "admin"}


@pytest.mark.parametrize("folder", TRANSLATED, ids=lambda folder: folder.parent.name)
def test_each_language_has_the_same_texts_with_the_same_values(folder: Path) -> None:
    english = messages_of(folder / "en.ftl")

    for file in folder.glob("*.ftl"):
        assert messages_of(file) == english, file.name


@pytest.mark.parametrize("folder", TRANSLATED, ids=lambda folder: folder.parent.name)
def test_no_text_was_left_in_english(folder: Path) -> None:
    english = texts_of(folder / "en.ftl")
    german = texts_of(folder / "de.ftl")

    same = {name for name, text in english.items() if german[name] == text}
    assert same - THE_SAME == set()


@pytest.mark.parametrize("folder", TRANSLATED, ids=lambda folder: folder.parent.name)
def test_no_edge_says_again_what_all_edges_say(folder: Path) -> None:
    if folder != SHARED:
        assert not set(messages_of(folder / "en.ftl")) & set(messages_of(SHARED / "en.ftl"))


def test_a_missing_text_or_value_is_found(tmp_path: Path) -> None:
    (tmp_path / "en.ftl").write_text("a = One { $x }\nb = Two\n")
    (tmp_path / "de.ftl").write_text("a = Eins { $y }\n")

    assert messages_of(tmp_path / "en.ftl") == {"a": {"x"}, "b": set()}
    assert messages_of(tmp_path / "de.ftl") == {"a": {"y"}}
