"""Products pasted last, over a scene, and measured against their photos: one of them, or two."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from inference.edits import Edits
from inference.ops.gate import interior, product_gate
from inference.ops.grade import ColourChange, colour_change, graded, shaded
from inference.ops.placement import Placement, on_canvas, overlap, resample
from inference.ops.turn import find_turn, turned
from inference.ports import PlacedCompanion, ScenePlate
from inference.types import U8, Companion, Cutout, GateReport


@dataclass(frozen=True, eq=False)
class Pasted:
    """A finished picture. ``product`` and ``companion`` uint8 RGBA, as placed and shaded; ``beneath`` is what the
    first product was pasted on, ``beside`` what the second one was judged against."""

    master: U8
    product: U8
    companion: U8 | None
    beneath: U8
    beside: U8
    colour_change: ColourChange | None

    @property
    def mask(self) -> U8:
        """Where the first product shows, uint8 (H, W)."""
        return np.ascontiguousarray(self.product[..., 3])


def pasted(
    photo_rgb: U8, cutout: Cutout, scene: ScenePlate, edits: Edits, companion: Companion | None = None
) -> Pasted:
    """What stands behind is pasted first."""
    product, change = placed_product(photo_rgb, cutout, scene, edits)
    if companion is None or scene.companion is None:
        return Pasted(composite(product, scene.plate, scene.placement), product, None, scene.plate, scene.plate, change)
    other = _placed_companion(companion, scene, scene.companion)
    where = scene.companion.placement
    if scene.companion.is_in_front:
        whole, _ = placed_product(photo_rgb, cutout, replace(scene, visible=_everywhere(scene)), edits)
        beneath, beside = composite(other, scene.plate, where), composite(whole, scene.plate, scene.placement)
        return Pasted(composite(other, beside, where), product, other, beneath, beside, change)
    whole = other.copy()
    whole[..., 3] = on_canvas(scene.companion.product[..., 3], where, (whole.shape[1], whole.shape[0]))
    beneath, beside = composite(whole, scene.plate, where), composite(product, scene.plate, scene.placement)
    return Pasted(composite(product, beneath, scene.placement), product, other, beneath, beside, change)


def _everywhere(scene: ScenePlate) -> U8:
    return np.full(scene.plate.shape[:2], 255, np.uint8)


def _placed_companion(companion: Companion, scene: ScenePlate, placed: PlacedCompanion) -> U8:
    product, _ = placed_product(companion.photo_rgb, companion.cutout, _as_scene(scene, placed), placed.edits)
    return product


def _as_scene(scene: ScenePlate, placed: PlacedCompanion) -> ScenePlate:
    """The same scene with the second product in the first one's place."""
    return replace(
        scene, product=placed.product, placement=placed.placement, visible=placed.visible, shade=placed.shade
    )


def judged(
    picture: Pasted,
    photo_rgb: U8,
    cutout: Cutout,
    scene: ScenePlate,
    edits: Edits,
    companion: Companion | None = None,
) -> GateReport:
    """The product gate on a master (see ``ops.gate``), for both products where there are two."""
    first = _gate(picture.master, photo_rgb, cutout, replace(scene, plate=picture.beneath), edits)
    if companion is None or scene.companion is None:
        return first
    there = replace(_as_scene(scene, scene.companion), plate=picture.beside)
    there, edits = replace(there, set_delta_e=None), scene.companion.edits
    second = _gate(picture.master, companion.photo_rgb, companion.cutout, there, edits)
    return replace(first, passed=first.passed and second.passed, companion=second)


def _gate(master: U8, photo_rgb: U8, cutout: Cutout, scene: ScenePlate, edits: Edits) -> GateReport:
    return product_gate(
        master,
        photo=photo_rgb,
        foreground=cutout.rgb,
        alpha=cutout.alpha,
        plate=scene.plate,
        visible=scene.visible,
        placement=scene.placement,
        set_delta_e=scene.set_delta_e,
        edits=edits,
        shade=scene.shade,
    )


def placed_product(photo_rgb: U8, cutout: Cutout, scene: ScenePlate, edits: Edits) -> tuple[U8, ColourChange | None]:
    """The product on the canvas, RGBA: the original photo's pixels inside, the cutout's colours in the soft edge.

    Turned and graded as the edits ask, under another product's shadow, and how far that moved its colours.
    """
    size = (scene.plate.shape[1], scene.plate.shape[0])
    placed = on_canvas(scene.product, scene.placement, size)
    target, part = overlap(scene.placement, size)
    original = resample(turned(photo_rgb, find_turn(cutout.alpha, edits)), scene.placement)[part]
    wanted = graded(original, edits)
    if scene.shade is not None:
        placed[target][..., :3] = shaded(placed[target][..., :3], scene.shade[target])
        wanted = shaded(wanted, scene.shade[target])
    untouched = interior(placed[target][..., 3])
    placed[target][..., :3][untouched] = wanted[untouched]
    placed[target][..., 3] = np.minimum(placed[target][..., 3], scene.visible[target])
    return placed, colour_change(
        original, wanted, untouched
    ) if edits.colours_product or scene.shade is not None else None


def composite(product: U8, plate: U8, placement: Placement) -> U8:
    """``product`` over ``plate``, in sRGB values, because that is where the matte was solved."""
    master = plate.copy()
    target, _ = overlap(placement, (plate.shape[1], plate.shape[0]))
    over, under = product[target], plate[target]
    share = over[..., 3:].astype(np.float32) / np.float32(255)
    blended = under + (over[..., :3].astype(np.float32) - under) * share
    master[target] = np.rint(blended).astype(np.uint8)
    return master
