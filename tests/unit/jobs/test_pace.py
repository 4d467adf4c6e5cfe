"""What work of another amount takes, by what was measured."""

from __future__ import annotations

import pytest

from apps.jobs.pace import Pace, fitted


def test_nobody_knows_before_the_first() -> None:
    assert fitted([]) == Pace()
    assert fitted([]).seconds(4.0) == 0.0


def test_one_amount_counts_as_growing_with_it() -> None:
    assert fitted([(2.0, 6.0), (2.0, 8.0), (2.1, 60.0)]).seconds(4.0) == pytest.approx(16.0)


def test_two_amounts_tell_what_any_takes_from_what_grows() -> None:
    pace = fitted([(1.0, 5.0), (3.0, 9.0), (2.0, 7.0)])
    assert (pace.base_s, pace.unit_s) == pytest.approx((3.0, 2.0))


def test_neither_part_is_below_nothing() -> None:
    assert fitted([(1.0, 9.0), (3.0, 5.0)]) == Pace(base_s=7.0)
    steep = fitted([(1.0, 1.0), (3.0, 9.0)])
    assert steep.base_s == 0.0
    assert steep.unit_s == pytest.approx(2.8)
