"""Room for copy never pushes a product out of the picture, in any set, at any ratio."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from inference.engines.studio_sets import PLATES_DIR, plate_files
from inference.engines.studio_sets.framing import LEAST_BESIDE, frame_shot
from inference.engines.studio_sets.variation import look_for
from inference.ops.geometry import Camera
from inference.ops.placement import Outline
from inference.types import ShotSpec

SIZES = {"1:1": (1200, 1200), "4:5": (1200, 1500), "9:16": (1080, 1920), "16:9": (1920, 1080)}
OUTLINES = {
    "bottle": Outline(0, 0, 300, 900, 899, 150),
    "shoe": Outline(0, 0, 900, 350, 349, 450),
    "belt": Outline(0, 0, 1200, 240, 239, 600),
}
ROUNDING = 0.005


def cameras(folder: Path) -> Iterator[tuple[str, Any]]:
    """The cameras of a shipped set, without its pixels."""
    described = json.loads((folder / "set.json").read_text(encoding="utf-8"))
    for camera in described["cameras"]:
        own = folder / camera["plate"] / "plate.json" if camera.get("plate") else folder / "set.json"
        raw = json.loads(own.read_text(encoding="utf-8"))
        size = tuple(raw["plate_size"])
        yield (
            camera["name"],
            SimpleNamespace(
                name=folder.name,
                size=size,
                camera=Camera.from_look_at(raw["camera"], size),
                views=camera.get("views") or raw["views"],
                fill=float(camera.get("fill", 1)),
                product_at=float(camera.get("product_at", 0.5)),
                anchor=plate_files._anchor(raw["anchors"][0]),
            ),
        )


@pytest.mark.parametrize("folder", sorted(path.parent for path in PLATES_DIR.glob("*/set.json")), ids=lambda f: f.name)
def test_products_stay_inside_the_picture(folder: Path) -> None:
    for name, studio in cameras(folder):
        for (kind, outline), (ratio, (width, height)) in ((o, s) for o in OUTLINES.items() for s in SIZES.items()):
            for seed in (0, 1, 3):
                spec = ShotSpec(folder.name, width=width, height=height)
                placed = frame_shot(studio, outline, spec, look_for(seed, (1.0,), mirrors=False)).placement
                beside = min(placed.x, width - placed.x - placed.width) / width
                assert beside >= LEAST_BESIDE - ROUNDING, (name, kind, ratio, seed, beside)


def test_copy_space_stays_where_it_was_asked_for() -> None:
    for name, studio in cameras(PLATES_DIR / "white-sweep"):
        placed = frame_shot(
            studio,
            OUTLINES["shoe"],
            ShotSpec("white-sweep", width=1080, height=1920),
            look_for(0, (1.0,), mirrors=False),
        ).placement
        left, right = placed.x, 1080 - placed.x - placed.width
        if name == "wide-left":
            assert left > 3 * right
        if name == "wide-right":
            assert right > 3 * left
