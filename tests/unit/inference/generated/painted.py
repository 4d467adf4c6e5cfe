"""A model that paints what a test says, at a tenth of the sizes of a real one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from inference.engines.diffusion.requests import check
from inference.generation import GeneratedPicture, GenerateRequest
from inference.models import model_card
from inference.pipelines.generated.spec import GeneratedSpec, PaletteMeans
from inference.scene import SceneForm

GREEN = "#1b4d3e"
SPEC = replace(
    GeneratedSpec("exact", "a red box", model="sefi-1b-turbo"),
    width=160,
    height=160,
    preview_px=128,
    candidates=3,
    shadow=0.0,
    scene=SceneForm(palette=(GREEN,)),
    palette_means=PaletteMeans(grade=0.0),
)


class Painted:
    """Stands in for a model, at a tenth of its sizes: a test decides what candidates show."""

    name, licence = "painted", "Apache-2.0"
    card = replace(model_card("sefi-1b-turbo"), min_px=32, max_px=192)

    def __init__(self) -> None:
        self.requests: list[GenerateRequest] = []
        self.paint: Any = lambda seed, size, request: np.full((*size, 3), 170, np.uint8)

    def check(self, request: GenerateRequest) -> None:
        check(self.card, request)

    def generate(self, request: GenerateRequest, **_: Any) -> tuple[GeneratedPicture, ...]:
        self.requests.append(request)
        size = request.height, request.width
        return tuple(
            GeneratedPicture(self.paint(item.seed, size, request), item.seed, {"model": "painted"}, {"steps": 4}, {})
            for item in request.items
        )
