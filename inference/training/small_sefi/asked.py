"""What Studio would ask, put into the hundred words of the small model: the product's own way to a picture.

Everything but the wording is ``pipelines.generated``: where the product goes, what is held of it, what is pasted last,
graded and judged. The sentences of ``scene.prompt`` are not in this model's language; a caption takes their place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from inference.generation import GeneratedPicture, GenerateItem, GenerateRequest, Generator, LayoutObject
from inference.ops.colour import delta_e
from inference.pipelines.generated.canvas import PlacedProduct
from inference.pipelines.generated.drawing import draw_candidates
from inference.pipelines.generated.spec import GeneratedInputs, GeneratedSpec, Mode
from inference.pipelines.generated.story import Story, tell
from inference.scene import DrawnBox, SceneForm
from inference.training.small_sefi.artist import Artist
from inference.training.small_sefi.render import boxes, draw
from inference.training.small_sefi.scenes import Scenes
from inference.types import U8, Cutout, Progress, no_progress


@dataclass(frozen=True, eq=False)
class Product:
    """An object as a shop would hand it in: its true picture and its exact cutout.

    Attributes:
        photo: uint8 (S, S, 3), the object alone on grey grounds.
        alpha: uint8 (S, S).
        label: for example ``red mug``.
        box: left, top, width, height in fractions of the photo.
    """

    photo: U8
    alpha: U8
    label: str
    box: tuple[float, float, float, float]

    def inputs(self, style: U8 | None = None) -> GeneratedInputs:
        """For a shot that puts it where it stands in its photo."""
        return GeneratedInputs(self.photo, Cutout(self.photo, self.alpha, "drawn", 1.0), style=style)

    def spec(self, artist: Artist, mode: Mode, *, palette: Sequence[str] = (), **changes: Any) -> GeneratedSpec:
        """The request; the product stands where it stood, one candidate unless ``changes`` say so."""
        scene = SceneForm(palette=tuple(palette), boxes=(DrawnBox("product", self.box),))
        return GeneratedSpec(
            **{"mode": mode, "product_label": self.label, "scene": scene, "candidates": 1, **sizes(artist), **changes}
        )


def sizes(artist: Artist) -> dict[str, Any]:
    """Fields of a request for pictures as this model draws them: candidates are as large as the picture."""
    side = artist.side_px
    return {"width": side, "height": side, "preview_px": side, "steps": artist.steps}


def product_of(scenes: Scenes, scene: int, column: int, side: int) -> Product:
    """The object in this column as a product, photographed without the others."""
    others = np.arange(scenes.kind.shape[1]) != column
    one = Scenes(**{name: values[scene : scene + 1] for name, values in scenes.__dict__.items()})
    alone = replace(one, kind=np.where(others, -1, one.kind))
    drawn = draw(alone, side)
    cover = drawn.coverage[0, column]
    left, top, width, height = boxes(cover[None])[0].tolist()
    photo = np.asarray((drawn.images[0] * 255.0).round().permute(1, 2, 0).numpy(), np.uint8)
    alpha = np.asarray((cover * 255.0).round().numpy(), np.uint8)
    return Product(photo, alpha, scenes.name(scene, column), (left, top, width, height))


def story_of(
    artist: Artist,
    spec: GeneratedSpec,
    inputs: GeneratedInputs,
    prompt: str,
    layout: Sequence[LayoutObject] = (),
) -> Story:
    """The product's story of a request, told in this model's words.

    Args:
        prompt: takes the place of the sentences that the scene form was compiled to.
        layout: what the model is told about places, as for props that the product's solver has placed.
    """
    told = tell(spec.checked(), inputs, artist.engine)
    scene = None if told.scene is None else replace(told.scene, layout=tuple(layout))
    return replace(told, prompt=prompt, scene=scene)


def items_of(story: Story) -> tuple[GenerateItem, ...]:
    """What the product asks of a model for its candidates."""
    listener = _Listener(story.engine)
    draw_candidates(replace(story, engine=listener), on_progress=no_progress)
    return listener.items


class _Listener:
    """A model that draws nothing and remembers what was asked of it."""

    def __init__(self, engine: Generator) -> None:
        self.name, self.licence, self.card = engine.name, engine.licence, engine.card
        self.status, self.warm, self.check = engine.status, engine.warm, engine.check
        self.items: tuple[GenerateItem, ...] = ()

    def generate(self, request: GenerateRequest, *, on_progress: Progress) -> tuple[GeneratedPicture, ...]:
        """See ``generation.Generator``."""
        self.items = request.items
        return ()


def placed(story: Story) -> PlacedProduct:
    """The product on the canvas of a story that has one."""
    found = story.product(story.size)
    assert found is not None
    return found


def distance(rgb: U8, product: PlacedProduct) -> float:
    """Mean CIEDE2000 between a picture and the product inside its outline (without the outermost pixel)."""
    inside = cv2.erode((product.mask == 255).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return float(delta_e(rgb[inside], product.layer[inside][:, :3]).mean()) if inside.any() else 0.0
