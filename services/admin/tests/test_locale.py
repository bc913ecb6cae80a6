"""Every sentence that a page asks for exists, and none waits for nobody."""

import re
from pathlib import Path

import pytest

from libs.web.tests.locales import messages_of
from libs.web.texts import Translations
from services.admin import app
from services.admin.pages.experiences import STAGE_LABELS

HERE = Path(app.__file__).parent
NAMES = messages_of(HERE / "locale" / "en.ftl")
CODE = "".join(file.read_text() for file in [*HERE.glob("*.py"), *HERE.glob("pages/*.py")])
PAGES = "".join(file.read_text() for file in HERE.glob("templates/*.html"))
TEXTS = Translations(HERE / "locale").in_language("en")
# Names that are put together at run time begin with these.
BUILT = ("done-", "problem-", "error-", "state-", "role-", "kind-", "tab-", "price-", "reason-")
BUILT += ("access-", "cause-", "recording-", "watch-", "pricing-", "question-", "billing-")
BUILT += (
    "stock-mode-",
    "refund-failure-",
)


def test_every_sentence_that_is_named_in_full_exists() -> None:
    named = set(re.findall(r'\b(?:t|marked)\("([\w-]+)"\s*[,)]', PAGES))
    named |= set(re.findall(r'\bsay\("([\w-]+)"', CODE))
    named |= set(re.findall(r'visit\.go\([^)]*?, "([\w-]+)"\)', CODE)) - {""}

    missing = {name for name in named if not (TEXTS.knows(name) or TEXTS.knows(f"done-{name}"))}

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
        [f"watch-{each.replace('_', '-')}" for each in STAGE_LABELS],
        [
            f"role-{e}"
            for e in ("owner", "admin", "collaborator", "moderator", "support", "analyst")
        ],
        [f"role-{e}-why" for e in ("admin", "collaborator", "moderator", "support", "analyst")],
    ],
    ids=lambda names: names[0],
)
def test_every_choice_has_its_words(names: list[str]) -> None:
    assert [name for name in names if not TEXTS.knows(name)] == []


def test_no_sentence_waits_for_nobody() -> None:
    unused = {
        name
        for name in NAMES
        if not name.startswith(BUILT) and f'"{name}"' not in PAGES and f'"{name}"' not in CODE
    }

    assert unused == set()
