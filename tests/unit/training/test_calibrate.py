"""How sure the engines may be: the fit follows what was right, and is shrunk as far as scenes ask for."""

from __future__ import annotations

import numpy as np
import pytest

from inference.engines.cutout_net.model import sure
from inference.training.cutout_net import calibrate
from inference.types import F64


def outcomes(seed: int, slope: float, count: int = 240, *, idle: int = 0) -> tuple[F64, F64]:
    """Measures of which the first decides, and ``idle`` more that say nothing."""
    rng = np.random.default_rng(seed)
    measures = rng.random((count, 1 + idle))
    chance = 1 / (1 + np.exp(-slope * (measures[:, 0] - 0.5)))
    return measures, (rng.random(count) < chance).astype(float)


@pytest.mark.parametrize("slope", [4.0, 12.0])
def test_what_it_says_is_how_often_it_is_right(slope: float) -> None:
    weights = calibrate.fitted(*outcomes(1, slope))
    measures, right = outcomes(2, slope, 4000)
    said = np.array([sure(weights, row) for row in measures])
    for low in (0.0, 0.25, 0.5, 0.75):
        inside = (said >= low) & (said < low + 0.25)
        assert right[inside].mean() == pytest.approx(said[inside].mean(), abs=0.08)


def test_it_is_shrunk_as_far_as_left_out_scenes_ask_for(monkeypatch: pytest.MonkeyPatch) -> None:
    measures, right = outcomes(3, 12.0, 60, idle=3)

    def chosen(*ridges: float) -> list[float]:
        monkeypatch.setattr(calibrate, "_RIDGES", ridges)
        return calibrate.fitted(measures, right)

    assert chosen(100.0, 0.01) == chosen(0.01) != chosen(100.0)
    rng = np.random.default_rng(4)
    right = (rng.random(60) < 0.5).astype(float)  # nothing says anything about this
    assert chosen(100.0, 0.0001) == chosen(100.0)
