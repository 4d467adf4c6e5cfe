"""Train the network: `python -m inference.training.cutout_net.train --renders FOLDER --runs FOLDER --minutes 60`.

It may start while scenes are still being rendered: new ones join as they appear. Pictures grow from three quarters of
``--size`` to ``--size`` after two thirds of the run: what is learnt small costs half. Resumable: ``last.pt`` holds
everything, ``best.pt`` the averaged weights with the best validation so far; ``--restart`` begins a new schedule (and a
new contest for the best) but keeps the weights; ``--begin-with best.pt`` starts a new run from weights alone. The
schedule follows whichever of ``--steps`` and ``--minutes`` runs out first. One JSON line a validation goes to
``log.jsonl``.
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

from inference.training.cutout_net.bank import Bank, Feeder, filled
from inference.training.cutout_net.losses import hard_iou, loss
from inference.training.cutout_net.mixing import Batch, mixed
from inference.training.cutout_net.network import MULTIPLE_PX, CutoutNet
from inference.training.cutout_net.produce import VALIDATION_SEED
from inference.training.cutout_net.views import Boxed, stacked, validation
from inference.types import U8

_AVERAGING = 0.999
_WARM_UP_STEPS = 200
_LEAST_SCENES = 24
_SETTLE_AT = 64
_STAGES = ((0.0, 0.75), (0.65, 1.0))


@dataclass(frozen=True)
class Settings:
    """One run; see the module. ``check_every_s``: seconds between validations; ``workers``: processes that prepare;
    ``begin_with``: weights that a run without a ``last.pt`` starts from."""

    renders: Path
    runs: Path
    batch: int
    size_px: int
    steps: int
    minutes: float
    rate: float
    check_every_s: float
    device: str
    workers: int
    begin_with: Path | None = None


def tensors(inputs: U8, alphas: U8, device: str = "cpu") -> tuple[Tensor, Tensor]:
    """Inputs (N, 4, H, W) and alphas (N, 1, H, W), both 0..1, from ``views.stacked``."""
    picture = torch.from_numpy(inputs).to(device).permute(0, 3, 1, 2).to(torch.float32) / 255
    alpha = torch.from_numpy(alphas).to(device).to(torch.float32) / 255
    return picture.contiguous(memory_format=torch.channels_last), alpha


def size_at(progress: float, size_px: int) -> int:
    """The side of the pictures at ``progress`` 0..1 of a run that ends at ``size_px``."""
    share = [stage for begin, stage in _STAGES if progress >= begin][-1]
    return max(MULTIPLE_PX, round(share * size_px / MULTIPLE_PX) * MULTIPLE_PX)


class Trainer:
    """The network, its average and its optimiser, and where they are kept."""

    def __init__(self, settings: Settings, *, restart: bool) -> None:
        torch.manual_seed(0)
        self.runs, self.settings, self.step, self.best, self.done = settings.runs, settings, 0, 0.0, 0.0
        self.net: Any = CutoutNet().to(settings.device, memory_format=torch.channels_last)
        if settings.begin_with is not None:
            weights = torch.load(settings.begin_with, weights_only=True, map_location=settings.device)
            self.net.load_state_dict(weights)
        self.average = copy.deepcopy(self.net)
        self.optimiser = torch.optim.AdamW(self.net.parameters(), lr=settings.rate, weight_decay=1e-3, fused=True)
        if (self.runs / "last.pt").exists():
            self._resume(restart)

    def _resume(self, restart: bool) -> None:
        kept = torch.load(self.runs / "last.pt", weights_only=True, map_location=self.settings.device)
        self.net.load_state_dict(kept["net"])
        self.average.load_state_dict(kept["average"])
        self.optimiser.load_state_dict(kept["optimiser"])
        if not restart:
            self.step, self.best, self.done = kept["step"], kept["best"], kept["done"]

    def save(self) -> None:
        """Write ``last.pt`` so that a killed run loses little."""
        kept = {
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "best": self.best,
            "done": self.done,
        }
        torch.save(kept, self.runs / "part.pt")
        (self.runs / "part.pt").replace(self.runs / "last.pt")

    def learn(self, batch: Batch, progress: float) -> Tensor:
        """One step at ``progress`` 0..1 of the schedule; returns the loss without waiting for it."""
        self.done = progress
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.rate * _share(self.step, progress)
        self.net.train()
        with torch.autocast(self.settings.device, dtype=torch.bfloat16):
            outputs = self.net(batch.inputs.contiguous(memory_format=torch.channels_last))
        total = loss(outputs, batch.alpha)
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 2.0)
        self.optimiser.step()
        self._average()
        self.step += 1
        return total.detach()

    def _average(self) -> None:
        keep = min(_AVERAGING, (1 + self.step) / (10 + self.step))
        ours, theirs = self.average.state_dict(), self.net.state_dict()
        floats = [name for name, value in ours.items() if value.dtype.is_floating_point]
        torch._foreach_lerp_([ours[name] for name in floats], [theirs[name] for name in floats], 1 - keep)


def _share(step: int, progress: float) -> float:
    if step < _WARM_UP_STEPS:
        return (step + 1) / _WARM_UP_STEPS
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


class Clock:
    """How far a run is, by steps or by time; a resumed run takes up where it was."""

    def __init__(self, settings: Settings, done: float) -> None:
        self._settings, self._done, self._begun = settings, done, time.monotonic()

    def progress(self, step: int) -> float:
        """0..1; 1 = over."""
        passed = (time.monotonic() - self._begun) / (60 * self._settings.minutes)
        return min(1.0, max(step / self._settings.steps, self._done + passed * (1 - self._done)))


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
    """Go on until the schedule is over."""
    settings.runs.mkdir(parents=True, exist_ok=True)
    checks = validation(settings.renders, settings.size_px)
    trainer = Trainer(settings, restart=restart)
    bank = Bank(settings.device)
    feeder = Feeder(settings.renders, first=0, stop=VALIDATION_SEED, workers=settings.workers)
    try:
        filled(bank, feeder, least=_LEAST_SCENES, pause=lambda: time.sleep(0.1))
        _learn(trainer, bank, feeder, checks)
    finally:
        feeder.close()
    trainer.save()


def _learn(trainer: Trainer, bank: Bank, feeder: Feeder, checks: tuple[list[Boxed], list[Boxed]]) -> None:
    settings, clock = trainer.settings, Clock(trainer.settings, trainer.done)
    # Another stream after each start: what a killed run has seen does not come again.
    rng = np.random.default_rng([trainer.step, time.time_ns() % 2**32])
    recent: list[Tensor] = []
    checked = time.monotonic()
    while (progress := clock.progress(trainer.step)) < 1:
        _grow(bank, feeder, trainer.step)
        batch = mixed(bank, rng, count=settings.batch, size_px=size_at(progress, settings.size_px))
        recent.append(trainer.learn(batch, progress))
        if time.monotonic() - checked > settings.check_every_s:
            _check(trainer, checks, recent, len(bank))
            recent, checked = [], time.monotonic()
    _check(trainer, checks, recent, len(bank))


def _grow(bank: Bank, feeder: Feeder, step: int) -> None:
    """Now and then, take what was prepared meanwhile into the bank."""
    if step % 16:
        return
    for ready in feeder.ready():
        bank.add(ready)
    if bank.waiting >= _SETTLE_AT or not feeder.pending:
        bank.settle()


def _check(trainer: Trainer, checks: tuple[list[Boxed], list[Boxed]], losses: list[Tensor], scenes: int) -> None:
    auto, with_box = (score(trainer.average, views, trainer.settings.device) for views in checks)
    mean = (auto["iou"] + with_box["iou"]) / 2
    if mean > trainer.best:
        trainer.best = mean
        torch.save(trainer.average.state_dict(), trainer.runs / "best.pt")
    line = {
        "step": trainer.step,
        "progress": round(trainer.done, 3),
        "size": size_at(trainer.done, trainer.settings.size_px),
        "scenes": scenes,
        "loss": round(float(torch.stack(losses).mean()), 4) if losses else None,
        "auto": auto,
        "box": with_box,
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
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--size", type=int, default=384)
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--check-every", type=float, default=120.0, help="seconds between validations")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--workers", type=int, default=1, help="processes that prepare scenes")
    parser.add_argument("--threads", type=int, default=1, help="more only on a machine that is idle")
    parser.add_argument("--begin-with", type=Path, help="a best.pt whose weights a new run starts from")
    parser.add_argument("--restart", action="store_true", help="keep the weights, begin the schedule anew")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_flush_denormal(True)
    torch.set_num_threads(given.threads)
    torch.backends.cudnn.benchmark = True
    settings = Settings(
        renders=given.renders,
        runs=given.runs,
        batch=given.batch,
        size_px=given.size,
        steps=given.steps,
        minutes=given.minutes,
        rate=given.rate,
        check_every_s=given.check_every,
        device=given.device,
        workers=given.workers,
        begin_with=given.begin_with,
    )
    train(settings, restart=given.restart)
    return 0


if __name__ == "__main__":
    sys.exit(main())
