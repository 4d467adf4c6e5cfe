"""How far an editor may change a picture: it begins with that much noise in the picture's own latents.

Pipelines of editors begin from noise alone and are only *shown* the picture. Those that take ``latents`` and ``sigmas``
can begin nearer to it (SDEdit, Meng et al. 2022, for rectified flows): the less noise there is at first, the more of
the picture stays. ``strength`` is the time at which they begin, before the schedule is shifted: 1 = from noise, which
is the stock call, and between two steps of the schedule just as well.
"""

from __future__ import annotations

import copy
import math
from typing import Any

import diffusers
import numpy as np
import torch
from diffusers.pipelines.longcat_image import pipeline_longcat_image_edit as longcat
from diffusers.pipelines.qwenimage.pipeline_qwenimage_edit_plus import calculate_shift
from PIL import Image
from torch import Tensor

_LONGCAT_CHANNELS, _LONGCAT_AREA = 16, 1024 * 1024


def steps_of(strength: float, steps: int) -> int:
    """How many of ``steps`` are computed."""
    return max(1, math.ceil(strength * steps - 1e-9))


@torch.no_grad()
def beginning(
    pipeline: Any, picture: Image.Image, size: tuple[int, int], strength: float, steps: int, generator: torch.Generator
) -> dict[str, Any]:
    """Arguments of a call of ``pipeline`` that let it begin at ``strength``.

    Args:
        picture: of ``size`` (width, height).
        strength: above 0, below 1.
        generator: of the call; the noise is drawn here as the pipeline would draw it.
    """
    noise, clean = _latents(pipeline, picture, size, generator)
    sigmas = np.linspace(strength, 1.0 / steps if strength > 1.0 / steps else strength, steps_of(strength, steps))
    level = _shifted(pipeline.scheduler, sigmas, cells=noise.shape[1])
    return {"latents": (1.0 - level) * clean + level * noise, "sigmas": sigmas.tolist()}


def _latents(
    pipeline: Any, picture: Image.Image, size: tuple[int, int], generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Noise and the picture's latents, packed (1, cells, channels), as the pipeline itself prepares them."""
    like = {"dtype": pipeline.text_encoder.dtype, "device": pipeline.device, "generator": generator}
    if isinstance(pipeline, diffusers.LongCatImageEditPipeline):
        width, height = longcat.calculate_dimensions(_LONGCAT_AREA, size[0] / size[1])
        image = pipeline.image_processor.preprocess(picture, height, width)
        noise, clean, *_ = pipeline.prepare_latents(
            image, 1, _LONGCAT_CHANNELS, height, width, prompt_embeds_length=0, **like
        )
        return noise, clean
    image = pipeline.image_processor.preprocess(picture, size[1], size[0]).unsqueeze(2)
    channels = pipeline.transformer.config.in_channels // 4
    noise, clean = pipeline.prepare_latents([image], 1, channels, size[1], size[0], **like)
    return noise, clean


def _shifted(scheduler: Any, sigmas: np.ndarray[Any, Any], *, cells: int) -> float:
    """The share of noise at the first of ``sigmas``, after the schedule's shift for a picture of ``cells``."""
    own = copy.deepcopy(scheduler)
    names = ("base_image_seq_len", "max_image_seq_len", "base_shift", "max_shift")
    usual = (256, 4096, 0.5, 1.15)
    shift = calculate_shift(cells, *(own.config.get(name, value) for name, value in zip(names, usual, strict=True)))
    own.set_timesteps(sigmas=sigmas.tolist(), mu=shift, device="cpu")
    return float(own.sigmas[0])
