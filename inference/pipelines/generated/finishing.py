"""From what a model drew to a picture: at its size, with the photo's pixels pasted last, and measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np

from inference.ops.extension import find_extension
from inference.ops.gate import product_gate
from inference.ops.ground_shadow import ground_shade, shaded
from inference.ops.metrics import max_abs_diff
from inference.ops.palette_figures import named, palette_figures
from inference.ops.palette_grade import graded_to_palette
from inference.ops.placement import SOLID
from inference.pipelines.generated.canvas import PlacedProduct, pasted, resized
from inference.pipelines.generated.drawing import Drawn
from inference.pipelines.generated.story import Size, Story, region_of
from inference.types import F32, U8, GateReport

# How far an edit fades into the picture, inside its region, in parts of the longer side.
_FADE = 0.012


@dataclass(frozen=True, eq=False)
class Finished:
    """A picture at canvas size. ``product`` and ``gate`` are None where no photo's pixels are in it."""

    master: U8
    plate: U8
    product: PlacedProduct | None
    gate: GateReport | None
    measures: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def finish(story: Story, drawn: Drawn, size: Size) -> Finished:
    """Make the picture of ``size`` (width, height) that ``drawn`` is the plate of."""
    plate = resized(drawn.rgb, size)
    product = story.product(size)
    if story.spec.mode == "edit":
        return _edited(story, plate, size)
    assert product is not None
    plate, measures = _graded(story, plate, product)
    if story.spec.mode == "reimagined":
        return Finished(plate, plate, None, None, measures)
    return _with_product(story, product, _shaded(story, plate, product), measures)


def _graded(story: Story, plate: U8, product: PlacedProduct) -> tuple[U8, dict[str, float]]:
    """The plate nearer to the palette, and the palette's figures as drawn and as graded.

    A grade that takes more of the palette away than it brings is not kept.
    """
    palette, amount = story.spec.scene.palette, story.spec.palette_means.grade
    if not palette:
        return plate, {}
    counts = product.mask < SOLID
    before = palette_figures(plate, palette, counts)
    graded = graded_to_palette(plate, palette, amount, product.mask) if amount > 0 else plate
    after = palette_figures(graded, palette, counts)
    if after["coverage"] < before["coverage"]:
        graded, after = plate, before
    return graded, {**named("drawn", before), **named("palette", after)}


def _shaded(story: Story, plate: U8, product: PlacedProduct) -> U8:
    """The plate with what the product's contact and shadow take away, where the scene has a ground."""
    assert story.scene is not None
    if story.spec.shadow <= 0:
        return plate
    camera, light = story.scene.graph.camera, story.scene.graph.light
    shade = ground_shade(
        product.mask,
        product.base,
        view=camera.view,
        focal_mm=camera.focal_mm,
        comes_from=light.comes_from,
        softness=light.softness,
    )
    return plate if shade is None else shaded(plate, shade, story.spec.shadow)


def _with_product(story: Story, product: PlacedProduct, plate: U8, measures: Mapping[str, float]) -> Finished:
    master = pasted(product, plate)
    gate = _gate(story, product, master, plate)
    return Finished(master, plate, product, gate, {**measures, **_more_of_it(master, product)}, product.warnings)


def _gate(story: Story, product: PlacedProduct, master: U8, plate: U8) -> GateReport:
    photo, cutout = story.inputs.photo_rgb, story.inputs.cutout
    assert photo is not None
    assert cutout is not None
    return product_gate(
        master,
        photo=photo,
        foreground=cutout.rgb,
        alpha=cutout.alpha,
        plate=plate,
        visible=np.full(plate.shape[:2], 255, np.uint8),
        placement=product.placement,
    )


def _edited(story: Story, drawn: U8, size: Size) -> Finished:
    """``drawn`` inside the region, the picture outside of it to the last bit.

    The product is pasted where it was drawn over. Outside the region it is in the picture already: pasted again its
    soft edge would get harder. A preview shows the picture resampled, which the gate has nothing to say about. Whether
    there is more of the product now is asked of what was drawn alone: the picture was judged when it was made.
    """
    assert story.inputs.picture is not None
    picture = resized(story.inputs.picture, size)
    region = resized(region_of(story.spec, story.inputs), size)
    share = faded(region)[..., None]
    plate = np.rint(picture + (drawn.astype(np.float32) - picture) * share).astype(np.uint8)
    product, outside = story.product(size), region == 0
    master = plate if product is None else np.where(outside[..., None], picture, pasted(product, plate))
    measures = {"outside_max_abs_diff": float(max_abs_diff(master[outside], picture[outside]))}
    if product is None:
        return Finished(master, plate, None, None, measures)
    gate = _gate(story, product, master, plate) if size == story.size else None
    measures |= _more_of_it(master, product, region)
    return Finished(master, plate, product, gate, measures, product.warnings)


def _more_of_it(master: U8, product: PlacedProduct, drawn: U8 | None = None) -> dict[str, float]:
    """Whether there is more of the product than there should be, as figures; see ``find_extension``."""
    extension = find_extension(master, product.mask, drawn)
    return {"extension_iou": extension.iou, "product_count": float(extension.count)}


def faded(region: U8) -> F32:
    """float32 (H, W) in 0..1: 0 outside ``region`` (uint8, 255 = inside), rising to 1 over a few pixels inside."""
    reach = max(2.0, _FADE * max(region.shape))
    inside = np.pad((region > 127).astype(np.uint8), 1, mode="edge")
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, 5)[1:-1, 1:-1]
    return np.asarray(np.clip(distance / np.float32(reach), 0, 1), np.float32)
