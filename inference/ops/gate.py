"""The product gate: proof by measurement that the product was not altered.

Every figure is computed again from the original photo, its alpha and the placement; nothing of the compositor is
trusted.

* Inside (placed alpha 255, eroded by 2 px, not behind a prop): the master equals the placed photo, difference 0.
* Edge (4 px on both sides of the outline): mean CIEDE2000 between master and the ideal alpha composite is at most 3.
* What a person asked for (a turn, exposure, white balance) is done to the original first, and nothing else; how far it
    moves the product's colours is measured: CIEDE2000, mean and 95th percentile, the mean at most
    ``edits.MAX_PRODUCT_DELTA_E``.
* Where two products stand together, the other one's shadow is such a change: a part of the light, pixel by pixel, that
    the original is multiplied by first.
* Set colours: mean over the palette of the CIEDE2000 between the asked colour and the lit material (reported, not
    judged).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from inference.edits import MAX_PRODUCT_DELTA_E, NO_EDITS, Edits
from inference.ops.colour import delta_e, delta_e_unit
from inference.ops.grade import colour_change, graded, shaded
from inference.ops.metrics import max_abs_diff, ssim_map
from inference.ops.placement import (
    Placement,
    on_canvas,
    overlap,
    resample,
    resample_alpha,
    resample_rgba,
    source_window,
)
from inference.ops.turn import find_turn, turned
from inference.types import U8, GateReport, Mask

ERODED_PX = 2
EDGE_PX = 4
MAX_EDGE_DELTA_E = 3.0
MIN_SSIM = 0.98
MAX_DERIVATIVE_DELTA_E = 1.0
MIN_VISIBLE_SHARE = 0.5


@dataclass(frozen=True)
class DerivativeReport:
    """A lossy copy against its master, inside the product."""

    passed: bool
    ssim: float
    delta_e: float


def square(radius_px: int) -> U8:
    """Structuring element, uint8 (2r+1, 2r+1)."""
    return np.ones((2 * radius_px + 1, 2 * radius_px + 1), np.uint8)


def interior(alpha: U8) -> Mask:
    """Pixels of a placed mask that must be untouched; the canvas border does not protect what it cuts."""
    solid = (alpha == 255).astype(np.uint8)
    return np.asarray(cv2.erode(solid, square(ERODED_PX), borderType=cv2.BORDER_CONSTANT, borderValue=1) > 0)


def edge_band(alpha: U8) -> Mask:
    """Pixels within 4 px of the outline (alpha 128)."""
    solid = (alpha >= 128).astype(np.uint8)
    grown = cv2.dilate(solid, square(EDGE_PX))
    shrunk = cv2.erode(solid, square(EDGE_PX), borderType=cv2.BORDER_CONSTANT, borderValue=1)
    return np.asarray((grown > 0) & (shrunk == 0))


def product_gate(
    master: U8,
    *,
    photo: U8,
    foreground: U8,
    alpha: U8,
    plate: U8,
    visible: U8,
    placement: Placement,
    set_delta_e: float | None = None,
    edits: Edits = NO_EDITS,
    shade: U8 | None = None,
) -> GateReport:
    """Judge a lossless master.

    Args:
        master, plate: uint8 (H, W, 3), canvas.
        photo: uint8 (h, w, 3), the original photo.
        foreground: uint8 (h, w, 3), the cutout's colours (they differ from the photo in the soft edge only).
        alpha: uint8 (h, w), the cutout's coverage.
        visible: uint8 (H, W), 255 where no prop stands in front of the product.
        placement: where the product must be, in the photo after the turn that ``edits`` ask for.
        edits: what a person asked for; only the turn and the colour of the product are looked at.
        shade: uint8 (H, W), what another product's shadow leaves of the light on this one; 255 = all.
    """
    near = _surroundings(placement, master.shape)
    master, plate, visible = master[near], plate[near], visible[near]
    shade = None if shade is None else shade[near]
    placement = replace(placement, x=placement.x - near[1].start, y=placement.y - near[0].start)
    size = (master.shape[1], master.shape[0])
    turn = find_turn(alpha, edits)
    photo, foreground, alpha = turned(photo, turn), turned(foreground, turn), turned(alpha, turn)
    # Beyond the photo there is no product: one that touches the photo's border ends there softly, not as a hard cut.
    full = on_canvas(resample_alpha(alpha, placement), placement, size)
    original = on_canvas(resample(photo, placement), placement, size)
    expected, shown = interior(full), interior(np.minimum(full, visible))
    wanted = graded(original, edits) if shade is None else shaded(graded(original, edits), shade)
    difference = max_abs_diff(master[shown], wanted[shown])
    change = colour_change(original, wanted, shown) if edits.colours_product or shade is not None else None
    edge = _edge_delta_e(master, photo, foreground, alpha, plate, visible, placement, edits, shade)
    compared = int(shown.sum())
    enough = compared > 0 and compared >= MIN_VISIBLE_SHARE * int(expected.sum())
    return GateReport(
        passed=bool(
            enough
            and difference == 0
            and edge <= MAX_EDGE_DELTA_E
            and (change is None or change.mean <= MAX_PRODUCT_DELTA_E)
        ),
        max_abs_diff=difference,
        pixels_compared=compared,
        edge_delta_e=round(edge, 3),
        set_delta_e=None if set_delta_e is None else round(set_delta_e, 3),
        product_delta_e=change.mean if change else None,
        product_delta_e_p95=change.p95 if change else None,
    )


def _surroundings(placement: Placement, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of the canvas that the product's band can reach; the rest of the picture is not its business."""
    target, _ = overlap(placement, (shape[1], shape[0]))
    reach = 2 * EDGE_PX
    rows, columns = (
        slice(max(0, part.start - reach), min(most, part.stop + reach))
        for part, most in zip(target, shape[:2], strict=True)
    )
    return rows, columns


def _edge_delta_e(
    master: U8,
    photo: U8,
    foreground: U8,
    alpha: U8,
    plate: U8,
    visible: U8,
    placement: Placement,
    edits: Edits,
    shade: U8 | None,
) -> float:
    size = (master.shape[1], master.shape[0])
    window, moved = source_window(placement, alpha.shape)
    solid = (alpha[window] == 255)[..., None]
    colours = np.where(solid, photo[window], foreground[window])
    placed = on_canvas(resample_rgba(colours, alpha[window], moved), placement, size)
    band = edge_band(placed[..., 3])
    if not band.any():
        return 0.0
    cover = (np.minimum(placed[..., 3], visible)[band].astype(np.float32) / np.float32(255))[:, None]
    colours = graded(placed[..., :3][band], edits)
    colours = colours if shade is None else shaded(colours, shade[band])
    ideal = colours * cover + plate[band] * (1 - cover)
    shown = master[band].astype(np.float32)
    return float(delta_e_unit((ideal / 255).astype(np.float32), shown / np.float32(255)).mean())


def derivative_gate(master: U8, derivative: U8, mask: U8) -> DerivativeReport:
    """Judge a decoded JPEG, WebP or AVIF of the same size against its master, inside the eroded mask.

    Args:
        master, derivative: uint8 (H, W, 3), sRGB.
        mask: uint8 (H, W), the product's placed coverage.
    """
    inside = interior(mask)
    if master.shape != derivative.shape or not inside.any():
        return DerivativeReport(passed=False, ssim=0.0, delta_e=100.0)
    similarity = float(ssim_map(master, derivative)[inside].mean())
    difference = float(delta_e(master[inside], derivative[inside]).mean())
    passed = similarity >= MIN_SSIM and difference <= MAX_DERIVATIVE_DELTA_E
    return DerivativeReport(passed, round(similarity, 5), round(difference, 3))
