"""`make bench-gpu [ONLY=prefix]`: one JSON line a figure.

For every model and size, in one run: ``plain`` is the loop of ``tests.checkpoints.plain`` (for klein: diffusers' own
pipeline), one picture a call, as a reader of the model card would write it; ``ours.1`` is our engine with one picture
and a new prompt, ``ours.8`` with eight pictures of prompts that it has seen (left out for the 50 steps of Base).
``step_ms`` is a denoising step of the whole batch. Weights are random, so the pictures are noise; time and memory do
not care.

``compiled``: the transformer's blocks are; ``recorded``: transformer, text encoder and decoder run as CUDA graphs;
``at_s``: seconds since the case began, weights and compiling included.

Without a GPU the same code runs on tiny networks, and the lines say ``tiny``: they prove the paths, not the speed.
``ONLY`` names a published case there, too, and its tiny twin runs.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch

from inference.engines.diffusion.batch import Family
from inference.engines.diffusion.compiling import quicken
from inference.engines.diffusion.eight_bit import eight_bit
from inference.engines.diffusion.embed_cache import EmbedCache
from inference.engines.diffusion.generator import LatentGenerator
from inference.engines.diffusion.job import Guidance, Job
from inference.engines.diffusion.noise import seeded_noise
from inference.engines.diffusion.sampler import sample
from inference.engines.flux2_klein.engine import KleinFamily
from inference.engines.sefi.engine import SeFiFamily
from inference.generation import GenerateItem, GenerateOptions, GenerateRequest
from inference.models import ModelCard, model_card
from tests.bench.gpu.measure import figure, peak_gb, seconds, surroundings
from tests.checkpoints.klein import tiny_klein
from tests.checkpoints.plain import plain_latents
from tests.checkpoints.published import random_klein, random_sefi
from tests.checkpoints.sefi import tiny_pipeline

BATCH = 8
PROMPT = "a ceramic mug on a linen table, soft window light, number {}"


@dataclass(frozen=True)
class Case:
    """One model at one size."""

    model: str
    side_px: int
    build: Callable[[], Any]
    repeats: int = 5
    batches: tuple[int, ...] = (1, BATCH)
    is_eight_bit: bool = False

    @property
    def name(self) -> str:
        return f"gpu.{self.model}.{self.side_px}" + (".float8" if self.is_eight_bit else "")


def published(device: torch.device) -> list[Case]:
    """What the goals are about."""
    turbo = [
        Case(f"sefi-{size}-turbo", side, partial(random_sefi, size, "turbo", device))
        for size, side in itertools.product(("1b", "2b", "5b"), (512, 1024))
    ]
    base = Case("sefi-5b-base", 1024, partial(random_sefi, "5b", "base", device), repeats=1, batches=(1,))
    klein = [Case("flux2-klein-4b", side, partial(random_klein, device)) for side in (512, 1024)]
    sizes = (("1b", 512), ("5b", 1024))
    short = [
        Case(f"sefi-{size}-turbo", side, partial(random_sefi, size, "turbo", device), is_eight_bit=True)
        for size, side in sizes
    ]
    return [*turbo, *klein, *short, base]


def tiny(cases: Iterable[Case]) -> list[Case]:
    """The same paths in seconds, on any machine: a twin of every one of ``cases``, those alike once."""
    return list({twin.name: twin for twin in map(_twin, cases)}.values())


def _twin(case: Case) -> Case:
    build = tiny_klein if case.model.startswith("flux2") else partial(tiny_pipeline, case.model.rpartition("-")[2])
    many_steps = not model_card(case.model).steps
    return replace(case, side_px=32 if many_steps else 64, build=build, repeats=1)


def figures(case: Case, device: torch.device, compiled: bool) -> Iterator[dict[str, Any]]:
    """The plain loop first, then ours on the same weights."""
    begun = time.perf_counter()
    pipeline, card = case.build(), replace(model_card(case.model), min_px=16)
    plain = partial(_plain, pipeline, case, card.default_steps, card.default_guidance)
    plain_s = seconds(plain, device, case.repeats)
    yield figure(f"{case.name}.plain", plain_s, vram_gb=peak_gb(device), at_s=_since(begun))
    family = _family(pipeline, case.model)
    if case.is_eight_bit:
        eight_bit(family.transformer, device)
    shelf = quicken(family) if compiled else None
    engine = LatentGenerator(card, GenerateOptions(max_batch=BATCH), lambda *_: family)
    engine.adopt(family)
    numbers = itertools.count()
    for batch in case.batches:
        with shelf.opening() if shelf is not None else nullcontext():
            _ours(engine, case, batch, numbers)
        taken = seconds(partial(_ours, engine, case, batch, numbers), device, case.repeats)
        vram_gb = peak_gb(device)
        yield figure(
            f"{case.name}.ours.{batch}",
            taken / batch,
            batch=batch,
            compiled=compiled,
            recorded=compiled and device.type == "cuda",
            speedup=round(plain_s / (taken / batch), 2),
            step_ms=round(1000 * _denoising_s(family, case, batch, card, device) / card.default_steps, 2),
            vram_gb=vram_gb,
            at_s=_since(begun),
        )


def _since(begun: float) -> float:
    return round(time.perf_counter() - begun, 1)


def _plain(pipeline: Any, case: Case, steps: int, guidance: float) -> None:
    if case.model.startswith("flux2"):
        pipeline(
            prompt=PROMPT,
            height=case.side_px,
            width=case.side_px,
            num_inference_steps=steps,
            guidance_scale=1.0,
            output_type="pt",
        )
        return
    cells = case.side_px // 16
    noise = torch.randn(1, pipeline.transformer.config.in_channels, cells, cells)
    pipeline.decode(plain_latents(pipeline, [PROMPT], noise, steps, guidance)).cpu()


def _ours(engine: LatentGenerator, case: Case, batch: int, numbers: Iterator[int]) -> None:
    prompts = [PROMPT.format(next(numbers))] if batch == 1 else [PROMPT.format(-1 - item) for item in range(batch)]
    items = tuple(GenerateItem(prompt, seed) for seed, prompt in enumerate(prompts))
    engine.generate(GenerateRequest(items, case.side_px, case.side_px))


def _denoising_s(family: Family, case: Case, batch: int, card: ModelCard, device: torch.device) -> float:
    cells = case.side_px // 16
    job = Job(
        noise=seeded_noise(range(batch), family.semantic_channels + family.codec.channels, cells, cells),
        embeds=family.embed([PROMPT] * batch),
        semantic_channels=family.semantic_channels,
        guidance=Guidance(card.default_guidance, family.embed([""])) if card.default_guidance > 1.0 else None,
    )
    schedule = family.schedule(card.default_steps, cells * cells)
    return seconds(lambda: sample(family.velocity(None), schedule, job), device, case.repeats)


def _family(pipeline: Any, model: str) -> Family:
    """Our engine's weights. It takes from the text encoder what prompts never use, so it comes after the plain loop."""
    cache = EmbedCache(256 << 20)
    return (
        KleinFamily(pipeline.components, cache, model)
        if model.startswith("flux2")
        else SeFiFamily(pipeline, cache, None, model)
    )


def main() -> int:
    """Print the figures; 1 when no case was meant."""
    parser = argparse.ArgumentParser(prog="make bench-gpu")
    parser.add_argument("--only", default="", help="prefix of the cases to measure, for example gpu.sefi-1b-turbo")
    parser.add_argument("--no-compile", action="store_true", help="leave the transformer's blocks as they are")
    chosen = parser.parse_args()
    has_gpu = torch.cuda.is_available()
    device = torch.device("cuda" if has_gpu else "cpu")
    if not has_gpu:
        torch.set_num_threads(1)
        print("There is no GPU here: the same code runs on tiny networks; its seconds say nothing.", file=sys.stderr)
    known = published(device)
    cases = [case for case in known if case.name.startswith(chosen.only)]
    if not cases:
        names = ", ".join(case.name for case in known)
        print(f"No case begins with {chosen.only}. There are {names}.", file=sys.stderr)
        return 1
    for case in cases if has_gpu else tiny(cases):
        for line in figures(case, device, compiled=has_gpu and not chosen.no_compile):
            print(json.dumps({**line, "tiny": not has_gpu, **surroundings(device)}), flush=True)
        gc.collect()
        if has_gpu:
            torch.cuda.empty_cache()
    return 0


if __name__ == "__main__":
    sys.exit(main())
