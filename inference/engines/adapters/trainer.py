"""Trains a LoRA adapter beside a generator's weights, which stay as they are; goes on exactly where it was stopped.

What a step sees depends on the seed and on the number of the step alone, so that an interrupted training ends with the
same weights as one that was not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from inference.adapters import SUFFIX, AdapterCard, AdapterPicture, AdapterPlan, TrainedAdapter, head_of
from inference.engines.adapters.pictures import Lesson, lesson, pictures_sha256
from inference.engines.adapters.switch import lora_config
from inference.engines.diffusion.generator import Family, LatentGenerator
from inference.engines.diffusion.objective import flow_loss
from inference.errors import Cancelled, InputRejected
from inference.types import Progress

_NAME = "being_learned"
_STATE = "last.pt"
_WARM_UP_SHARE = 0.1
_MOST_STEPS, _MOST_RANK, _MOST_PICTURES, _MOST_BATCH = 20_000, 128, 500, 16


class LatentAdapterTrainer:
    """See ``adapters.AdapterTrainer``. The generator's own weights are used, so it draws with them afterwards."""

    def __init__(self, generator: LatentGenerator) -> None:
        self._generator = generator

    def check(self, pictures: Sequence[AdapterPicture], plan: AdapterPlan) -> None:
        """See ``adapters.AdapterTrainer``."""
        card = self._generator.card
        if "adapters" not in card.can:
            raise InputRejected("generate.adapter_not_possible", f"{card.title} can not learn; choose another model")
        if not 1 <= len(pictures) <= _MOST_PICTURES or any(not picture.caption.strip() for picture in pictures):
            raise InputRejected(
                "generate.adapter_pictures",
                f"an adapter learns from 1 to {_MOST_PICTURES} pictures, each with words; there are {len(pictures)}",
                most=_MOST_PICTURES,
            )
        sizes = plan.size_px % card.multiple_px == 0 and card.min_px <= plan.size_px <= card.max_px
        bounds = (
            1 <= plan.steps <= _MOST_STEPS,
            1 <= plan.rank <= _MOST_RANK,
            1 <= plan.batch <= _MOST_BATCH,
            plan.save_every >= 1,
            0.0 < plan.rate <= 0.1,
            plan.alpha > 0.0,
        )
        if not sizes or not all(bounds):
            raise InputRejected("generate.adapter_plan", f"this plan is out of bounds: {asdict(plan)}")

    def train(
        self, pictures: Sequence[AdapterPicture], plan: AdapterPlan, folder: Path, *, on_progress: Progress
    ) -> TrainedAdapter:
        """See ``adapters.AdapterTrainer``. Stages of the progress: ``encode``, ``learn``."""
        self.check(pictures, plan)
        family, sha = self._generator.loaded(), pictures_sha256(pictures)
        learned = lesson(family, pictures, plan.size_px, on_progress)
        folder.mkdir(parents=True, exist_ok=True)
        # LoRA begins at random; of the seed alone, like everything else here.
        with torch.random.fork_rng(devices=_devices(family)):
            torch.manual_seed(plan.seed)
            with self._generator.adapters.learning(_NAME, lora_config(plan.rank, plan.alpha)) as weights:
                run = _Run(family, learned, plan, weights, folder / _STATE, self._key(plan, sha))
                run.go(on_progress)
                state = _state_of(family.transformer)
        card = AdapterCard(
            model=self._generator.name,
            revision=self._generator.revision,
            licence=self._generator.licence,
            rank=plan.rank,
            alpha=plan.alpha,
            steps=plan.steps,
            size_px=plan.size_px,
            pictures=len(pictures),
            pictures_sha256=sha,
            weights_sha256=_sha256(state),
        )
        path = _write(folder / f"adapter{SUFFIX}", state, card)
        (folder / _STATE).unlink(missing_ok=True)
        tenth = max(1, plan.steps // 10)
        first, last = (sum(part) / len(part) for part in (run.losses[:tenth], run.losses[-tenth:]))
        return TrainedAdapter(path, card, first, last)

    def _key(self, plan: AdapterPlan, sha: str) -> str:
        """Names what a kept state belongs to: another plan, pictures or model begin anew."""
        return json.dumps([self._generator.name, self._generator.revision, sha, asdict(plan)], sort_keys=True)


class _Run:
    """The steps of one training, and their state."""

    def __init__(
        self, family: Family, learned: Lesson, plan: AdapterPlan, weights: list[nn.Parameter], kept: Path, key: str
    ) -> None:
        self.family, self.learned, self.plan, self.weights = family, learned, plan, weights
        self.kept, self.key = kept, key
        self.losses: list[float] = []
        for weight in weights:
            # Small steps get lost in bfloat16.
            weight.data = weight.data.float()
            weight.requires_grad_(True)
        self.optimiser = torch.optim.AdamW(weights, lr=plan.rate, weight_decay=1e-2)
        self._resume()

    def go(self, on_progress: Progress) -> None:
        transformer = self.family.transformer
        if self.plan.checkpointing:
            transformer.enable_gradient_checkpointing()
        try:
            for step in range(len(self.losses), self.plan.steps):
                on_progress("learn", step / self.plan.steps)
                self.losses.append(self._step(step))
                if (step + 1) % self.plan.save_every == 0:
                    self._save()
            on_progress("learn", 1.0)
        except Cancelled:
            self._save()
            raise
        finally:
            transformer.disable_gradient_checkpointing()

    def _step(self, step: int) -> float:
        plan, family, device = self.plan, self.family, self.family.device
        chance = torch.Generator().manual_seed(plan.seed * 1_000_003 + step)
        rows = torch.randint(len(self.learned.latents), (plan.batch,), generator=chance)
        clean = self.learned.latents[rows]
        noise = torch.randn(clean.shape, generator=chance)
        cells = clean.shape[-2] * clean.shape[-1]
        levels = family.training_levels(torch.rand(plan.batch, generator=chance).to(device), cells)
        warm_up = max(1, int(_WARM_UP_SHARE * plan.steps))
        for group in self.optimiser.param_groups:
            group["lr"] = plan.rate * min(1.0, (step + 1) / warm_up)
        loss = flow_loss(
            family.velocity(None),
            clean.to(device),
            noise.to(device),
            self.learned.embeds[rows].to(device),
            levels,
            semantic_channels=family.semantic_channels,
        )
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.weights, 1.0)
        self.optimiser.step()
        return float(loss.detach())

    def _save(self) -> None:
        state = {
            "key": self.key,
            "weights": [weight.data for weight in self.weights],
            "optimiser": self.optimiser.state_dict(),
            "losses": self.losses,
        }
        part = self.kept.with_suffix(".part")
        torch.save(state, part)
        part.replace(self.kept)

    def _resume(self) -> None:
        if not self.kept.is_file():
            return
        state = torch.load(self.kept, map_location="cpu", weights_only=True)
        if state["key"] != self.key:
            return
        for weight, value in zip(self.weights, state["weights"], strict=True):
            weight.data.copy_(value)
        self.optimiser.load_state_dict(state["optimiser"])
        self.losses = list(state["losses"])


def _devices(family: Family) -> list[Any]:
    return [family.device] if family.device.type == "cuda" else []


def _state_of(transformer: Any) -> dict[str, Tensor]:
    from peft import get_peft_model_state_dict

    state = get_peft_model_state_dict(transformer, adapter_name=_NAME)
    return {name: value.detach().float().cpu().contiguous() for name, value in sorted(state.items())}


def _sha256(state: dict[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name, value in state.items():
        digest.update(name.encode())
        digest.update(value.numpy().tobytes())
    return digest.hexdigest()


def _write(path: Path, state: dict[str, Tensor], card: AdapterCard) -> Path:
    from safetensors.torch import save_file

    part = path.with_suffix(".part")
    save_file(state, part, metadata=head_of(card))
    part.replace(path)
    return path
