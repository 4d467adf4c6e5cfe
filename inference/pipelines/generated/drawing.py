"""What the model is asked to draw: candidates at a preview size, then the best one in full.

Editors draw every candidate in full. The same seed at another size is another edit, and an edit can not be drawn finer
by the same instruction: it would be carried out twice. So what was chosen is what is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from inference.errors import InputRejected
from inference.generation import (
    GeneratedPicture,
    GenerateItem,
    GenerateRequest,
    LayoutObject,
    ReferencePicture,
    StylePicture,
)
from inference.pipelines.generated.canvas import blank_behind, covering, drawn_size, pasted, resized
from inference.pipelines.generated.spec import REFINE_STRENGTH
from inference.pipelines.generated.story import Size, Story, region_of
from inference.types import U8, Progress

# Exact: texture of the product is held through the first half of the steps, then released; its meaning stays.
_EXACT_TEXTURE, _EXACT_SEMANTICS = 0.5, 1.0
# Reimagined: how long a faithful picture holds the product; a free one does not.
_FAITHFUL_TEXTURE = 0.9
# For models that follow instructions instead of descriptions.
_INSTRUCTION = "Put this exact product into a new scene, unchanged and at the same place. "


@dataclass(frozen=True, eq=False)
class Drawn:
    """What a model drew for one seed.

    Attributes:
        rgb: uint8 of ``size`` (width, height), nothing pasted into it yet.
        layout_told: whether the model was told where things should be: not every model can be, and none beyond the
            words that it reads.
    """

    seed: int
    size: Size
    rgb: U8
    layout_told: bool
    identity: Mapping[str, Any]
    parameters: Mapping[str, Any]


def preview_size(story: Story) -> Size:
    """The size of candidates: never larger than the full picture is drawn; an editor's are as large."""
    spec = story.spec
    if story.card.kind == "edit":
        return full_size(story)
    return drawn_size(story.card, *story.size, longest_px=min(spec.preview_px, max(story.size)))


def full_size(story: Story) -> Size:
    """The size that the model draws the full picture at; larger pictures are enlarged from it."""
    return drawn_size(story.card, *story.size)


def check(story: Story) -> None:
    """Refuse what the model can not do, at both sizes. Raises InputRejected ``generate.*``."""
    for size in {preview_size(story), full_size(story)}:
        story.engine.check(_request(story, [_first_item(story, story.spec.seed, size)], size))


def draw_candidates(story: Story, *, on_progress: Progress) -> list[Drawn]:
    """All seeds at preview size, in their order."""
    size = preview_size(story)
    items = [_first_item(story, story.spec.seed + number, size) for number in range(story.spec.candidates)]
    return _drawn(story, items, size, on_progress)


def draw_full(story: Story, preview: Drawn, *, on_progress: Progress) -> Drawn:
    """The chosen candidate at full size, with its seed; the candidate itself where that is as large."""
    size = full_size(story)
    if size == preview.size:
        return preview
    return _drawn(story, [_finer_item(story, preview, size)], size, on_progress)[0]


def _drawn(story: Story, items: Sequence[GenerateItem], size: Size, on_progress: Progress) -> list[Drawn]:
    """Drawn with the layout; without it where the prompt is longer than what the model reads (see ``Drawn``)."""
    try:
        pictures = story.engine.generate(_request(story, items, size), on_progress=on_progress)
        told = bool(items[0].layout)
    except InputRejected as refused:
        if refused.code != "generate.layout_phrase":
            raise
        untold = [replace(item, layout=()) for item in items]
        pictures = story.engine.generate(_request(story, untold, size), on_progress=on_progress)
        told = False
    return [_of(picture, size, told) for picture in pictures]


def _of(picture: GeneratedPicture, size: Size, told: bool) -> Drawn:
    return Drawn(picture.seed, size, picture.rgb, told, picture.identity, picture.parameters)


def _request(story: Story, items: Sequence[GenerateItem], size: Size) -> GenerateRequest:
    spec = story.spec
    return GenerateRequest(
        tuple(items),
        width=size[0],
        height=size[1],
        steps=spec.steps,
        guidance=spec.guidance,
        layout_share=spec.layout_share,
        adapters=spec.adapters,
    )


def _first_item(story: Story, seed: int, size: Size) -> GenerateItem:
    return _item(story, seed, _reference(story, size))


def _finer_item(story: Story, preview: Drawn, size: Size) -> GenerateItem:
    """Starts from the preview; what is held of the product or of the picture is held at its own sharpness."""
    larger = resized(preview.rgb, size)
    first = _reference(story, size)
    product = story.product(size)
    rgb, strength = larger, REFINE_STRENGTH
    if story.spec.mode == "edit":
        changes = _may_change(story, size)[..., None] > 0
        rgb, strength = np.where(changes, larger, first.rgb), min(REFINE_STRENGTH, story.spec.strength)
    elif story.spec.mode == "exact" and product is not None:
        rgb = pasted(product, larger)
    keep = first.keep if story.spec.mode != "reimagined" else None
    changed = ReferencePicture(rgb, keep, strength, first.hold_texture, first.hold_semantics)
    return _item(story, preview.seed, changed)


def _item(story: Story, seed: int, reference: ReferencePicture) -> GenerateItem:
    spec, can = story.spec, story.card.can
    prompt = story.prompt
    if story.card.kind == "edit" and spec.mode != "edit":
        prompt = _INSTRUCTION + prompt
    told = _places(story) if "layout" in can else ()
    palette = spec.scene.palette if spec.palette_means.pull > 0 else ()
    size = reference.rgb.shape[1], reference.rgb.shape[0]
    return GenerateItem(prompt, seed, reference, palette, spec.palette_means.pull, told, _style(story, size))


def _places(story: Story) -> tuple[LayoutObject, ...]:
    """Where the words of the scene's objects may reach.

    In an exact scene those of the product reach only the place where it is pasted; else models draw it once more beside
    itself (measured in docs/small-sefi.md).
    """
    if story.scene is None:
        return ()
    product = story.scene.graph.product
    if story.spec.mode != "exact" or product is None or product.box is None:
        return story.scene.layout
    return (*story.scene.layout, LayoutObject(product.label, product.box))


def _style(story: Story, size: Size) -> StylePicture | None:
    """The style picture, cropped to the shape of what is drawn."""
    rgb, strength = story.inputs.style, story.spec.style_strength
    if rgb is None or strength <= 0 or story.spec.mode == "edit":
        return None
    return StylePicture(covering(rgb, size), strength)


def _reference(story: Story, size: Size) -> ReferencePicture:
    """What is known of the picture before anything is drawn."""
    spec, product = story.spec, story.product(size)
    if spec.mode == "edit":
        assert story.inputs.picture is not None
        picture = resized(story.inputs.picture, size)
        if story.card.kind == "edit":
            return ReferencePicture(picture, strength=spec.strength)
        return ReferencePicture(picture, 255 - _may_change(story, size), spec.strength, 1.0, 1.0)
    assert product is not None
    composite = pasted(product, blank_behind(product))
    if story.card.kind == "edit":
        return ReferencePicture(composite)
    if spec.mode == "exact":
        return ReferencePicture(composite, product.mask, 1.0, _EXACT_TEXTURE, _EXACT_SEMANTICS)
    faithful = 1.0 - spec.strength
    return ReferencePicture(composite, product.mask, 1.0, _FAITHFUL_TEXTURE * faithful, faithful)


def _may_change(story: Story, size: Size) -> U8:
    """uint8 (h, w), 255 where an edit may draw: every cell that the region touches."""
    return np.where(resized(region_of(story.spec, story.inputs), size) > 0, np.uint8(255), np.uint8(0))
