"""Pictures to learn from, as the transformer sees them: latents and prompt embeddings, computed once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from inference.adapters import AdapterPicture
from inference.engines.diffusion.generator import Family
from inference.engines.diffusion.masks import picture_tensor
from inference.errors import EngineUnavailable
from inference.types import U8, Progress


@dataclass(frozen=True)
class Lesson:
    """``latents`` fp32 (n, C, h, w), clean and normalised; ``embeds`` (n, L, D); both on the CPU."""

    latents: Tensor
    embeds: Tensor


def squared(rgb: U8, side: int) -> U8:
    """uint8 (side, side, 3): the largest square in the middle."""
    height, width = rgb.shape[:2]
    shorter = min(height, width)
    top, left = (height - shorter) // 2, (width - shorter) // 2
    square = rgb[top : top + shorter, left : left + shorter]
    how = cv2.INTER_AREA if shorter >= side else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(square, (side, side), interpolation=how), np.uint8)


@torch.no_grad()
def lesson(family: Family, pictures: Sequence[AdapterPicture], side: int, on_progress: Progress) -> Lesson:
    """Encode every picture and its caption.

    Raises:
        EngineUnavailable: the model draws meaning and texture apart, and the encoder of meaning is not here.
    """
    latents, embeds = [], []
    for number, picture in enumerate(pictures):
        on_progress("encode", number / len(pictures))
        image = picture_tensor(squared(picture.rgb, side))[None].to(family.device)
        texture = family.codec.encode(image * 2.0 - 1.0)
        parts = [texture]
        if family.semantic_channels:
            meaning = family.semantics(image)
            if meaning is None:
                raise EngineUnavailable(
                    "generate.adapter_no_semantics",
                    "SemVAE and DINOv2 are not here, which read the meaning of pictures; fetch both "
                    "(docs/generators.md names them) beside the model's weights",
                )
            parts = [meaning.to(texture.device), texture]
        latents.append(torch.cat(parts, dim=1).float().cpu())
        embeds.append(family.embed([picture.caption]).cpu())
    on_progress("encode", 1.0)
    return Lesson(torch.cat(latents), torch.cat(embeds))


def pictures_sha256(pictures: Sequence[AdapterPicture]) -> str:
    """Of all pixels and captions, in order."""
    digest = hashlib.sha256()
    for picture in pictures:
        digest.update(str(picture.rgb.shape).encode())
        digest.update(np.ascontiguousarray(picture.rgb).tobytes())
        digest.update(picture.caption.encode())
    return digest.hexdigest()
