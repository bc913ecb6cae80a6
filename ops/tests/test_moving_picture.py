import itertools

from ops.moving_picture import HEIGHT, WIDTH, picture


def test_every_picture_fills_the_frame_and_differs_from_the_one_before() -> None:
    pictures = [picture(number, "21:04:05") for number in range(100)]

    assert {len(each) for each in pictures} == {WIDTH * HEIGHT * 3 // 2}
    assert all(one != other for one, other in itertools.pairwise(pictures))


def test_the_clock_can_be_seen() -> None:
    assert picture(0, "21:04:05") != picture(0, "21:04:06")
