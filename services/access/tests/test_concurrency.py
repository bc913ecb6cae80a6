from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

from libs.runtime.store.store import Store
from services.access.application import Access
from services.access.tests.builders import a_purchase, an_end
from services.access.tests.conftest import Hear


def test_a_purchase_and_the_end_of_its_membership_heard_at_once_leave_nothing_open(
    store: Store[Access], hear: Hear
) -> None:
    purchases = [a_purchase(uuid4(), uuid4()) for _ in range(25)]

    with ThreadPoolExecutor(2) as threads:
        for purchase in purchases:
            start = Barrier(2)

            def heard(message: object, start: Barrier = start) -> None:
                start.wait(5)
                hear(message)

            list(threads.map(heard, [purchase, an_end(purchase)]))

    sql = "SELECT count(*) AS n, count(revoked_at) AS revoked FROM grant_list"
    assert store.query(lambda c: c.execute(sql).fetchone()) == {"n": 50, "revoked": 50}
