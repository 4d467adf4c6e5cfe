"""One look for many products: what of an edited shot is its look, and how alike the results are.

The look is the scene: set, camera, mood, palette, format, light, shadow, reflection, blur, size and frame. What was
done to the product itself (rotation, flip, exposure, white balance) stays with that product, and so does a second
product. The camera is locked to the shot's own window and base line, so every product is seen in the same frame and
stands on the same line.

A product may be an exception: left out, at a size of its own, or with what was done to it in its own shot of the look
(``Offered``). Exceptions of the last time are offered again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import dist
from statistics import fmean, median, pstdev
from typing import Any

from apps.jobs.models import Batch
from apps.studio import catalogue, selectors
from apps.studio.models import Product, Shot
from apps.studio.specs import Spec
from inference.edits import KNOBS

MOST_PRODUCTS = 500
OF_THE_PRODUCT = frozenset({"rotate_deg", "flip", "exposure_ev", "warmth_ev", "tint_ev"})
OF_THE_SHOT = frozenset({"edits", "offset", "lock", "scale", "companion"})
SMALLEST_SCALE, LARGEST_SCALE = 0.5, 1.6
PLACED_MARGIN_PX = 3

# What a viewer still takes for the same: a background that differs by less than this, and so on.
BACKGROUND_DELTA_E = 6.0
HEIGHT_SPREAD = 0.5
BASE_SPREAD = 0.03


def look_of(shot: Shot, *, scale: float = 1.0, usual: float = 1.0, own: Spec | None = None) -> Spec:
    """The spec that another product gets.

    Args:
        scale: times its size in this look; ``usual`` as in every picture.
        own: ``edits`` of the product and ``offset`` from the look's place, as ``own_of`` found them.
    """
    kept = {key: value for key, value in shot.spec.items() if key not in OF_THE_SHOT}
    edits = {name: value for name, value in shot.spec.get("edits", {}).items() if name not in OF_THE_PRODUCT}
    own = own or {}
    edits |= own.get("edits", {})
    size = edits.get("scale", 1.0) * scale
    edits["scale"] = round(min(max(size, KNOBS["scale"].low), KNOBS["scale"].high), 4)
    if edits["scale"] == 1:
        del edits["scale"]
    lock = lock_of(shot)
    if usual != 1:
        kept["scale"] = usual
    if own.get("offset"):
        kept["offset"] = own["offset"]
    return kept | ({"edits": edits} if edits else {}) | ({"lock": lock} if lock else {})


@dataclass(frozen=True)
class Offered:
    """A product that a look may be given to, as it was the last time.

    ``fits``: whether its photo was taken from where the look's set is seen (``catalogue.fits``).
    ``scale``: its own size in the look; ``own``: what was done to the product in its shot of the look (``own_of``).
    """

    product: Product
    fits: bool
    is_chosen: bool
    scale: float
    own: Spec


def as_last_time(shot: Shot, products: Sequence[Product]) -> list[Offered]:
    """The exceptions that the look's last shots of ``products`` show; without any every product but the shot's own and
    those that do not fit the set."""
    made = selectors.made_in_look(shot, products)
    newest = max((item.shoot.batch for item in made.values() if item.shoot.batch), key=_begun, default=None)
    sizes = _sizes_by_version(shot)
    info = catalogue.get_set(shot.spec["set"])
    found = []
    for product in products:
        last, fits = made.get(product.id), catalogue.fits(product.viewpoint, info)
        if newest is None:
            is_chosen = fits and product.id != shot.product_id
        elif _begun(newest) < product.created_at:
            is_chosen = fits
        else:
            is_chosen = last is not None and last.shoot.batch_id == newest.id
        scale = _own_scale(last, sizes) if last else 1.0
        found.append(Offered(product, fits, is_chosen, scale, own_of(last) if last else {}))
    return found


def own_of(made: Shot) -> Spec:
    """What was done to the product in its own shot of a look, and where it was moved to: ``edits`` and ``offset``."""
    edits = {name: value for name, value in made.spec.get("edits", {}).items() if name in OF_THE_PRODUCT}
    offset = made.spec.get("offset")
    return ({"edits": edits} if edits else {}) | ({"offset": offset} if offset else {})


def _begun(batch: Batch) -> datetime:
    return batch.created_at


def _sizes_by_version(shot: Shot) -> dict[int, float]:
    """How large the product is in each version of the shot."""
    specs = {version.number: version.spec for version in selectors.versions(shot)} | {shot.version: shot.spec}
    return {number: float(spec.get("edits", {}).get("scale", 1.0)) for number, spec in specs.items()}


def _own_scale(made: Shot, sizes: dict[int, float]) -> float:
    usual = sizes.get(made.shoot.choices.get("look_version", 0), 1.0)
    scale = float(made.spec.get("edits", {}).get("scale", 1.0)) / usual
    return round(min(max(scale, SMALLEST_SCALE), LARGEST_SCALE), 2)


def lock_of(shot: Shot) -> dict[str, Any] | None:
    """The shot's window and base line; None for a recipe that does not say where they are."""
    recipe = shot.asset.recipe if shot.asset else {}
    window, measures = recipe.get("parameters", {}).get("window"), recipe.get("measures", {})
    placement = recipe.get("parameters", {}).get("placement")
    if not window or not placement:
        return None
    look = recipe.get("parameters", {}).get("look", {})
    known = {"mirrored": look["mirrored"]} if "mirrored" in look else {}
    if "base_x" in measures:
        return {"window": list(window), "base": [measures["base_x"], measures["base_y"]], **known}
    # Older recipes: the base line lies where the placed rectangle ends, but for its margin.
    x = (placement["x"] + placement["width"] / 2) / shot.spec["width"]
    y = (placement["y"] + placement["height"] - PLACED_MARGIN_PX) / shot.spec["height"]
    return {"window": list(window), "base": [round(x, 5), round(y, 5)], **known}


@dataclass(frozen=True)
class Consistency:
    """How alike the finished shots of one look are; ``score`` 0..100, the figures behind it, and who stands out.

    ``background_delta_e``: mean CIE76 of the empty background to the median of all. ``height_spread``: standard
    deviation of the products' heights over their mean. ``base_spread``: of the base line, in shares of the picture.
    """

    score: int
    shots: int
    background_delta_e: float
    height_spread: float
    base_spread: float
    outliers: tuple[Shot, ...]


def consistency(shots: Sequence[Shot]) -> Consistency | None:
    """None for less than two finished shots."""
    finished = [shot for shot in shots if shot.asset is not None and "backdrop" in shot.gate]
    if len(finished) < 2:
        return None
    differences = _background_differences([shot.gate["backdrop"] for shot in finished])
    measures = [shot.asset.recipe.get("measures", {}) for shot in finished if shot.asset]
    heights = [float(item.get("fill_height", 0.0)) for item in measures]
    bases = [float(item.get("base_y", 0.0)) for item in measures]
    background = fmean(differences)
    height_spread = pstdev(heights) / fmean(heights) if fmean(heights) else 0.0
    base_spread = pstdev(bases)
    parts = (
        0.5 * _closeness(background, BACKGROUND_DELTA_E),
        0.2 * _closeness(height_spread, HEIGHT_SPREAD),
        0.3 * _closeness(base_spread, BASE_SPREAD),
    )
    return Consistency(
        score=round(100 * sum(parts)),
        shots=len(finished),
        background_delta_e=round(background, 2),
        height_spread=round(height_spread, 3),
        base_spread=round(base_spread, 4),
        outliers=_outliers(finished, heights, differences),
    )


def _closeness(value: float, worst: float) -> float:
    return max(0.0, 1.0 - value / worst)


def _background_differences(backdrops: list[list[list[float] | None]]) -> list[float]:
    """For each shot the mean distance of its cells to the cells' median over all shots."""
    cells = range(len(backdrops[0]))
    usual = [_middle([shot[cell] for shot in backdrops]) for cell in cells]
    found = []
    for shot in backdrops:
        pairs = [(shot[cell], usual[cell]) for cell in cells]
        known = [_distance(own, other) for own, other in pairs if own is not None and other is not None]
        found.append(fmean(known) if known else 0.0)
    return found


def _middle(colours: list[list[float] | None]) -> list[float] | None:
    known = [colour for colour in colours if colour is not None]
    return [median(colour[axis] for colour in known) for axis in range(3)] if known else None


def _distance(first: list[float], second: list[float]) -> float:
    return dist(first, second)


def _outliers(shots: list[Shot], heights: list[float], differences: list[float]) -> tuple[Shot, ...]:
    """At most eight: another background, or a height that is far from the usual one."""
    usual = median(heights)
    far = [
        (max(difference / BACKGROUND_DELTA_E, abs(height / usual - 1) / HEIGHT_SPREAD if usual else 0.0), shot)
        for shot, height, difference in zip(shots, heights, differences, strict=True)
    ]
    return tuple(shot for distance, shot in sorted(far, key=lambda item: -item[0])[:8] if distance > 0.8)
