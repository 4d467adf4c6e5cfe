"""What a scene tells of how it came about: for its recipe, and for people who want to know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inference.engines.studio_sets.framing import Framing
from inference.engines.studio_sets.plates import StudioSet
from inference.engines.studio_sets.variation import Look
from inference.ops.placement import Outline
from inference.ops.turn import Turn


def identity(studio: StudioSet) -> Mapping[str, Any]:
    """See ``ports.SceneEngine.identity``."""
    return {"name": studio.name, "version": studio.version, "plates_sha256": studio.digest}


def parameters(framing: Framing, look: Look, turn: Turn | None) -> dict[str, Any]:
    """What was chosen for the picture: light, window, place; in pixels of the shot and of the plate."""
    window = framing.window
    return {
        **({"turn": turn.as_list()} if turn else {}),
        "look": look.as_dict(),
        "window": [window.left, window.top, window.width, window.height],
        "placement": framing.placement.as_dict(),
        "thickness_m": round(framing.thickness_m, 6),
    }


def colours_used(studio: StudioSet, colours: Mapping[int, str], exposures: Mapping[int, float]) -> dict[str, Any]:
    """By material; ``exposures`` only where light was taken back."""
    names = [material.name for material in studio.materials]
    less = {names[index]: round(share, 4) for index, share in exposures.items() if share < 1}
    return {"colours": {names[index]: code for index, code in colours.items()}} | ({"exposures": less} if less else {})


def measures(outline: Outline, framing: Framing) -> Mapping[str, float]:
    """How large the product is in the picture and where it stands, in shares of its sides."""
    placement, window = framing.placement, framing.window
    return {
        "product_scale": placement.scale,
        "fill_height": round(outline.height * placement.scale / window.out_height, 4),
        "fill_width": round(outline.width * placement.scale / window.out_width, 4),
        "plate_scale": round(window.scale, 4),
        "base_x": round(framing.base[0] / window.out_width, 5),
        "base_y": round(framing.base[1] / window.out_height, 5),
    }
