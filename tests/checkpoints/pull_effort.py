"""What guiding the drawing by a palette adds to the work of a shot, counted in operations at the published sizes.

    python -m tests.checkpoints.pull_effort

Runs the product's own loop with and without the pull on tensors that have no memory, and counts floating point
operations. Steps alone, as in ``GeneratedSpec.effort``. Operations are not time: decoding has fewer launches and larger
tensors than a step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from inference.engines.diffusion.embed_cache import EmbedCache
from inference.engines.diffusion.job import Guidance, Job
from inference.engines.diffusion.palette import PalettePull, PaletteSteer, palette_oklab
from inference.engines.diffusion.sampler import sample
from inference.engines.flux2_klein.engine import KleinFamily
from inference.engines.sefi.engine import SeFiFamily
from tests.checkpoints.published import TOKENS, random_klein, random_sefi

META = torch.device("meta")
CELL_PX = 16
PALETTE = ("#1b4d3e", "#f4e9d8", "#c96f4a")
# Families, steps, guidance: as their cards have them.
MODELS: dict[str, tuple[Callable[[], Any], int, float]] = {
    "flux2-klein-4b": (lambda: KleinFamily(random_klein(META).components, EmbedCache(0), "klein"), 4, 1.0),
    "sefi-1b-turbo": (lambda: _sefi("1b", "turbo"), 4, 1.0),
    "sefi-2b-turbo": (lambda: _sefi("2b", "turbo"), 4, 1.0),
    "sefi-5b-turbo": (lambda: _sefi("5b", "turbo"), 4, 1.0),
    "sefi-5b-base": (lambda: _sefi("5b", "base"), 50, 4.0),
}


def _sefi(size: str, kind: str) -> SeFiFamily:
    return SeFiFamily(random_sefi(size, kind, META), EmbedCache(0), None, size)


def pull_effort(name: str, side_px: int) -> float:
    """How many times the operations of the steps a pull makes of them."""
    build, steps, guidance = MODELS[name]
    family = build()
    cells = side_px // CELL_PX
    schedule = family.schedule(steps, cells * cells)
    channels = family.semantic_channels + family.codec.channels
    width = int(family.transformer.config.joint_attention_dim)
    embeds = torch.empty(1, TOKENS, width, dtype=torch.bfloat16, device=META)
    job = Job(
        noise=torch.empty(1, channels, cells, cells, device=META),
        embeds=embeds,
        semantic_channels=family.semantic_channels,
        guidance=Guidance(guidance, embeds) if guidance > 1.0 else None,
    )
    pull = PalettePull(palette_oklab(PALETTE), 0.15, torch.ones(cells, cells))
    steer = PaletteSteer(family.codec, schedule, family.semantic_channels, [pull], device=META)
    counts = []
    for how in (None, steer):
        with FlopCounterMode(display=False) as counter:
            sample(family.velocity(None), schedule, job, steer=how)
        counts.append(counter.get_total_flops())
    return counts[1] / counts[0]


if __name__ == "__main__":
    for model in MODELS:
        print(model, *(f"{side} px: {pull_effort(model, side):.2f}" for side in (512, 1024)))
