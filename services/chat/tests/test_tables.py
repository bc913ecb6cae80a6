import threading
import time
from uuid import UUID, uuid4

from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from libs.runtime.views.view import ViewCursor
from services.chat.application import Chat
from services.chat.tables import AdvisoryLocks

SPACE, PERSON, ELSEWHERE = uuid4(), uuid4(), uuid4()


def until_one_waits(store: Store[Chat]) -> None:
    def waiting(curs: ViewCursor) -> int:
        row = curs.execute(
            "SELECT count(*) AS waiting FROM pg_locks"
            " WHERE locktype = 'advisory' AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        ).fetchone()
        assert row is not None
        return int(row["waiting"])

    deadline = time.monotonic() + 10
    while not store.query(waiting):
        assert time.monotonic() < deadline, "nobody waits"
        time.sleep(0.01)


def test_second_change_of_a_space_waits_until_the_first_has_committed(
    store: Store[Chat],
) -> None:
    done: list[str] = []
    began, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        AdvisoryLocks().lock(SPACE)
        began.set()
        assert go_on.wait(10)
        # Before the commit, which lets the second go on.
        done.append("first")

    def ban(space_id: UUID, name: str) -> None:
        def decide() -> None:
            store.application.ban_person(space_id, PERSON, 2)
            done.append(name)

        store.execute(Cause(uuid4()), decide)

    holder = threading.Thread(target=lambda: store.execute(Cause(uuid4()), hold))
    holder.start()
    assert began.wait(10)
    waiter = threading.Thread(target=lambda: ban(SPACE, "second"))
    waiter.start()
    until_one_waits(store)
    ban(ELSEWHERE, "elsewhere")
    go_on.set()
    for thread in (holder, waiter):
        thread.join(10)

    assert done == ["elsewhere", "first", "second"]
