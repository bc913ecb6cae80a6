"""Every sentence that a page asks for exists, and none waits for nobody."""

import re
from pathlib import Path

import pytest
from fluent.runtime import FluentResource

from services.admin import sentences
from services.admin.sentences import knows, sentence

HERE = Path(sentences.__file__).parent
NAMES = [
    entry.id.name
    for entry in FluentResource((HERE / "locale" / "en.ftl").read_text("utf-8")).body
    if hasattr(entry, "id")
]
CODE = "".join(file.read_text() for file in [*HERE.glob("*.py"), *HERE.glob("pages/*.py")])
PAGES = "".join(file.read_text() for file in HERE.glob("templates/*.html"))
# Names that are put together at run time begin with these.
BUILT = ("done-", "problem-", "error-", "state-", "role-", "kind-", "tab-", "price-", "reason-")
BUILT += ("access-", "cause-", "recording-", "watch-", "pricing-", "question-", "billing-")
BUILT += ("stock-mode-",)


def test_every_sentence_that_is_named_in_full_exists() -> None:
    named = set(re.findall(r'\bt\("([\w-]+)"\s*[,)]', PAGES))
    named |= set(re.findall(r'\bsentence\("([\w-]+)"', CODE))
    named |= set(re.findall(r'visit\.go\([^)]*?, "([\w-]+)"\)', CODE)) - {""}

    missing = {name for name in named if not (knows(name) or knows(f"done-{name}"))}

    assert len(named) > 100
    assert missing == set()


@pytest.mark.parametrize(
    "names",
    [
        [f"state-{each}" for each in ("draft", "published", "archived")],
        [f"kind-{each}{why}" for each in ("live", "chat") for why in ("", "-why")],
        [
            f"pricing-{each}{why}"
            for each in ("free", "one_time", "recurring")
            for why in ("", "-why")
        ],
        [f"access-{e}" for e in ("active", "not_yet", "expired", "revoked", "banned")],
        [f"reason-{e}" for e in ("purchase", "free", "trial", "waitlist", "comp", "gift")],
        [f"cause-{each}" for each in ("creator", "abuse", "mistake")],
        [
            f"error-{e}{t}"
            for e in ("403", "404", "413", "422", "500", "503", "forged")
            for t in ("", "-title")
        ],
        [
            f"role-{e}"
            for e in ("owner", "admin", "collaborator", "moderator", "support", "analyst")
        ],
        [f"role-{e}-why" for e in ("admin", "collaborator", "moderator", "support", "analyst")],
    ],
    ids=lambda names: names[0],
)
def test_every_choice_has_its_words(names: list[str]) -> None:
    assert [name for name in names if not knows(name)] == []


def test_no_sentence_waits_for_nobody() -> None:
    unused = {
        name
        for name in NAMES
        if not name.startswith(BUILT) and f'"{name}"' not in PAGES and f'"{name}"' not in CODE
    }

    assert unused == set()


def test_an_unknown_sentence_is_a_fault() -> None:
    with pytest.raises(LookupError):
        sentence("no-such-sentence")
