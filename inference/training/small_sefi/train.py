"""Train everything from nothing: ``python -m inference.training.small_sefi.train --out FOLDER --minutes 5``.

Draws the pictures, trains the codec, the semantics and the transformer one after the other, each for its share of the
minutes, and writes ``FOLDER`` so that it can serve as folder of weights: ``small-sefi`` (the released ``-diffusers``
layout, bfloat16), ``semvae`` and ``dinov2-with-registers-large``; with ``log.jsonl`` and contact sheets. What is needed
to go on after an interruption lies in ``FOLDER-state`` and is not needed for anything else.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers

from inference.training.small_sefi import learning, parts, saving
from inference.training.small_sefi.clock import Clock, Stage, share_before
from inference.training.small_sefi.codec_training import CodecLearner, normalise, psnr
from inference.training.small_sefi.flow import FlowLearner, Shelf
from inference.training.small_sefi.pool import Pool, make_pool
from inference.training.small_sefi.presets import PRESETS, Preset
from inference.training.small_sefi.semantic_training import SemanticLearner
from inference.training.small_sefi.sheets import codec_sheet, prompt_sheet

_SAVE_EVERY_S = 30.0
_LOG_EVERY_S = 5.0
_SEED = 20261127


@dataclass(frozen=True)
class Settings:
    """One run. ``seconds`` for everything, what an interrupted run took included. ``begin_with``: what an earlier run
    wrote, of which the transformer learns on; the shares of the stages before it count as gone."""

    out: Path
    preset: Preset
    seconds: float
    device: torch.device
    compile: bool = False
    seed: int = _SEED
    begin_with: Path | None = None

    @property
    def state(self) -> Path:
        """Where an interrupted run goes on."""
        return self.out.with_name(self.out.name + "-state") / "last.pt"


class Run:
    """The stages in their order, and what is kept between them."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.device = settings, settings.device
        settings.out.mkdir(parents=True, exist_ok=True)
        self.kept: dict[str, Any] = saving.read_state(settings.state, settings.device)
        if settings.begin_with is not None and not self.kept:
            self.kept = saving.state_of(settings.begin_with, settings.preset.pictures)
            self.kept["elapsed_s"] = share_before("flow") * settings.seconds
        torch.manual_seed(settings.seed)
        self.texts = parts.text_encoder().to(settings.device)
        # What an interrupted run has seen does not come again in the same order.
        torch.manual_seed(settings.seed + int(1000 * self.kept.get("elapsed_s", 0.0)))
        self.clock = Clock(settings.seconds, elapsed_s=self.kept.get("elapsed_s", 0.0))
        self._saved_s = self._logged_s = time.monotonic()
        self._learner: Any = None
        self._export: Any = None

    def run(self) -> None:
        """Everything that is not done yet."""
        preset, device = self.settings.preset, self.device
        pool = self._pool()
        codec = CodecLearner(preset, pool, device)
        self._learn("codec", codec, {"vae": codec.vae}, preset.codec_rate)
        codec.vae.eval()
        normalise(codec.vae, pool)
        self._log(stage="codec", psnr_db=round(psnr(codec.vae, pool), 2))
        codec_sheet(self.settings.out / "codec.jpg", codec.vae, pool)
        semantic = SemanticLearner(preset, pool, device)
        modules = {"dino": semantic.dino, "semvae": semantic.semvae, "heads": semantic.heads}
        self._learn("semantics", semantic, modules, preset.codec_rate / 2)
        encoder = semantic.encoder()
        flow = FlowLearner(preset, Shelf(pool, codec.vae, encoder, self.texts, parts.tokenizer()), device)
        self._log(stage="shelf", pictures=len(pool), parameters=parts.count(flow.network))
        if self.settings.compile:
            self._log(stage="flow", blocks=flow.compiled())
        pipeline = parts.pipeline(codec.vae, flow.average, self.texts, preset)
        self._export = lambda: saving.export(self.settings.out, pipeline, encoder, preset)
        networks = {"network": flow.network, "average": flow.average}
        self._learn("flow", flow, networks, preset.flow_rate, after=flow.follow)
        self._export()
        prompt_sheet(self.settings.out / "sheet.jpg", pipeline, pool)
        self._log(stage="done", bytes=saving.size_of(self.settings.out))

    def _pool(self) -> Pool:
        """The same pictures again where a run was interrupted; they do not count as time then."""
        preset, known = self.settings.preset, self.kept.get("pictures")
        stage = self.clock.stage("pool")
        is_over = stage.is_over if known is None else lambda: False
        pool = make_pool(known or preset.pictures, preset.side_px, self.settings.seed, self.device, is_over=is_over)
        if known is not None:
            self.clock = Clock(self.clock.total_s, elapsed_s=self.kept["elapsed_s"])
        self.kept["pictures"] = len(pool)
        self._log(stage="pool", pictures=len(pool))
        return pool

    def _learn(self, name: str, learner: Any, modules: dict[str, Any], rate: float, after: Any = None) -> None:
        """One stage: as it was kept if it is done, from where it was kept if it was begun."""
        done = self.kept.get(name, {})
        for key, state in done.get("modules", {}).items():
            modules[key].load_state_dict(state)
        learner.step = done.get("step", 0)
        if done.get("is_done"):
            return
        if "optimiser" in done:
            learner.optimiser.load_state_dict(done["optimiser"])
        stage = self.clock.stage(name, begun_s=done.get("begun_s"))
        self._learner = (learner, modules)
        learning.learn(learner, stage, rate, self._watch, after=after)
        self._keep(stage, is_done=True)

    def _watch(self, stage: Stage, step: int, loss: float) -> None:
        now = time.monotonic()
        if now - self._logged_s >= _LOG_EVERY_S or stage.is_over():
            self._logged_s = now
            self._log(stage=stage.name, step=step, loss=round(loss, 5), share=round(stage.share, 3))
        if now - self._saved_s >= _SAVE_EVERY_S:
            self._keep(stage, is_done=False)
            if stage.name == "flow":
                self._export()

    def _keep(self, stage: Stage, *, is_done: bool) -> None:
        learner, modules = self._learner
        kept: dict[str, Any] = {
            "step": learner.step,
            "begun_s": stage.begun_s,
            "is_done": is_done,
            "modules": {name: module.state_dict() for name, module in modules.items()},
        }
        if not is_done:
            kept["optimiser"] = learner.optimiser.state_dict()
        self.kept |= {stage.name: kept, "elapsed_s": self.clock.elapsed_s}
        saving.write_state(self.settings.state, self.kept)
        self._saved_s = time.monotonic()

    def _log(self, **line: Any) -> None:
        line["at_s"] = round(self.clock.elapsed_s, 1)
        with (self.settings.out / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)


def _process_age_s() -> float:
    """What importing took, where the system says so (Linux); it belongs to the minutes as well."""
    status = Path("/proc/self/stat")
    if not status.is_file():
        return 0.0
    begun = float(status.read_text(encoding="utf-8").rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
    return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - begun)


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=5.0, help="for everything, start to end")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda")
    parser.add_argument("--preset", default="", choices=["", *PRESETS], help="sizes; by default those of the device")
    parser.add_argument("--compile", action="store_true", help="compile the transformer's blocks; eager where it fails")
    parser.add_argument("--begin-with", type=Path, default=None, help="an earlier run: only the flow learns on")
    parser.add_argument("--pictures", type=int, default=0, help="how many are drawn; by default those of the preset")
    parser.add_argument("--batch", type=int, default=0, help="pictures a step of the flow; by default the preset's")
    parser.add_argument("--rate", type=float, default=0.0, help="highest learning rate of the flow")
    parser.add_argument("--threads", type=int, default=0, help="of the processor; 0 = as torch finds right")
    given = parser.parse_args()
    device = parts.device_of(given.device)
    if given.threads:
        torch.set_num_threads(given.threads)
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.benchmark = True
    transformers.utils.logging.disable_progress_bar()
    diffusers.utils.logging.set_verbosity_error()
    preset = PRESETS[given.preset or device.type]
    changes = {"pictures": given.pictures, "flow_batch": given.batch, "flow_rate": given.rate}
    preset = replace(preset, **{name: value for name, value in changes.items() if value})
    seconds = max(1.0, 60.0 * given.minutes - _process_age_s())
    settings = Settings(given.out, preset, seconds, device, given.compile, begin_with=given.begin_with)
    Run(settings).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
