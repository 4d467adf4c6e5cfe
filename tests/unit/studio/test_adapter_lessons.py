"""What of a picture is learned: a square around the product where it is known, as far as the picture reaches."""

from __future__ import annotations

import pytest

from apps.assets.models import Blob
from apps.studio import adapters
from apps.studio.jobs.adapters import Lesson, _opened, _sealed


@pytest.mark.parametrize(
    ("size", "window", "square"),
    [
        ((800, 600), None, (100, 0, 600)),  # nobody knows where it is: the middle
        ((800, 600), (300, 200, 200, 160), (275, 155, 250)),  # with a quarter of air around
        ((800, 600), (0, 0, 200, 200), (0, 0, 250)),  # at a corner the picture ends
        ((800, 600), (700, 500, 100, 100), (675, 475, 125)),
        ((600, 800), (250, 50, 100, 700), (0, 100, 600)),  # taller than any square in the picture
    ],
)
def test_the_square(
    size: tuple[int, int], window: tuple[int, int, int, int] | None, square: tuple[int, int, int]
) -> None:
    blob = Blob(width=size[0], height=size[1])
    assert Lesson(blob, "a bottle", window).square == square


def test_a_state_comes_back_whole_or_not_at_all() -> None:
    sealed = _sealed(b"weights and losses")
    assert _opened(sealed) == b"weights and losses"
    for damaged in (sealed[:-1], sealed + b"x", b"", b"short", sealed[:40] + b"?" + sealed[41:]):
        assert _opened(damaged) is None


def test_a_curve_keeps_short_runs_and_averages_long_ones() -> None:
    assert adapters.curve([0.5, 0.25]) == [0.5, 0.25]
    long = adapters.curve([float(step) for step in range(600)])
    assert len(long) == 60
    assert long[0] == pytest.approx(4.5)
    assert long[-1] == pytest.approx(594.5)
