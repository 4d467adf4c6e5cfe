"""Weights in eight bits: what is rounded, how far pictures move, and that adapters and recipes still hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from inference.engines.diffusion.eight_bit import KEPT, EightBitLinear, eight_bit
from inference.engines.diffusion.generator import LatentGenerator
from inference.engines.flux2_klein.engine import klein_engine
from inference.engines.sefi.engine import sefi_engine
from inference.generation import FLOAT8, GenerateItem, GenerateOptions, GenerateRequest
from inference.models import ModelCard
from tests.checkpoints.sefi import tiny_transformer
from tests.unit.inference.generators.conftest import small

CPU = torch.device("cpu")
ENGINES: dict[str, Callable[[ModelCard, GenerateOptions], LatentGenerator]] = {
    "sefi-1b-turbo": sefi_engine,
    "flux2-klein-4b": klein_engine,
}
REQUEST = GenerateRequest((GenerateItem("a red mug on oak", 7),), width=48, height=32)


def linear_parts(module: nn.Module) -> dict[str, nn.Linear]:
    return {name: part for name, part in module.named_modules() if isinstance(part, nn.Linear)}


def test_the_blocks_are_rounded_and_what_lies_around_them_is_not() -> None:
    transformer = tiny_transformer()
    before = {name: part.weight.detach().clone() for name, part in linear_parts(transformer).items()}
    eight_bit(transformer, CPU)
    after = linear_parts(transformer)
    rounded = {name: part for name, part in after.items() if isinstance(part, EightBitLinear)}
    assert rounded.keys() == {name for name in before if "transformer_blocks." in name} != set()
    for name, kept in rounded.items():
        assert (kept.octets.dtype, kept.weight.element_size()) == (KEPT, 1)
        largest = before[name].abs().amax(1, keepdim=True)
        # Three bits of mantissa: in the topmost octave of a row, 224 to 448, half a step is 16.
        assert ((kept.octets.float() * kept.scale - before[name]).abs() <= largest * 16 / 448 + 1e-9).all()
    assert all(torch.equal(after[name].weight, before[name]) for name in before.keys() - rounded.keys())


def test_a_layer_says_nearly_what_it_said_before() -> None:
    torch.manual_seed(0)
    full = nn.Linear(64, 32).requires_grad_(False)
    full.weight[3] = 0.0
    x = torch.randn(2, 5, 64)
    said = EightBitLinear(full, multiplies=False)(x)
    assert said.shape == (2, 5, 32)
    assert torch.equal(said[..., 3], full.bias[3].expand(2, 5))
    assert 0 < (said - full(x)).norm() / full(x).norm() < 0.04


@pytest.mark.parametrize("bias", [True, False])
def test_products_of_eight_bits_agree_with_those_of_widened_weights(bias: bool) -> None:
    """Processors multiply float8 as well, slowly: what GPUs run is checked here, and on a GPU where there is one."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    full = nn.Linear(64, 32, bias=bias).to(device, torch.bfloat16).requires_grad_(False)
    x = torch.randn(3, 16, 64, device=device, dtype=torch.bfloat16)
    fast, slow = (EightBitLinear(full, multiplies=multiplies)(x) for multiplies in (True, False))
    assert (fast.shape, fast.dtype) == (slow.shape, slow.dtype) == ((3, 16, 32), torch.bfloat16)
    assert 0 < (fast - slow).norm() / slow.norm() < 0.06


def test_layers_that_eight_bits_do_not_fit_are_widened() -> None:
    full = nn.Linear(40, 24).requires_grad_(False)
    x = torch.randn(5, 40)
    fast, slow = (EightBitLinear(full, multiplies=multiplies)(x) for multiplies in (True, False))
    assert torch.equal(fast, slow)


@pytest.mark.parametrize("model", ENGINES)
def test_pictures_stay_close_to_those_of_full_weights(options: GenerateOptions, model: str) -> None:
    full = ENGINES[model](small(model), options).generate(REQUEST)[0]
    short, again = (ENGINES[model](small(model), replace(options, dtype=FLOAT8)).generate(REQUEST)[0] for _ in range(2))
    assert (full.identity["dtype"], short.identity["dtype"]) == ("float32", "float8")
    assert np.array_equal(short.rgb, again.rgb)
    assert 0 < np.abs(short.rgb.astype(int) - full.rgb.astype(int)).mean() < 6
