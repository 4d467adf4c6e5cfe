"""Pictures to learn from, as the transformer sees them: latents and prompt embeddings, computed once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
import torch
from torch import Tensor

from inference.adapters import AdapterPicture, TrainingHost
from inference.engines.diffusion.batch import Family
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


def obstacle(family: Family) -> EngineUnavailable | None:
    """Why the family can not learn here: it draws meaning and texture apart, and nothing here reads meaning."""
    if not family.semantic_channels or family.can_read_meaning():
        return None
    return EngineUnavailable(
        "generate.adapter_no_semantics",
        "SemVAE and DINOv2 are not here, which read the meaning of pictures; fetch both "
        "(docs/generators.md names them) beside the model's weights",
    )


def lesson(
    family: Family, pictures: Sequence[AdapterPicture], side: int, on_progress: Progress, host: TrainingHost
) -> Lesson:
    """Encode every picture and its caption, one a turn.

    Raises:
        EngineUnavailable: as ``obstacle``.
    """
    missing = obstacle(family)
    if missing is not None:
        raise missing
    parts = []
    for number, picture in enumerate(pictures):
        on_progress("encode", number / len(pictures))
        parts.append(host.turn(partial(_encoded, family, picture, side)))
    on_progress("encode", 1.0)
    latents, embeds = zip(*parts, strict=True)
    return Lesson(torch.cat(latents), torch.cat(embeds))


@torch.no_grad()
def _encoded(family: Family, picture: AdapterPicture, side: int) -> tuple[Tensor, Tensor]:
    """Latents (1, C, h, w) and embedding (1, L, D) of one picture, on the CPU."""
    image = picture_tensor(squared(picture.rgb, side))[None].to(family.device)
    texture = family.codec.encode(image * 2.0 - 1.0)
    meaning = family.semantics(image) if family.semantic_channels else None
    latents = texture if meaning is None else torch.cat([meaning.to(texture.device), texture], dim=1)
    return latents.float().cpu(), family.embed([picture.caption]).cpu()


def pictures_sha256(pictures: Sequence[AdapterPicture]) -> str:
    """Of all pixels and captions, in order."""
    digest = hashlib.sha256()
    for picture in pictures:
        digest.update(str(picture.rgb.shape).encode())
        digest.update(np.ascontiguousarray(picture.rgb).tobytes())
        digest.update(picture.caption.encode())
    return digest.hexdigest()
