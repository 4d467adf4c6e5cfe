"""The trained model behind the port that the product uses."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from inference.adapters import SUFFIX, AdapterPicture, AdapterPlan, TrainedAdapter
from inference.engines.adapters.trainer import LatentAdapterTrainer
from inference.engines.diffusion.codec import to_unit_range
from inference.engines.diffusion.generator import LatentGenerator
from inference.engines.diffusion.masks import cell_mask, picture_array, picture_tensor
from inference.engines.sefi.engine import sefi_engine
from inference.generation import GenerateItem, GenerateOptions, GenerateRequest, Generator
from inference.models import ModelCard, model_card
from inference.training.small_sefi.parts import SETTINGS
from inference.training.small_sefi.saving import NAME
from inference.types import U8, no_progress


def small_card(side_px: int) -> ModelCard:
    """The model's card: what a SeFi Base can, at one size; the weights are ours."""
    return replace(
        model_card("sefi-1b-base"),
        name=NAME,
        title="Small SeFi",
        hub_id="",
        licence="Apache-2.0",
        licence_url="https://www.apache.org/licenses/LICENSE-2.0",
        is_commercial=True,
        memory_gb=0.1,
        default_steps=int(SETTINGS["default_num_inference_steps"]),
        default_guidance=float(SETTINGS["default_guidance_scale"]),
        min_px=side_px,
        max_px=side_px,
        sizes=((side_px, side_px),),
    )


def weights_sha256(folder: Path) -> str:
    """Of all weight files of a checkpoint, in the order of their names."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.safetensors")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


class Artist:
    """Draws squares of ``side_px``, many at a time.

    Args:
        weights: the folder that ``train`` wrote.
        steps: of each picture.
        adapters: where those that it is taught are kept; None = it learns nothing.
    """

    def __init__(
        self,
        weights: Path,
        side_px: int,
        *,
        device: str = "auto",
        steps: int | None = None,
        adapters: Path | None = None,
    ) -> None:
        self._adapters = adapters
        options = GenerateOptions(
            weights_dir=weights, device=device, dtype="float32", max_batch=32, adapters_dir=adapters
        )
        self._generator: LatentGenerator = sefi_engine(small_card(side_px), options)
        self.weights_sha256 = weights_sha256(weights / NAME)
        self.side_px, self.steps = side_px, steps

    @property
    def engine(self) -> Generator:
        """The port that the product draws through."""
        return self._generator

    def draw(
        self,
        items: Sequence[GenerateItem],
        *,
        guidance: float | None = None,
        steps: int | None = None,
        layout_share: float = 0.4,
        adapters: Sequence[tuple[str, float]] = (),
    ) -> list[U8]:
        """uint8 (side, side, 3) an item."""
        request = GenerateRequest(
            items=tuple(items),
            width=self.side_px,
            height=self.side_px,
            steps=steps or self.steps,
            guidance=guidance,
            layout_share=layout_share,
            adapters=tuple(adapters),
        )
        return [picture.rgb for picture in self._generator.generate(request, on_progress=no_progress)]

    def teach(self, name: str, pictures: Sequence[AdapterPicture], plan: AdapterPlan) -> TrainedAdapter:
        """Learn an adapter; ``draw`` takes it by its name."""
        if self._adapters is None:
            raise ValueError("an artist without a folder for adapters learns nothing")
        trainer = LatentAdapterTrainer(self._generator)
        learned = trainer.train(pictures, plan, self._adapters / "learning" / name, on_progress=no_progress)
        shutil.copy(learned.path, self._adapters / f"{name}{SUFFIX}")
        return learned

    @torch.no_grad()
    def pasted(self, pictures: Sequence[U8], others: Sequence[U8], keeps: Sequence[U8]) -> list[U8]:
        """The kept cells of ``pictures`` among the cells of ``others``, decoded: what the codec alone makes of it."""
        family = self._generator.loaded()
        codec, device = family.codec, family.device
        own, theirs = (
            codec.encode(torch.stack([picture_tensor(one) for one in many]).to(device) * 2.0 - 1.0)
            for many in (pictures, others)
        )
        kept = torch.stack([cell_mask(keep, *own.shape[-2:]) for keep in keeps])[:, None].to(device)
        return [picture_array(image) for image in to_unit_range(codec.decode(torch.lerp(theirs, own, kept)))]
