"""A picture for a stream without a camera: colour bars, a line that sweeps, and a clock."""

from typing import Final

WIDTH: Final = 640
HEIGHT: Final = 360
FRAMES_PER_S: Final = 15

# White, yellow, cyan, green, magenta, red, blue, black as Y, U, V (BT.601, limited range).
_BARS: Final = (
    (235, 128, 128),
    (210, 16, 146),
    (170, 166, 16),
    (145, 54, 34),
    (106, 202, 222),
    (81, 90, 240),
    (41, 240, 110),
    (16, 128, 128),
)
_WHITE: Final = 235
_BLACK: Final = 16
_SWEEP_PX: Final = 12
_SWEEP_STEP_PX: Final = 8
# Five rows of three pixels each, a row in an octal digit.
_GLYPHS: Final = {
    "0": "75557",
    "1": "26227",
    "2": "71747",
    "3": "71717",
    "4": "55711",
    "5": "74717",
    "6": "74757",
    "7": "71111",
    "8": "75757",
    "9": "75717",
    ":": "02020",
}
_GLYPH_ROWS: Final = 5
_SCALE: Final = 16


def _plane(channel: int, width: int) -> bytes:
    """One row of the bars."""
    return b"".join(bytes([bar[channel]]) * (width // len(_BARS)) for bar in _BARS)


_LUMA: Final = _plane(0, WIDTH)
_CHROMA: Final = b"".join(_plane(channel, WIDTH // 2) * (HEIGHT // 2) for channel in (1, 2))


def picture(number: int, clock: str) -> bytes:
    """The picture of this number as I420; `clock` is digits and colons, at most eight."""
    row = bytearray(_LUMA)
    at = number * _SWEEP_STEP_PX % (WIDTH - _SWEEP_PX)
    row[at : at + _SWEEP_PX] = bytes([_WHITE]) * _SWEEP_PX
    plain = bytes(row)
    rows = [_over(plain, _row_of(clock, each)) for each in range(_GLYPH_ROWS)]
    above = (HEIGHT - _GLYPH_ROWS * _SCALE) // 2
    luma = [plain * above, *(each * _SCALE for each in rows), plain * above]
    return b"".join(luma) + _CHROMA


def _row_of(clock: str, row: int) -> bytes:
    lit = []
    for sign in clock:
        bits = int(_GLYPHS[sign][row], 8)
        lit += [bits & 4, bits & 2, bits & 1, 0]
    return b"".join(bytes([_WHITE if each else _BLACK]) * _SCALE for each in lit)


def _over(row: bytes, middle: bytes) -> bytes:
    left = (WIDTH - len(middle)) // 2
    return row[:left] + middle + row[left + len(middle) :]
