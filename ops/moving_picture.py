"""A picture for a stream without a camera: colour bars, a line that sweeps, and a clock."""

from typing import Final

WIDTH: Final = 640
HEIGHT: Final = 360
FRAMES_PER_S: Final = 15

# Grey, yellow, cyan, green, magenta, red, blue, black as Y, U, V (BT.601, limited range).
_BARS: Final = (
    (180, 128, 128),
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
# Five rows of three pixels each; an octal digit per row.
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
_CLOCK_CELLS: Final = 8 * 4 + 1
"""Eight characters of three pixels, with one pixel between and around them."""
_CLOCK_LEFT: Final = (WIDTH - _CLOCK_CELLS * _SCALE) // 2
_CLOCK_TOP: Final = (HEIGHT - (_GLYPH_ROWS + 2) * _SCALE) // 2


def picture(number: int, clock: str) -> bytes:
    """Return the picture of this number as I420; `clock` is eight digits and colons."""
    row = bytearray(_LUMA)
    at = number * _SWEEP_STEP_PX % (WIDTH - _SWEEP_PX)
    row[at : at + _SWEEP_PX] = bytes([_WHITE]) * _SWEEP_PX
    plain = bytes(row)
    blank = bytes([_BLACK]) * _CLOCK_CELLS * _SCALE
    clock_rows = [blank, *(_row_of(clock, each) for each in range(_GLYPH_ROWS)), blank]
    luma = (
        [plain * _CLOCK_TOP]
        + [_over(plain, each, _CLOCK_LEFT) * _SCALE for each in clock_rows]
        + [plain * _CLOCK_TOP]
    )
    return b"".join(luma) + _CHROMA


def _row_of(clock: str, row: int) -> bytes:
    lit = [0]
    for sign in clock:
        bits = int(_GLYPHS[sign][row], 8)
        lit += [bits & 4, bits & 2, bits & 1, 0]
    return b"".join(bytes([_WHITE if each else _BLACK]) * _SCALE for each in lit)


def _over(row: bytes, middle: bytes, left: int) -> bytes:
    return row[:left] + middle + row[left + len(middle) :]


def _bars(channel: int, width: int) -> bytes:
    """Return one row of the bars."""
    return b"".join(bytes([bar[channel]]) * (width // len(_BARS)) for bar in _BARS)


def _chroma(channel: int) -> bytes:
    """Return a chroma plane at half the size, grey where the clock is."""
    row = _bars(channel, WIDTH // 2)
    grey = _over(row, bytes([128]) * (_CLOCK_CELLS * _SCALE // 2), _CLOCK_LEFT // 2)
    above = row * (_CLOCK_TOP // 2)
    return above + grey * ((_GLYPH_ROWS + 2) * _SCALE // 2) + above


_LUMA: Final = _bars(0, WIDTH)
_CHROMA: Final = _chroma(1) + _chroma(2)
