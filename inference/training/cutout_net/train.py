"""Train the network: `python -m inference.training.cutout_net.train --renders FOLDER --runs FOLDER --steps 4000`.

Resumable: ``last.pt`` holds everything, ``best.pt`` the averaged weights with the best validation so far. A later run
with more ``--steps`` or another ``--size`` goes on from there; ``--restart`` begins a new cosine from step 0 (and a new
contest for the best) but keeps the weights. One JSON line a validation goes to ``log.jsonl``.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from inference.training.cutout_net.batches import BatchPlan, stacked, stream, validation
from inference.training.cutout_net.losses import hard_iou, loss
from inference.training.cutout_net.network import CutoutNet
from inference.training.cutout_net.views import Boxed
from inference.types import U8

_AVERAGING = 0.997
_WARM_UP_STEPS = 100
_SAVE_EVERY = 50


@dataclass(frozen=True)
class Settings:
    """One run. It ends after ``steps`` or ``minutes``, whichever comes first; ``workers``: see ``batches.stream``."""

    plan: BatchPlan
    runs: Path
    steps: int
    rate: float
    validate_every: int
    device: str
    workers: int
    minutes: float


def tensors(inputs: U8, alphas: U8, device: str = "cpu") -> tuple[Tensor, Tensor]:
    """Inputs (N, 4, H, W) and alphas (N, 1, H, W), both 0..1, from ``batches.stacked``."""
    picture = torch.from_numpy(inputs).to(device).permute(0, 3, 1, 2).to(torch.float32) / 255
    alpha = torch.from_numpy(alphas).to(device).to(torch.float32) / 255
    return picture.contiguous(memory_format=torch.channels_last), alpha


class Trainer:
    """The network, its average and its optimiser, and where they are kept."""

    def __init__(self, settings: Settings, *, restart: bool) -> None:
        torch.manual_seed(0)
        self.runs, self.settings, self.step, self.best = settings.runs, settings, 0, 0.0
        self.net: Any = CutoutNet().to(settings.device, memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.net)
        self.optimiser = torch.optim.AdamW(self.net.parameters(), lr=settings.rate, weight_decay=1e-4, fused=True)
        if (self.runs / "last.pt").exists():
            self._resume(restart)

    def _resume(self, restart: bool) -> None:
        kept = torch.load(self.runs / "last.pt", weights_only=True, map_location=self.settings.device)
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
        with torch.autocast(self.settings.device, dtype=torch.bfloat16):
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


def score(net: Any, views: list[Boxed], device: str) -> dict[str, float]:
    """Mean IoU, the share above 0.9 and how far the network's own estimate is off."""
    net.eval()
    found, said = [], []
    with torch.no_grad():
        for start in range(0, len(views), 16):
            picture, alpha = tensors(*stacked(views[start : start + 16]), device)
            with torch.autocast(device, dtype=torch.bfloat16):
                logits, _, judged = net(picture)
            found += hard_iou(logits.float(), alpha).tolist()
            said += torch.sigmoid(judged.float())[:, 0].tolist()
    overlap, own = np.array(found), np.array(said)
    return {
        "iou": round(float(overlap.mean()), 4),
        "above_90": round(float((overlap > 0.9).mean()), 3),
        "self_error": round(float(np.abs(overlap - own).mean()), 4),
    }


def train(settings: Settings, *, restart: bool) -> None:
    """Go on until ``settings.steps`` are done or ``settings.minutes`` are over."""
    settings.runs.mkdir(parents=True, exist_ok=True)
    checks = validation(settings.plan.renders, settings.plan.size_px)
    trainer = Trainer(settings, restart=restart)
    until_s = time.monotonic() + 60 * settings.minutes
    recent: list[float] = []
    # Another stream after each start: what a killed run has seen does not come again.
    batches = stream(settings.plan, first=trainer.step, seed=time.time_ns() % 2**32, workers=settings.workers)
    with closing(batches):
        while trainer.step < settings.steps and time.monotonic() < until_s:
            recent.append(trainer.learn(*tensors(*next(batches), settings.device)))
            if trainer.step % settings.validate_every == 0 or trainer.step == settings.steps:
                _check(trainer, checks, float(np.mean(recent)))
                recent.clear()
            elif trainer.step % _SAVE_EVERY == 0:
                trainer.save()
    trainer.save()


def _check(trainer: Trainer, checks: tuple[list[Boxed], list[Boxed]], mean_loss: float) -> None:
    auto, with_box = (score(trainer.average, views, trainer.settings.device) for views in checks)
    mean = (auto["iou"] + with_box["iou"]) / 2
    if mean > trainer.best:
        trainer.best = mean
        torch.save(trainer.average.state_dict(), trainer.runs / "best.pt")
    line = {
        "step": trainer.step,
        "size": trainer.settings.plan.size_px,
        "loss": round(mean_loss, 4),
        "auto": auto,
        "box": with_box,
        "cpu_s": round(time.process_time()),
        "at": time.strftime("%H:%M:%S"),
    }
    with (trainer.runs / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")
    print(json.dumps(line), flush=True)
    trainer.save()


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--renders", type=Path, required=True)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=20000)
    parser.add_argument("--minutes", type=float, default=math.inf)
    parser.add_argument("--size", type=int, default=160)
    parser.add_argument("--canvas", type=int, default=256)
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--validate-every", type=int, default=200)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--workers", type=int, default=0, help="processes that make pictures; 0 = a thread")
    parser.add_argument("--threads", type=int, default=1, help="more only on a machine that is idle")
    parser.add_argument("--restart", action="store_true", help="keep the weights, begin the schedule anew")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_flush_denormal(True)
    torch.set_num_threads(given.threads)
    plan = BatchPlan(given.renders, given.batch, given.size, given.canvas)
    settings = Settings(
        plan, given.runs, given.steps, given.rate, given.validate_every, given.device, given.workers, given.minutes
    )
    train(settings, restart=given.restart)
    return 0


if __name__ == "__main__":
    sys.exit(main())
