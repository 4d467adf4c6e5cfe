"""Two halves at the same time: each one's result, each one's error, and no more threads than two."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from inference.ops.side_by_side import both


def test_the_halves_run_at_the_same_time_and_give_their_results_in_order() -> None:
    meeting = threading.Barrier(2, timeout=10)  # nobody passes alone
    assert both(lambda: (meeting.wait(), "one")[1], lambda: (meeting.wait(), "other")[1]) == ("one", "other")


def test_a_half_does_its_own_halves_in_turn() -> None:
    def halves() -> tuple[str, str]:
        return both(lambda: threading.current_thread().name, lambda: threading.current_thread().name)

    assert [len(set(pair)) for pair in both(halves, halves)] == [1, 1]


@pytest.mark.parametrize("is_first", [True, False])
def test_what_a_half_raises_arrives_and_no_thread_stays(is_first: bool) -> None:
    def fail() -> int:
        raise ValueError("no product")

    halves: list[Callable[[], int]] = [fail, int] if is_first else [int, fail]
    before = threading.active_count()
    with pytest.raises(ValueError, match="no product"):
        both(*halves)
    assert threading.active_count() == before
    assert both(int, int) == (0, 0)
