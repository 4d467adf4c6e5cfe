"""Our loop against a plain one and our transformer against one worked out by hand, beyond the golden configurations."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from torch import Tensor

from inference.engines.diffusion.tokens import image_positions, text_positions
from tests.checkpoints.by_hand import ByHand
from tests.checkpoints.plain import plain_latents
from tests.checkpoints.sefi import tiny_pipeline, tiny_transformer

PROMPTS = [
    "a blue mug",
    "",
    "一双运动鞋放在木桌上 with a prompt that is longer than the tokens that there are room for",
]
CLOSE = 1e-5
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "one head": {"num_attention_heads": 1, "attention_head_dim": 32, "axes_dims_rope": (8, 8, 8, 8)},
    "three heads": {"num_attention_heads": 3},
    "uneven axes": {"axes_dims_rope": (2, 6, 6, 2)},
    "deep": {"num_layers": 2, "num_single_layers": 3},
    "single blocks alone": {"num_layers": 0, "num_single_layers": 2},
    "double blocks alone": {"num_layers": 2, "num_single_layers": 0},
    "wide feed-forward": {"mlp_ratio": 4.0},
    "another base of the rotation": {"rope_theta": 10000},
    "many sinusoids": {"timestep_guidance_channels": 64},
    "another epsilon": {"eps": 1e-5},
}


def gap(pipeline: Any, steps: int, guidance: float, size: tuple[int, int] = (48, 32), prompts: Any = PROMPTS) -> float:
    height, width = size
    shape = (len(prompts), 20, height // 16, width // 16)
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(9)).to(pipeline.transformer.dtype)
    ours = pipeline(
        prompts,
        height=height,
        width=width,
        num_inference_steps=steps,
        guidance_scale=guidance,
        latents=noise,
        output_type="latent",
    ).images
    return float((ours - plain_latents(pipeline, list(prompts), noise, steps, guidance)).abs().max())


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_every_configuration_key_of_the_transformer(name: str) -> None:
    pipeline = tiny_pipeline("base")
    pipeline.transformer = tiny_transformer(3, **CONFIGURATIONS[name])
    assert gap(pipeline, 5, 4.0) <= CLOSE


def any_configuration(seed: int) -> dict[str, Any]:
    """A tiny configuration of its own for every seed, all keys drawn."""
    draw = random.Random(seed)
    axes = [2 * draw.randint(1, 4) for _ in range(4)]
    double = draw.randint(0, 2)
    return {
        "in_channels": draw.randint(3, 40),
        "out_channels": draw.choice([None, None, draw.randint(3, 40)]),
        "num_layers": double,
        "num_single_layers": draw.randint(0 if double else 1, 3),
        "attention_head_dim": sum(axes),
        "num_attention_heads": draw.randint(1, 4),
        "joint_attention_dim": draw.choice([7, 24, 96]),
        "timestep_guidance_channels": 2 * draw.randint(2, 40),
        "mlp_ratio": draw.choice([1.0, 2.5, 3.0, 4.0]),
        "axes_dims_rope": tuple(axes),
        "rope_theta": draw.choice([100, 2000, 10000]),
        "eps": draw.choice([1e-6, 1e-5, 1e-3]),
        "patch_size": draw.choice([1, 1, 2]),
    }


@pytest.mark.parametrize("is_masked", [False, True], ids=["free", "masked"])
@pytest.mark.parametrize("seed", range(12))
def test_any_configuration_computes_what_its_weights_say(seed: int, is_masked: bool) -> None:
    config = any_configuration(seed)
    model = tiny_transformer(seed, **config)
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "norm_q" in name or "norm_k" in name or "norm_added" in name:
                weight.uniform_(0.5, 1.5)
    rows, columns, length, batch = 1 + seed % 3, 2 + seed % 4, 3 + seed, 1 + seed % 3
    latents = torch.randn(batch, rows * columns, config["in_channels"])
    embeds = torch.randn(batch, length, config["joint_attention_dim"])
    levels = torch.rand(batch), torch.rand(batch)
    places = text_positions(length), image_positions(rows, columns)
    total = length + rows * columns
    mask = (torch.rand(batch, 1, total, total) < 0.7) | torch.eye(total, dtype=torch.bool) if is_masked else None
    kwargs = None if mask is None else {"attention_mask": mask}
    ours = model(latents, *levels, embeds, *places, joint_attention_kwargs=kwargs).sample
    by_hand = ByHand(model.state_dict(), model.config)(latents, levels, embeds, *places, mask)
    assert ours.shape[-1] == config["patch_size"] ** 2 * (config["out_channels"] or config["in_channels"])
    assert float((ours - by_hand).abs().max()) <= CLOSE
    assert float(by_hand.std()) > 0.01


@pytest.mark.parametrize(("kind", "steps", "guidance"), [("turbo", 8, 1.0), ("base", 50, 4.0)])
def test_a_whole_drawing_is_the_one_that_is_worked_out_by_hand(kind: str, steps: int, guidance: float) -> None:
    pipeline = tiny_pipeline(kind)
    pipeline.transformer = tiny_transformer(5, num_layers=2, num_single_layers=2, num_attention_heads=3)
    noise = torch.randn(3, 20, 3, 2, generator=torch.Generator().manual_seed(9))
    asked: dict[str, Any] = {"latents": noise, "num_inference_steps": steps, "guidance_scale": guidance}
    ours = pipeline(PROMPTS, height=48, width=32, output_type="latent", **asked).images
    by_hand = ByHand(pipeline.transformer.state_dict(), pipeline.transformer.config)

    def forward(
        latents: Tensor, sem: Tensor, tex: Tensor, embeds: Tensor, text: Tensor, image: Tensor, **_: Any
    ) -> Any:
        return (by_hand(latents, (sem, tex), embeds, text, image).float(),)

    pipeline.transformer.forward = forward
    assert float((ours - plain_latents(pipeline, PROMPTS, noise, steps, guidance)).abs().max()) <= CLOSE


@pytest.mark.parametrize(
    "settings",
    [
        {"delta_t": 0.0},
        {"delta_t": 0.3},
        {"timestep_shift_alpha": 2.0},
        {"semantic_channels": 1},
        {"semantic_channels": 19},
        {"text_encoder_hidden_layers": (0, 2, 4)},
        {"text_encoder_hidden_layers": (1, -2, -1)},
        {"max_sequence_length": 9},
        {"max_sequence_length": 200},
    ],
    ids=str,
)
def test_every_configuration_key_of_the_pipeline(settings: dict[str, Any]) -> None:
    pipeline = tiny_pipeline("base", **settings)
    assert gap(pipeline, 5, 4.0) <= CLOSE


@pytest.mark.parametrize("size", [(16, 16), (16, 112), (80, 48)])
@pytest.mark.parametrize(("kind", "steps", "guidance"), [("turbo", 4, 1.0), ("turbo", 10, 1.0), ("base", 3, 1.0)])
def test_odd_sizes_with_and_without_guidance(size: tuple[int, int], kind: str, steps: int, guidance: float) -> None:
    assert gap(tiny_pipeline(kind), steps, guidance, size) <= CLOSE


def test_one_step_and_one_item() -> None:
    assert gap(tiny_pipeline("base"), 1, 4.0, prompts=["a mug"]) <= CLOSE


def test_a_shifted_scheduler() -> None:
    pipeline = tiny_pipeline("base")
    pipeline.scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0)
    assert gap(pipeline, 6, 2.0) <= CLOSE


@pytest.mark.parametrize(("kind", "steps", "guidance"), [("turbo", 4, 1.0), ("base", 10, 4.0)])
def test_half_precision_rounds_where_the_plain_loop_does(kind: str, steps: int, guidance: float) -> None:
    pipeline = tiny_pipeline(kind)
    for part in (pipeline.transformer, pipeline.text_encoder):
        part.to(torch.bfloat16)
    assert gap(pipeline, steps, guidance) <= 0.05


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"axes_dims_rope": (4, 4, 4, 2)}, "head size"),
        ({"num_attention_heads": 1, "attention_head_dim": 15, "axes_dims_rope": (4, 4, 4, 3)}, "even"),
    ],
)
def test_impossible_configurations_are_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        tiny_transformer(**changes)


def test_out_channels_may_differ_from_in_channels() -> None:
    assert tiny_transformer(out_channels=24).proj_out.out_features == 24
    assert tiny_transformer(out_channels=None).proj_out.out_features == 20


def test_gradients_flow_through_checkpointed_blocks() -> None:
    outputs = []
    for checkpointed in (False, True):
        transformer = tiny_transformer().requires_grad_(True).train()
        if checkpointed:
            transformer.enable_gradient_checkpointing()
        ids = torch.zeros(3, 4, dtype=torch.long)
        level = torch.full((1,), 0.5)
        ones = torch.ones(1, 3, 20)
        transformer(ones, level, level, torch.ones(1, 3, 96), ids, ids).sample.square().mean().backward()
        outputs.append(transformer.x_embedder.weight.grad)
    assert torch.allclose(*outputs, atol=1e-7)
