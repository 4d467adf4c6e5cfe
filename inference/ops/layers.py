"""A finished shot taken apart into layers that a retoucher can change, and put together again to the same pixels.

From the bottom: plate (the set in its even light), light (what the lamps add; linear dodge), shadow (what the products
take away; multiply), reflection (the products in the ground; normal), product (the photo's pixels under a mask;
normal), and a second product, where there is one, above or below the first. They are solved for after the fact, from
pictures rendered with and without each of them, so that the stack rounds to the shot's own values at 8 bits whatever
the renderer's tone curve and dither did.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inference.types import F32, U8


@dataclass(frozen=True)
class ShotLayers:
    """All at canvas size, sRGB values.

    Attributes:
        plate: uint8 (H, W, 3).
        light: uint8 (H, W, 3), added.
        shadow: uint8 (H, W, 3), multiplied; 255 = nothing.
        reflection: uint8 (H, W, 4), straight alpha.
        product: uint8 (H, W, 3).
        mask: uint8 (H, W), of the product.
        companion: uint8 (H, W, 4), straight alpha: a second product, above the first one where it is in front.
    """

    plate: U8
    light: U8
    shadow: U8
    reflection: U8
    product: U8
    mask: U8
    companion: U8 | None = None
    is_companion_in_front: bool = False


def split_layers(
    *,
    even: U8,
    bare: U8,
    shaded: U8,
    full: U8,
    product: U8,
    master: U8,
    companion: U8 | None = None,
    is_companion_in_front: bool = False,
) -> ShotLayers:
    """Solve for the layers.

    Args:
        even: the set without its lamps, uint8 (H, W, 3).
        bare: the set with its lamps, without the product's shadow and reflection.
        shaded: with the shadow.
        full: with shadow and reflection: what the product is pasted on.
        product: uint8 (H, W, 4), straight alpha.
        companion: of a second product, the same.
        master: the shot itself. What stands in front is already cut out of what stands behind; along that seam the
            layer of the one in front is solved for again, so that the stack is the shot.
    """
    plate = np.minimum(even, bare)
    light = bare - plate
    shadow = _multiplier(bare, shaded)
    beneath = multiplied(bare, shadow)
    reflection = _cover(beneath, full)
    if companion is None:
        return ShotLayers(plate, light, shadow, reflection, product[..., :3], np.ascontiguousarray(product[..., 3]))
    behind, front = (product, companion) if is_companion_in_front else (companion, product)
    front = _sewn(front, blended(behind[..., :3], behind[..., 3], full), behind[..., 3], master)
    product, companion = (behind, front) if is_companion_in_front else (front, behind)
    mask = np.ascontiguousarray(product[..., 3])
    return ShotLayers(plate, light, shadow, reflection, product[..., :3], mask, companion, is_companion_in_front)


def _sewn(front: U8, beneath: U8, behind: U8, master: U8) -> U8:
    """``front`` (RGBA) with its soft edge over another product replaced by what turns ``beneath`` into ``master``."""
    seam = (front[..., 3] > 0) & (front[..., 3] < 255) & (behind > 0)
    out = front.copy()
    out[seam] = _cover(beneath[seam][None], master[seam][None])[0]
    return out


def merged(layers: ShotLayers) -> U8:
    """The stack at 8 bits, rounded after each layer, as an image editor shows it."""
    lit = np.minimum(layers.plate.astype(np.int16) + layers.light, 255).astype(np.uint8)
    shaded = multiplied(lit, layers.shadow)
    reflected = blended(layers.reflection[..., :3], layers.reflection[..., 3], shaded)
    stack = [(layers.product, layers.mask)]
    if layers.companion is not None:
        other = (layers.companion[..., :3], layers.companion[..., 3])
        stack.insert(1 if layers.is_companion_in_front else 0, other)
    for pixels, mask in stack:
        reflected = blended(pixels, mask, reflected)
    return reflected


def multiplied(under: U8, factor: U8) -> U8:
    """Multiply blend, rounded to nearest."""
    product = under.astype(np.uint32) * factor
    return ((product + 127) // 255).astype(np.uint8)


def blended(over: U8, alpha: U8, under: U8) -> U8:
    """Normal blend with straight alpha, rounded to nearest."""
    share = alpha[..., None].astype(np.float32) / np.float32(255)
    return np.rint(under + (over.astype(np.float32) - under) * share).astype(np.uint8)


def _multiplier(before: U8, after: U8) -> U8:
    """The factor that turns ``before`` into ``after`` where that is darker; one step of it is less than one level."""
    target = np.minimum(after, before).astype(np.float32)
    factor = np.rint(np.divide(target * 255, before, out=np.full(before.shape, 255, np.float32), where=before > 0))
    return factor.astype(np.uint8)


def _cover(before: U8, after: U8) -> U8:
    """The most transparent RGBA that turns ``before`` into ``after`` (Porter and Duff's *over*, solved for the top).

    The least alpha is what the strongest channel needs to get there from 0 or 255; the colour then follows, and its
    rounding is scaled down by alpha, so the result rounds to ``after`` exactly.
    """
    base, target = before.astype(np.float32), after.astype(np.float32)
    rise = target - base
    room = np.where(rise > 0, 255 - base, base)
    needed = np.divide(np.abs(rise), room, out=np.zeros_like(rise), where=room > 0)
    alpha = np.ceil(needed.max(axis=2) * 255 - 1e-4)
    share: F32 = np.maximum(alpha, 1)[..., None] / np.float32(255)
    colour = np.clip(np.rint(base + rise / share), 0, 255)
    colour[alpha == 0] = 0
    return np.dstack([colour, alpha]).astype(np.uint8)
