"""The product's mirror image on what shines in a set."""

from __future__ import annotations

import numpy as np

from inference.edits import Edits
from inference.engines.studio_sets.edited import mirrored_before, polished
from inference.engines.studio_sets.pair import Standing
from inference.engines.studio_sets.plates import StudioSet
from inference.engines.studio_sets.recolouring import GLOSSY
from inference.engines.studio_sets.stage import Stage
from inference.ops.body import Body
from inference.ops.light import add_map
from inference.ops.reflection import mirror_card, reflection
from inference.types import F32

LEFT_BY_MIRROR = 0.3
"""The share of its light that a surface keeps at least under the product's mirror image."""


def with_mirror_image(
    linear: F32, studio: StudioSet, stage: Stage, standing: Standing, body: Body, edits: Edits
) -> F32:
    """The set's light, linear float32 (H, W, 3), with what its glossy surfaces mirror of one product."""
    framing = standing.framing
    shiny = [index for index, item in enumerate(studio.materials) if item.roughness < GLOSSY or edits.reflection > 1]
    if not shiny or edits.reflection == 0:
        return linear
    gloss = np.zeros((*stage.small_depth.shape, 2), np.float32)
    for index in shiny:
        share = stage.small_coverage[index].astype(np.float32) / np.float32(255)
        gloss[..., 0] += share * np.float32(studio.materials[index].reflectance)
        gloss[..., 1] += share * np.float32(studio.materials[index].roughness)
    gloss = polished(gloss, stage, framing, edits)
    base = framing.base[1] - framing.placement.y
    upper = linear[: max(16, framing.base[1] - framing.placement.height) : 8, ::8]
    around = np.median(upper.reshape(-1, 3), axis=0)
    around = mirrored_before(around, linear, gloss, stage, framing, edits)
    added = reflection(
        stage.small_depth, stage.small_normal, gloss, stage.small_camera, body, mirror_card(standing.part, base), around
    )
    if edits.reflection < 1:
        added = added * np.float32(edits.reflection)
    # A mirror takes away the surroundings on average; where it showed a dark prop it must not take more than was there.
    return add_map(linear, added, stage.canvas, stage.small, least=LEFT_BY_MIRROR)
