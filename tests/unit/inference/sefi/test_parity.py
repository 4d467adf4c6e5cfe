"""Our loop against the outputs of the reference implementation on equal weights and noise (tests/data/sefi-golden)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from inference.engines.sefi.pipeline import SeFiPipeline

GOLDEN = Path(__file__).resolve().parents[3] / "data" / "sefi-golden"
CASES: list[dict[str, Any]] = json.loads((GOLDEN / "golden.json").read_text(encoding="utf-8"))["cases"]
PROMPTS: list[str] = json.loads((GOLDEN / "golden.json").read_text(encoding="utf-8"))["prompts"]
LATENT_TOLERANCE = 1e-5
IMAGE_TOLERANCE = 2e-5


@pytest.fixture(scope="module")
def golden() -> dict[str, Tensor]:
    return load_file(GOLDEN / "golden.safetensors")


def released(case: dict[str, Any], dtype: torch.dtype = torch.float32) -> SeFiPipeline:
    return SeFiPipeline.from_pretrained(
        GOLDEN / "tiny-sefi-diffusers",
        dtype=dtype,
        is_turbo=case["guidance_scale"] == 1.0,
        timestep_shift_alpha=case["timestep_shift_alpha"],
    )


def latents_of(pipeline: SeFiPipeline, case: dict[str, Any], noise: Tensor, prompts: list[str]) -> Tensor:
    return pipeline(
        prompts,
        height=case["height"],
        width=case["width"],
        num_inference_steps=case["steps"],
        guidance_scale=case["guidance_scale"],
        latents=noise,
        output_type="latent",
    ).images


def gap(left: Tensor, right: Tensor) -> float:
    return float((left - right).abs().max())


@pytest.mark.parametrize("number", range(len(CASES)))
def test_latents_and_images_are_those_of_the_reference(number: int, golden: dict[str, Tensor]) -> None:
    pipeline = released(CASES[number])
    latents = latents_of(pipeline, CASES[number], golden[f"case{number}.noise"], PROMPTS)
    assert gap(latents, golden[f"case{number}.latents"]) <= LATENT_TOLERANCE
    assert gap(pipeline.decode(latents), golden[f"case{number}.images"]) <= IMAGE_TOLERANCE


def test_prompt_embeddings_are_equal_to_the_last_bit(golden: dict[str, Tensor]) -> None:
    pipeline = released(CASES[0])
    assert gap(pipeline.embed_prompts(PROMPTS), golden["prompt_embeds"]) == 0.0
    assert gap(pipeline.embed_prompts(""), golden["uncond_embeds"]) == 0.0


@pytest.mark.parametrize("number", [1, 2])
def test_each_item_alone_is_the_reference_too(number: int, golden: dict[str, Tensor]) -> None:
    pipeline, case = released(CASES[number]), CASES[number]
    for item, prompt in enumerate(PROMPTS):
        alone = latents_of(pipeline, case, golden[f"case{number}.noise"][item : item + 1], [prompt])
        assert gap(alone[0], golden[f"case{number}.latents"][item]) <= LATENT_TOLERANCE


def test_half_precision_stays_near_the_reference(golden: dict[str, Tensor]) -> None:
    case = CASES[0]
    latents = latents_of(released(case, torch.bfloat16), case, golden["case0.noise"], PROMPTS)
    assert latents.dtype == torch.bfloat16
    assert 0.0 < gap(latents, golden["case0.latents"]) <= 0.1


def test_the_comparison_would_notice_a_wrong_schedule(golden: dict[str, Tensor]) -> None:
    pipeline = released({**CASES[0], "timestep_shift_alpha": 0.9})
    assert gap(latents_of(pipeline, CASES[0], golden["case0.noise"], PROMPTS), golden["case0.latents"]) > 1e-3
