"""Sizes, and the product on its canvas."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from PIL import Image

from inference.models import ModelCard
from inference.ops.gate import interior
from inference.ops.placement import Placement, find_outline, on_canvas, overlap, place, resample, resample_rgba
from inference.scene.form import Fractions
from inference.types import U8, Cutout

# What a product stands before until a scene is drawn: no colour, and neither black nor white.
_BLANK = 158


def drawn_size(card: ModelCard, width: int, height: int, *, longest_px: int | None = None) -> tuple[int, int]:
    """The size (width, height) that a model draws for a picture: its shape, at most ``longest_px`` or what it can.

    Sides are multiples of what the model needs, so the shape may be off by less than one of them.
    """
    most = min(longest_px or max(width, height), card.max_px)
    scale = max(min(1.0, most / max(width, height)), card.min_px / min(width, height))
    multiple = card.multiple_px
    low, high = -(-card.min_px // multiple) * multiple, card.max_px // multiple * multiple
    sides = (min(high, max(low, round(side * scale / multiple) * multiple)) for side in (width, height))
    across, down = sides
    return across, down


@dataclass(frozen=True, eq=False)
class PlacedProduct:
    """A product on a canvas: ``layer`` uint8 (H, W, 4) with the photo's own pixels inside, and where it is."""

    layer: U8
    placement: Placement
    base: tuple[int, int]

    @property
    def warnings(self) -> tuple[str, ...]:
        """See ``Placement.warnings``."""
        return self.placement.warnings(self.layer.shape)

    @property
    def mask(self) -> U8:
        """uint8 (H, W)."""
        return np.ascontiguousarray(self.layer[..., 3])


def product_aspect(cutout: Cutout) -> float:
    """Width / height of a product as it stands in its photo. Raises InputRejected ``shot.empty_cutout``."""
    outline = find_outline(cutout.alpha)
    return outline.width / max(1, outline.height)


def put_product(photo: U8, cutout: Cutout, box: Fractions, size: tuple[int, int]) -> PlacedProduct:
    """Set a product down so that it stands in ``box`` (fractions) of a canvas of ``size`` (width, height)."""
    outline = find_outline(cutout.alpha)
    left, top, width, height = box
    scale = min(width * size[0] / outline.width, height * size[1] / max(1, outline.height))
    base = (round((left + width / 2) * size[0]), round((top + height) * size[1]))
    placement = place(outline, scale=scale, base=base)
    return lay_product(photo, cutout, placement, size, base)


def at_size(placement: Placement, size: tuple[int, int], smaller: tuple[int, int]) -> Placement:
    """A placement on a canvas of ``size`` as it is on a preview of the picture; exact only where both are equal."""
    if size == smaller:
        return placement
    factor = smaller[0] / size[0]
    return replace(
        placement,
        scale=placement.scale * factor,
        x=round(placement.x * factor),
        y=round(placement.y * smaller[1] / size[1]),
        width=max(1, round(placement.width * factor)),
        height=max(1, round(placement.height * factor)),
    )


def lay_product(
    photo: U8, cutout: Cutout, placement: Placement, size: tuple[int, int], base: tuple[int, int]
) -> PlacedProduct:
    """The layer of a product whose placement is known: photo pixels inside, the cutout's colours in the soft edge."""
    layer = on_canvas(resample_rgba(cutout.rgb, cutout.alpha, placement), placement, size)
    target, part = overlap(placement, size)
    original = resample(photo, placement)[part]
    untouched = interior(layer[..., 3])[target]
    layer[target][..., :3][untouched] = original[untouched]
    return PlacedProduct(layer, placement, base)


def resized(rgb: U8, size: tuple[int, int]) -> U8:
    """``rgb`` at ``size`` (width, height), Lanczos."""
    if (rgb.shape[1], rgb.shape[0]) == size:
        return rgb
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS))


def covering(rgb: U8, size: tuple[int, int]) -> U8:
    """The middle of ``rgb`` in the shape of ``size`` (width, height), at that size."""
    height, width = rgb.shape[:2]
    scale = min(width / size[0], height / size[1])
    across, down = min(width, round(size[0] * scale)), min(height, round(size[1] * scale))
    left, top = (width - across) // 2, (height - down) // 2
    return resized(np.ascontiguousarray(rgb[top : top + down, left : left + across]), size)


def blank_behind(product: PlacedProduct) -> U8:
    """A plate without a scene: grey, with the product's own colours spread softly around it, so that no hard outline of
    grey is encoded together with the product's edge. uint8 (H, W, 3)."""
    rgb, cover = product.layer[..., :3].astype(np.float32), product.mask.astype(np.float32)[..., None] / 255
    sigma = max(2.0, 0.02 * max(product.layer.shape[:2]))
    colour = cv2.GaussianBlur(rgb * cover, (0, 0), sigma)
    weight = cv2.GaussianBlur(cover, (0, 0), sigma)[..., None]
    near = np.divide(colour, weight, out=np.zeros_like(colour), where=weight > 1e-3)
    share = np.clip(weight, 0, 1) * 0.5
    return np.asarray(np.rint(_BLANK + (near - _BLANK) * share), np.uint8)


def pasted(product: PlacedProduct, plate: U8) -> U8:
    """The product over ``plate``, in sRGB values, because that is where the matte was solved."""
    share = product.layer[..., 3:].astype(np.float32) / np.float32(255)
    return np.asarray(np.rint(plate + (product.layer[..., :3].astype(np.float32) - plate) * share), np.uint8)
