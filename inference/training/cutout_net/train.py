"""Train the network: `python -m inference.training.cutout_net.train --renders FOLDER --runs FOLDER --steps 4000`.

Resumable: ``last.pt`` holds everything, ``best.pt`` the averaged weights with the best validation so far. A later run
with more ``--steps`` or another ``--size`` goes on from there; ``--restart`` begins a new cosine from step 0 but keeps
the weights. One JSON line a validation goes to ``log.jsonl``.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from inference.training.cutout_net.losses import hard_iou, loss
from inference.training.cutout_net.network import CutoutNet
from inference.training.cutout_net.produce import VALIDATION_SEED
from inference.training.cutout_net.samples import Source, as_shot, sample
from inference.training.cutout_net.views import Boxed, automatic, boxed, jittered

_AVERAGING = 0.997
_WARM_UP_STEPS = 100
_REFRESH_STEPS = 200
_VALIDATION_RECOMBINED = 60


@dataclass(frozen=True)
class Settings:
    """One run. ``size_px`` is the side of the square that has the area the network sees."""

    steps: int
    size_px: int
    batch: int
    rate: float
    validate_every: int


def batch(source: Source, settings: Settings, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Inputs (N, 4, H, W) and alphas (N, 1, H, W) of one random shape: each picture once whole and once with a box."""
    size = _shape(settings.size_px, rng)
    views = []
    for _ in range(settings.batch // 2):
        made = sample(source, rng)
        views += [jittered(made, size, with_box=with_box, rng=rng) for with_box in (made.ambiguous, True)]
    return tensors(views)


def _shape(size_px: int, rng: np.random.Generator) -> tuple[int, int]:
    stretch = float(rng.choice([0.8, 1.0, 1.0, 1.25]))
    return round(size_px * stretch / 32) * 32, round(size_px / stretch / 32) * 32


def tensors(views: list[Boxed]) -> tuple[Tensor, Tensor]:
    """Inputs (N, 4, H, W) and alphas (N, 1, H, W), both 0..1, of views of one shape."""
    inputs = np.stack([np.dstack([view.rgb, view.box]) for view in views])
    alphas = np.stack([view.alpha for view in views])[:, None]
    picture = torch.from_numpy(inputs).permute(0, 3, 1, 2).to(torch.float32) / 255
    return picture.contiguous(memory_format=torch.channels_last), torch.from_numpy(alphas).to(torch.float32) / 255


class Trainer:
    """The network, its average and its optimiser, and where they are kept."""

    def __init__(self, runs: Path, settings: Settings, *, restart: bool) -> None:
        torch.manual_seed(0)
        self.runs, self.settings, self.step, self.best = runs, settings, 0, 0.0
        self.net: Any = CutoutNet().to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.net)
        self.optimiser = torch.optim.AdamW(self.net.parameters(), lr=settings.rate, weight_decay=1e-4, fused=True)
        if (runs / "last.pt").exists():
            self._resume(restart)

    def _resume(self, restart: bool) -> None:
        kept = torch.load(self.runs / "last.pt", weights_only=True)
        self.net.load_state_dict(kept["net"])
        self.average.load_state_dict(kept["average"])
        self.optimiser.load_state_dict(kept["optimiser"])
        self.step = 0 if restart else kept["step"]
        self.best = 0.0 if restart else kept["best"]

    def save(self) -> None:
        """Write ``last.pt`` so that a killed run loses little."""
        kept = {
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "best": self.best,
        }
        torch.save(kept, self.runs / "part.pt")
        (self.runs / "part.pt").replace(self.runs / "last.pt")

    def learn(self, picture: Tensor, alpha: Tensor) -> float:
        """One step; returns the loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.rate * _share(self.step, self.settings.steps)
        self.net.train()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            outputs = self.net(picture)
        total = loss(outputs, alpha)
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 2.0)
        self.optimiser.step()
        self._average()
        self.step += 1
        return float(total.detach())

    def _average(self) -> None:
        keep = min(_AVERAGING, (1 + self.step) / (10 + self.step))
        ours, theirs = self.average.state_dict(), self.net.state_dict()
        floats = [name for name, value in ours.items() if value.dtype.is_floating_point]
        torch._foreach_lerp_([ours[name] for name in floats], [theirs[name] for name in floats], 1 - keep)


def _share(step: int, steps: int) -> float:
    if step < _WARM_UP_STEPS:
        return (step + 1) / _WARM_UP_STEPS
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, step / steps)))


def validation(source: Source, size_px: int) -> tuple[list[Boxed], list[Boxed]]:
    """The same pictures each time: automatic and with a box."""
    rng = np.random.default_rng(1)
    shots = [as_shot(scene) for scene in source.scenes]
    shots += [made for made in (sample(source, rng) for _ in range(_VALIDATION_RECOMBINED)) if not made.ambiguous]
    size = (size_px, size_px)
    return [automatic(shot, size) for shot in shots], [boxed(shot, size, rng) for shot in shots]


def score(net: Any, views: list[Boxed]) -> dict[str, float]:
    """Mean IoU, the share above 0.9 and how far the network's own estimate is off."""
    net.eval()
    found, said = [], []
    with torch.no_grad():
        for start in range(0, len(views), 16):
            picture, alpha = tensors(views[start : start + 16])
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits, _, judged = net(picture)
            found += hard_iou(logits.float(), alpha).tolist()
            said += torch.sigmoid(judged.float())[:, 0].tolist()
    overlap, own = np.array(found), np.array(said)
    return {
        "iou": round(float(overlap.mean()), 4),
        "above_90": round(float((overlap > 0.9).mean()), 3),
        "self_error": round(float(np.abs(overlap - own).mean()), 4),
    }


def train(renders: Path, runs: Path, settings: Settings, *, restart: bool) -> None:
    """Go on until ``settings.steps``."""
    runs.mkdir(parents=True, exist_ok=True)
    source = Source(renders, first=0, stop=VALIDATION_SEED)
    held_out = Source(renders, first=VALIDATION_SEED, stop=10 * VALIDATION_SEED)
    source.refresh()
    held_out.refresh()
    checks = validation(held_out, settings.size_px)
    trainer = Trainer(runs, settings, restart=restart)
    rng = np.random.default_rng([trainer.step, time.time_ns() % 2**32])
    recent: list[float] = []
    while trainer.step < settings.steps:
        if trainer.step % _REFRESH_STEPS == 0:
            source.refresh()
        recent.append(trainer.learn(*batch(source, settings, rng)))
        if trainer.step % settings.validate_every == 0 or trainer.step == settings.steps:
            _check(trainer, checks, float(np.mean(recent)), len(source.scenes))
            recent.clear()


def _check(trainer: Trainer, checks: tuple[list[Boxed], list[Boxed]], mean_loss: float, scenes: int) -> None:
    auto, with_box = (score(trainer.average, views) for views in checks)
    mean = (auto["iou"] + with_box["iou"]) / 2
    if mean > trainer.best:
        trainer.best = mean
        torch.save(trainer.average.state_dict(), trainer.runs / "best.pt")
    line = {
        "step": trainer.step,
        "size": trainer.settings.size_px,
        "loss": round(mean_loss, 4),
        "auto": auto,
        "box": with_box,
        "scenes": scenes,
        "cpu_s": round(time.process_time()),
        "at": time.strftime("%H:%M:%S"),
    }
    with (trainer.runs / "log.jsonl").open("a") as log:
        log.write(json.dumps(line) + "\n")
    print(json.dumps(line), flush=True)
    trainer.save()


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--renders", type=Path, required=True)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--size", type=int, default=160)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--validate-every", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1, help="more only on a machine that is idle")
    parser.add_argument("--restart", action="store_true", help="keep the weights, begin the schedule anew")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_flush_denormal(True)
    torch.set_num_threads(arguments.threads)
    settings = Settings(arguments.steps, arguments.size, arguments.batch, arguments.rate, arguments.validate_every)
    train(arguments.renders, arguments.runs, settings, restart=arguments.restart)
    return 0


if __name__ == "__main__":
    sys.exit(main())
