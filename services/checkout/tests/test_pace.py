import asyncio

from services.checkout.http.pace import Pace


async def test_those_who_come_at_once_go_through_one_after_the_other() -> None:
    pace = Pace(per_s=200)
    loop = asyncio.get_running_loop()
    through: list[int] = []

    async def go(number: int) -> None:
        assert await pace.turn()
        through.append(number)

    began = loop.time()
    await asyncio.gather(*(go(n) for n in range(20)))

    assert through == list(range(20))
    assert loop.time() - began >= 19 / 200


async def test_who_would_wait_too_long_is_told_at_once_and_takes_no_turn() -> None:
    pace = Pace(per_s=1)
    assert await pace.turn()

    refused = [await pace.turn(longest_wait_s=0.5) for _ in range(3)]

    assert refused == [False, False, False]
