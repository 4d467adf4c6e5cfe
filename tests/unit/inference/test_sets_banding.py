"""The walls of shipped sets are gradients, not steps: measured on what a shot shows of them."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from inference.engines.studio_sets import codec
from inference.engines.studio_sets.render.definition import PLATES_DIR
from inference.ops.dither import tpdf_tile
from inference.ops.tonemap import display

SIDE_PX = 256
PLAIN_WALLS = {
    "white-sweep": (420, 150),
    "plinth": (500, 120),
    "arches": (20, 60),
    "two-tone": (640, 300),
    "halo": (660, 420),
    "spring-petals": (640, 330),
}
"""Sets with a plain wall, and where on the plate (x, y) it is."""


def wall(name: str) -> np.ndarray:
    """Linear light of the first mood on a plain part of the wall, magnified as a close picture magnifies it."""
    folder = Path(PLATES_DIR) / name
    raw = json.loads((folder / "set.json").read_text(encoding="utf-8"))
    x, y = PLAIN_WALLS[name]
    total = np.zeros((SIDE_PX, SIDE_PX, 3), np.float32)
    for light in raw["lights"]:
        if (mix := raw["moods"][0]["lights"].get(light["name"])) is None:
            continue
        plate = codec.decode((folder / light["file"]).read_bytes(), light["encoding"])
        part = plate[y : y + SIDE_PX // 2, x : x + SIDE_PX // 2]
        part = cv2.resize(part, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_CUBIC)
        total += part * np.asarray(mix["color"], np.float32) * np.float32(mix["weight"])
    return total


def bands(shown: np.ndarray, truth: np.ndarray) -> float:
    """The largest error that is left when noise is averaged away over 9 px, in 8-bit steps."""
    return float(np.abs(cv2.blur(shown.astype(np.float64) - truth, (9, 9)))[8:-8, 8:-8].max())


@pytest.mark.parametrize("name", sorted(PLAIN_WALLS))
def test_a_plain_wall_shows_no_bands(name: str) -> None:
    linear = wall(name)
    truth = np.mean([display(linear, tpdf_tile(seed)) for seed in range(2, 66)], axis=0)
    dithered, rounded = display(linear, tpdf_tile(1)), display(linear, np.zeros((256, 256), np.float32))
    assert bands(dithered, truth) < 0.3 < bands(rounded, truth)


@pytest.mark.parametrize("name", sorted(PLAIN_WALLS))
def test_a_plain_wall_is_stored_finer_than_it_is_shown(name: str) -> None:
    wanted = wall(name)[..., 1]
    shown = display(wall(name), np.zeros((256, 256), np.float32))[..., 1]
    # Far more levels than the picture has: what is left of a gradient is not the storage's steps.
    assert len(np.unique(np.round(wanted, 5))) > 20 * len(np.unique(shown))
