"""Trains a LoRA adapter beside a generator's weights, which stay as they are; goes on exactly where it was stopped.

What a step sees depends on the seed and on the number of the step alone, so that an interrupted training ends with the
same weights as one that was not.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from inference.adapters import (
    STATE,
    SUFFIX,
    AdapterCard,
    AdapterPicture,
    AdapterPlan,
    TrainedAdapter,
    TrainingHost,
    head_of,
)
from inference.engines.adapters.pictures import Lesson, lesson, obstacle, pictures_sha256
from inference.engines.adapters.switch import lora_config
from inference.engines.adapters.weights import weights_sha256
from inference.engines.diffusion.batch import Family
from inference.engines.diffusion.generator import LatentGenerator
from inference.engines.diffusion.memory import free_bytes, release
from inference.engines.diffusion.objective import flow_loss
from inference.errors import Cancelled, EngineUnavailable, InputRejected
from inference.models import ModelCard
from inference.ports import EngineStatus
from inference.types import Progress

_numbers = itertools.count(1)
_WARM_UP_SHARE = 0.1
# What `learn_pass_gb` was counted with, as the released models read prompts.
_TEXT_TOKENS = 512
# What prompts that are remembered on the device may grow to (`GenerateOptions.embed_cache_mb`).
_PROMPTS_GB = 0.27
# Workspaces of libraries and gaps between tensors: estimated, not measured.
_SLACK_GB = 0.5
_MOST_STEPS, _MOST_RANK, _MOST_PICTURES, _MOST_BATCH = 20_000, 128, 500, 16


def require_room(card: ModelCard, plan: AdapterPlan, device: torch.device) -> None:
    """Refuse before any work what would run out of memory. Asked with the weights loaded, on GPUs alone.

    Raises:
        EngineUnavailable: ``generate.too_little_memory``.
    """
    usual = AdapterPlan()
    adapter = card.learn_adapter_gb * plan.rank / usual.rank
    kept = card.learn_pass_gb * _tokens(card, plan) / _tokens(card, usual)
    needed = adapter + kept + _PROMPTS_GB + _SLACK_GB
    free = free_bytes(device) / 1e9
    if device.type == "cuda" and free < needed:
        raise EngineUnavailable(
            "generate.too_little_memory",
            f"teaching {card.title} takes about {needed:.1f} GB beside its weights and {free:.1f} GB are free; "
            "stop what else uses the device, or choose a smaller model",
        )


def _tokens(card: ModelCard, plan: AdapterPlan) -> int:
    """Of a step: those of the prompts and a token a cell."""
    return plan.batch * (_TEXT_TOKENS + (plan.size_px // card.multiple_px) ** 2)


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

    def status(self) -> EngineStatus:
        """See ``adapters.AdapterTrainer``."""
        missing = obstacle(self._generator.loaded())
        if missing is None:
            return EngineStatus(True)
        return EngineStatus(False, missing.message, code=missing.code)

    def train(
        self,
        pictures: Sequence[AdapterPicture],
        plan: AdapterPlan,
        folder: Path,
        *,
        on_progress: Progress,
        host: TrainingHost | None = None,
    ) -> TrainedAdapter:
        """See ``adapters.AdapterTrainer``. Stages of the progress: ``encode``, ``learn``."""
        self.check(pictures, plan)
        host = host or TrainingHost()
        family, sha = host.turn(self._generator.loaded), pictures_sha256(pictures)
        require_room(self._generator.card, plan, family.device)
        learned = lesson(family, pictures, plan.size_px, on_progress, host)
        folder.mkdir(parents=True, exist_ok=True)
        run = _Run(self._generator, host, learned, plan, folder / STATE, self._key(plan, sha))
        try:
            host.turn(run.begin)
            host.resumed(len(run.losses))
            run.go(on_progress)
            state = host.turn(run.learned)
        finally:
            run.end()
        card = self._card(plan, len(pictures), sha, state)
        path = _write(folder / f"adapter{SUFFIX}", state, card)
        (folder / STATE).unlink(missing_ok=True)
        tenth = max(1, plan.steps // 10)
        first, last = (sum(part) / len(part) for part in (run.losses[:tenth], run.losses[-tenth:]))
        return TrainedAdapter(path, card, first, last, tuple(run.losses))

    def _card(self, plan: AdapterPlan, pictures: int, sha: str, state: dict[str, Tensor]) -> AdapterCard:
        return AdapterCard(
            model=self._generator.name,
            revision=self._generator.revision,
            licence=self._generator.licence,
            rank=plan.rank,
            alpha=plan.alpha,
            steps=plan.steps,
            size_px=plan.size_px,
            pictures=pictures,
            pictures_sha256=sha,
            weights_sha256=weights_sha256(state),
        )

    def _key(self, plan: AdapterPlan, sha: str) -> str:
        """Names what a kept state belongs to: another plan, pictures or model begin anew."""
        return json.dumps([self._generator.name, self._generator.revision, sha, asdict(plan)], sort_keys=True)


class _Run:
    """The steps of one training, and their state. Whatever touches the device runs in a turn of the host."""

    def __init__(
        self, generator: LatentGenerator, host: TrainingHost, learned: Lesson, plan: AdapterPlan, kept: Path, key: str
    ) -> None:
        self.generator, self.family, self.adapters, self.host = generator, generator.loaded(), generator.adapters, host
        self.lesson, self.plan, self.kept, self.key = learned, plan, kept, key
        # One that lost its job may still be here when its successor begins.
        self.name = f"learning_{next(_numbers)}"
        self.weights: list[nn.Parameter] = []
        self.losses: list[float] = []

    def begin(self) -> None:
        """Add the adapter, as it was left or fresh."""
        plan = self.plan
        # LoRA begins at random; of the seed alone, like everything else here.
        with torch.random.fork_rng(devices=_devices(self.family)):
            torch.manual_seed(plan.seed)
            self.weights = self.adapters.begin(self.name, lora_config(plan.rank, plan.alpha))
        for weight in self.weights:
            # Small steps get lost in bfloat16.
            weight.data = weight.data.float()
        self.optimiser = torch.optim.AdamW(self.weights, lr=plan.rate, weight_decay=1e-2)
        self._resume()

    def go(self, on_progress: Progress) -> None:
        """All steps that are left. What ``on_progress`` raises ends them, with everything kept."""
        try:
            for step in range(len(self.losses), self.plan.steps):
                on_progress("learn", step / self.plan.steps)
                loss = self.host.turn(partial(self._turn, step))
                self.host.learned(step + 1, loss)
                if (step + 1) % self.plan.save_every == 0:
                    self.host.saved(self.kept)
            on_progress("learn", 1.0)
        except Cancelled:
            self._save()
            self.host.saved(self.kept)
            raise

    def learned(self) -> dict[str, Tensor]:
        """The adapter's weights, fp32 on the CPU."""
        from peft import get_peft_model_state_dict

        state = get_peft_model_state_dict(self.family.transformer, adapter_name=self.name)
        return {name: value.detach().float().cpu().contiguous() for name, value in sorted(state.items())}

    def end(self) -> None:
        """Take the adapter off, where it was added."""
        if self.weights:
            self.host.afterwards(partial(self.adapters.end, self.name))

    def _turn(self, step: int) -> float:
        transformer, loss = self.family.transformer, None
        if self.plan.checkpointing:
            transformer.enable_gradient_checkpointing()
        try:
            with self.generator.as_written(), self.adapters.learning(self.name, self.weights):
                loss = self._step(step)
        except torch.OutOfMemoryError:
            pass  # said below, where the frames of the failed step hold no tensors any more
        finally:
            transformer.disable_gradient_checkpointing()
            self.optimiser.zero_grad(set_to_none=True)
        if loss is None:
            release()
            raise EngineUnavailable(
                "generate.adapter_out_of_memory",
                "the device ran out of memory in a training step; train a smaller model or with a lower rank",
            )
        self.losses.append(loss)
        if (step + 1) % self.plan.save_every == 0:
            self._save()
        return loss

    def _step(self, step: int) -> float:
        plan, family, device = self.plan, self.family, self.family.device
        chance = torch.Generator().manual_seed(plan.seed * 1_000_003 + step)
        rows = torch.randint(len(self.lesson.latents), (plan.batch,), generator=chance)
        clean = self.lesson.latents[rows]
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
            self.lesson.embeds[rows].to(device),
            levels,
            semantic_channels=family.semantic_channels,
        )
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


def _write(path: Path, state: dict[str, Tensor], card: AdapterCard) -> Path:
    from safetensors.torch import save_file

    part = path.with_suffix(".part")
    save_file(state, part, metadata=head_of(card))
    part.replace(path)
    return path
