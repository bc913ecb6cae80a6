import pytest

from libs.web import csrf

SECRET = "the secret of the edges"


def test_the_token_of_a_session_is_good_in_that_session() -> None:
    assert csrf.verify(SECRET, "session", csrf.token_for(SECRET, "session"))


@pytest.mark.parametrize(
    ("secret", "session_id", "token"),
    [
        (SECRET, "another session", csrf.token_for(SECRET, "session")),
        ("another secret", "session", csrf.token_for(SECRET, "session")),
        (SECRET, "session", ""),
        (SECRET, "session", "\N{SNOWMAN}"),
        (SECRET, "session", csrf.token_for(SECRET, "session").upper()),
    ],
)
def test_any_other_token_is_refused(secret: str, session_id: str, token: str) -> None:
    assert not csrf.verify(secret, session_id, token)
