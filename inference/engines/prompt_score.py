"""How well a picture fits a text, by CLIP (Radford et al. 2021) where its weights lie beside the generators'.

It is a judge among candidates of one prompt, not a measure of beauty: it has learnt which captions go with which
pictures of the web. torch and transformers are imported when it first judges.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from inference.engines.diffusion.gate import part_revision
from inference.errors import EngineUnavailable
from inference.generation import GenerateOptions
from inference.models import fetch_command, part_card
from inference.ports import EngineStatus
from inference.types import F32, U8

_PART = "clip-vit-base-patch32"
_CONFIG = "config.json"
# What the network was trained on.
_MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
_STD = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)


class ClipScorer:
    """See ``ports.PromptScorer``. Runs on the CPU: a few small pictures, and the GPU is busy drawing."""

    def __init__(self, options: GenerateOptions) -> None:
        card = part_card(_PART)
        self.name, self.licence = card.name, card.licence
        self._card = card
        self._folder = None if options.weights_dir is None else options.weights_dir / card.name
        self._loaded: tuple[Any, Any] | None = None

    @property
    def revision(self) -> str:
        """See ``ports.PromptScorer``."""
        return "" if self._folder is None else part_revision(self._card, self._folder)

    def status(self) -> EngineStatus:
        """See ``ports.PromptScorer``."""
        absent = [name for name in ("torch", "transformers") if find_spec(name) is None]
        if absent:
            return EngineStatus(False, f"{', '.join(absent)} is not installed", "install what generating workers need")
        if self._folder is None or not (self._folder / _CONFIG).is_file():
            where = self._folder or Path("WEIGHTS") / self.name
            step = fetch_command(self._card.hub_id, where, self._card.revision)
            return EngineStatus(False, f"{where} is missing", step)
        return EngineStatus(True)

    def scores(self, prompt: str, pictures: Sequence[U8]) -> tuple[float, ...]:
        """See ``ports.PromptScorer``."""
        import torch

        model, tokenizer = self._networks()
        size, length = model.config.vision_config.image_size, model.config.text_config.max_position_embeddings
        tokens = tokenizer([prompt], padding=True, truncation=True, max_length=length, return_tensors="pt")
        pixels = torch.from_numpy(np.stack([_prepared(picture, size) for picture in pictures]))
        with torch.no_grad():
            seen = model(input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"], pixel_values=pixels)
        picture, text = (
            torch.nn.functional.normalize(embeds.float(), dim=-1) for embeds in (seen.image_embeds, seen.text_embeds)
        )
        return tuple(float(value) for value in (picture @ text.T)[:, 0])

    def _networks(self) -> tuple[Any, Any]:
        if self._loaded is None:
            import torch
            from transformers import AutoTokenizer, CLIPModel

            from inference.engines.diffusion.loading import LOADING_ERRORS, strict

            assert self._folder is not None
            model = strict(CLIPModel, self._folder, torch.float32, may_hold_more=True).eval().requires_grad_(False)
            try:
                self._loaded = model, AutoTokenizer.from_pretrained(self._folder, local_files_only=True)
            except LOADING_ERRORS as error:
                raise EngineUnavailable(
                    "generate.checkpoint_incompatible", f"{self._folder} can not be loaded: {error}"
                ) from error
        return self._loaded


def _prepared(rgb: U8, size: int) -> F32:
    """uint8 (H, W, 3) -> fp32 (3, size, size), normalised. All of the picture, not its middle: layout counts."""
    small = cv2.resize(rgb, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
    return np.ascontiguousarray(((small - _MEAN) / _STD).transpose(2, 0, 1))
