"""The documents' file: order, durability, all or nothing, threads."""

import threading
from pathlib import Path

import pytest

from sandbox.state import State, StorageFull


@pytest.fixture
def state(tmp_path: Path):
    state = State(tmp_path / "state.sqlite3")
    yield state
    state.close()


def test_a_document_comes_back_as_a_copy(state: State):
    shelf = state.collection("shelf")
    shelf.put("a", {"name": "Ä", "tags": [1, None]})

    shelf.get("a")["name"] = "changed"

    assert shelf.get("a") == {"name": "Ä", "tags": [1, None]}
    assert state.collection("other").get("a") is None


def test_a_changed_document_keeps_its_place(state: State):
    shelf = state.collection("shelf")
    for name in "abc":
        shelf.put(name, {"name": name})

    shelf.put("a", {"name": "A"})

    assert [document["name"] for document in shelf.all()] == ["A", "b", "c"]
    assert [document["name"] for document in shelf.newest()] == ["c", "b", "A"]


def test_newest_walks_through_more_than_one_chunk(state: State):
    shelf = state.collection("shelf")
    with state.transaction():
        for number in range(250):
            shelf.put(str(number), {"n": number})

    walked = [document["n"] for document in shelf.newest()]

    assert walked == list(range(249, -1, -1))
    assert len(shelf) == 250


def test_a_transaction_that_fails_leaves_nothing(state: State):
    shelf = state.collection("shelf")

    def put_two_and_fail() -> None:
        with state.transaction():
            shelf.put("a", {})
            with state.transaction():
                shelf.put("b", {})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        put_two_and_fail()

    assert shelf.all() == []


def test_deleting_tells_whether_there_was_something(state: State):
    shelf = state.collection("shelf")
    shelf.put("a", {})

    assert shelf.delete("a") is True
    assert shelf.delete("a") is False
    assert shelf.get("a") is None


def test_another_process_would_find_everything(tmp_path: Path):
    first = State(tmp_path / "state.sqlite3")
    first.collection("shelf").put("a", {"kept": True})

    second = State(tmp_path / "state.sqlite3")

    assert second.collection("shelf").get("a") == {"kept": True}
    first.close()
    second.close()


def test_threads_never_mix_their_transactions(state: State):
    shelf = state.collection("shelf")
    shelf.put("sum", {"n": 0})

    def add() -> None:
        for _ in range(50):
            with state.transaction():
                shelf.put("sum", {"n": shelf.get("sum")["n"] + 1})

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert shelf.get("sum") == {"n": 400}


@pytest.fixture
def small(tmp_path: Path):
    """A file that may grow by only a few pages, as on a nearly full disk."""
    state = State(tmp_path / "small.sqlite3")
    (pages,) = state.execute("PRAGMA page_count", ())[0]
    state.execute(f"PRAGMA max_page_count = {pages + 4}", ())
    yield state
    state.close()


def test_a_full_disk_is_named_and_what_was_there_stays(small: State):
    shelf = small.collection("shelf")
    shelf.put("a", {"name": "a"})

    with pytest.raises(StorageFull, match="make room"):
        shelf.put("b", {"name": "b" * 100_000})

    assert shelf.all() == [{"name": "a"}]


def test_a_transaction_on_a_full_disk_is_undone_and_the_next_one_works(small: State):
    shelf = small.collection("shelf")

    def keep(size: int) -> None:
        with small.transaction():
            shelf.put("a", {"name": "a"})
            shelf.put("b", {"name": "b" * size})

    with pytest.raises(StorageFull):
        keep(100_000)
    assert shelf.all() == []

    keep(1)
    assert len(shelf) == 2
