"""The row that decides who is on air when several people go live at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from libs.runtime.views.view import ViewCursor
from services.streaming.application import Streaming
from services.streaming.domain import AlreadyLive

EXPERIENCE, SPACE, PERSON = (UUID(int=n) for n in range(1, 4))


def test_of_eight_who_go_live_at_once_one_does(store: Store[Streaming]) -> None:
    barrier, streaming = Barrier(8), store.application

    def press(stream_id: UUID) -> str | None:
        barrier.wait(5)
        try:
            return store.execute(
                Cause(uuid4()),
                lambda: streaming.go_live(stream_id, EXPERIENCE, SPACE, PERSON),
            )
        except AlreadyLive:
            return None

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(press, [uuid4() for _ in range(8)]))

    assert len([answer for answer in answers if answer]) == 1
    assert len({row["stream_id"] for row in store.query(all_streams)}) == 1


def all_streams(curs: ViewCursor) -> list[dict[str, Any]]:
    return curs.execute("SELECT stream_id FROM stream_list").fetchall()
