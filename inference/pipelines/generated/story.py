"""Everything about one request that stays the same from candidate to candidate, worked out and refused beforehand."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from inference.adapters import with_trigger
from inference.errors import InputRejected
from inference.generation import Generator
from inference.models import ModelCard
from inference.pipelines.generated.canvas import PlacedProduct, at_size, lay_product, product_aspect, put_product
from inference.pipelines.generated.spec import GeneratedInputs, GeneratedSpec
from inference.ports import PromptScorer
from inference.scene import CompiledScene, compile_scene
from inference.scene.planner import LanguageModel
from inference.types import U8, Cutout

Size = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Story:
    """A checked request with its scene compiled and its model at hand."""

    spec: GeneratedSpec
    inputs: GeneratedInputs
    engine: Generator
    scene: CompiledScene | None
    prompt: str
    scorer: PromptScorer | None = None
    words_read_by: str = "rules"
    warnings: tuple[str, ...] = ()
    _products: dict[Size, PlacedProduct | None] = field(default_factory=dict)

    @property
    def card(self) -> ModelCard:
        """Of the model."""
        return self.engine.card

    @property
    def size(self) -> Size:
        """(width, height) of the finished picture."""
        return self.spec.width, self.spec.height

    @property
    def is_pasted(self) -> bool:
        """Whether the photo's own pixels are in the picture."""
        return self.product(self.size) is not None and self.spec.mode != "reimagined"

    def product(self, size: Size) -> PlacedProduct | None:
        """The product on a canvas of ``size``; None where no product is known."""
        if size not in self._products:
            self._products[size] = self._placed(size)
        return self._products[size]

    def _placed(self, size: Size) -> PlacedProduct | None:
        photo, cutout, placement = self.inputs.photo_rgb, self.inputs.cutout, self.inputs.placement
        if photo is None or cutout is None:
            return None
        if self.scene is not None:
            known = self.scene.graph.product
            assert known is not None
            assert known.box is not None
            return put_product(photo, cutout, known.box, size)
        if placement is None:
            return None
        placement = at_size(placement, self.size, size)
        base = placement.x + placement.width // 2, placement.y + placement.height
        return lay_product(photo, cutout, placement, size, base)


def tell(
    spec: GeneratedSpec,
    inputs: GeneratedInputs,
    engine: Generator,
    scorer: PromptScorer | None = None,
    planner: LanguageModel | None = None,
) -> Story:
    """Check pictures and compile the scene.

    Args:
        spec: as ``GeneratedSpec.checked`` returns it.
        scorer: judges how well pictures fit the prompt.
        planner: a language model that reads free words; None = rules do.

    Raises:
        InputRejected: ``generated.no_photo``, ``generated.no_picture``, ``generated.picture_size``,
            ``generated.no_region``, ``generated.empty_region``, ``shot.size_mismatch``, ``shot.empty_cutout``.
    """
    if spec.mode == "edit":
        _check_picture(spec, inputs)
        return Story(spec, inputs, engine, None, with_trigger(spec.trigger, spec.instruction.strip()), scorer)
    cutout = _cutout(inputs)
    scene = compile_scene(
        spec.scene,
        spec.product_label,
        aspect=spec.width / spec.height,
        product_aspect=product_aspect(cutout),
        name_colours=spec.palette_means.words,
        model=planner,
    )
    prompt = with_trigger(spec.trigger, scene.prompt)
    return Story(spec, inputs, engine, scene, prompt, scorer, "rules" if planner is None else planner.name)


def _cutout(inputs: GeneratedInputs) -> Cutout:
    if inputs.photo_rgb is None or inputs.cutout is None:
        raise InputRejected("generated.no_photo", "a scene is drawn around a product; give its photo and cutout")
    if inputs.photo_rgb.shape != inputs.cutout.rgb.shape:
        raise InputRejected("shot.size_mismatch", "the cutout was not made from this photo: their sizes differ")
    return inputs.cutout


def _check_picture(spec: GeneratedSpec, inputs: GeneratedInputs) -> None:
    expected = (spec.height, spec.width)
    if inputs.picture is None:
        raise InputRejected("generated.no_picture", "an edit changes a picture; give one")
    for picture in (inputs.picture, inputs.mask):
        if picture is not None and picture.shape[:2] != expected:
            raise InputRejected(
                "generated.picture_size", f"picture and mask must be {spec.width} x {spec.height} like the request"
            )
    if inputs.mask is None and spec.region is None:
        raise InputRejected("generated.no_region", "paint or draw a box where the picture may change")
    if not region_of(spec, inputs).any():
        raise InputRejected("generated.empty_region", "the region that may change is empty; paint or draw a larger one")


def region_of(spec: GeneratedSpec, inputs: GeneratedInputs) -> U8:
    """uint8 (H, W), 255 = may change: the mask, inside the box where one was drawn."""
    whole = np.full((spec.height, spec.width), 255, np.uint8) if inputs.mask is None else inputs.mask
    if spec.region is None:
        return whole
    left, top, width, height = spec.region
    rows = slice(round(top * spec.height), round((top + height) * spec.height))
    columns = slice(round(left * spec.width), round((left + width) * spec.width))
    inside = np.zeros_like(whole)
    inside[rows, columns] = whole[rows, columns]
    return inside
