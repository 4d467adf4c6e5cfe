"""Forwards that are recorded once a shape: tested with a recorder that needs no GPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from peft import LoraConfig
from torch import Tensor

from inference.engines.diffusion.graphs import MOST_RECORDINGS, Recorded, Replay, _adapters
from tests.checkpoints.sefi import tiny_pipeline


class Recorder:
    """Records as a CUDA graph does: outputs are overwritten by the next replay."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self, forward: Callable[..., Any], inputs: Any) -> Replay:
        self.made += 1
        first = forward(inputs[0], scale=inputs["scale"])

        def replay() -> Tensor:
            first.copy_(forward(inputs[0], scale=inputs["scale"]))
            return first

        return replay


def scaled(x: Tensor, *, scale: float) -> Tensor:
    return x * scale


@torch.no_grad()
def test_a_shape_is_recorded_once_and_answers_outlive_the_next_one() -> None:
    recorder = Recorder()
    forward = Recorded(scaled, record=recorder)
    first, second = forward(torch.ones(2), scale=3.0), forward(torch.full((2,), 5.0), scale=3.0)
    assert first.tolist() == [3.0, 3.0]
    assert second.tolist() == [15.0, 15.0]
    assert recorder.made == 1


@torch.no_grad()
def test_another_shape_another_value_and_another_adapter_are_recorded_anew() -> None:
    recorder, adapters = Recorder(), ["none"]
    forward = Recorded(scaled, state=lambda: tuple(adapters), record=recorder)
    assert forward(torch.ones(2), scale=3.0).sum() == 6
    assert forward(torch.ones(3), scale=3.0).sum() == 9
    assert forward(torch.ones(3), scale=2.0).sum() == 6
    adapters[0] = "brand"
    assert forward(torch.ones(3), scale=2.0).sum() == 6
    assert recorder.made == 4
    forward.forget()
    forward(torch.ones(3), scale=2.0)
    assert recorder.made == 5


def test_an_adapter_is_told_by_its_weights_and_their_scale() -> None:
    transformer = tiny_pipeline("turbo").transformer
    assert _adapters(transformer) == ()
    transformer.add_adapter(LoraConfig(r=2, target_modules=["to_q"]), "brand")
    first = _adapters(transformer)
    transformer.set_adapters("brand", 0.5)
    second = _adapters(transformer)
    transformer.delete_adapters("brand")
    transformer.add_adapter(LoraConfig(r=2, target_modules=["to_q"]), "brand")
    assert len({first, second, _adapters(transformer)}) == 3


@torch.no_grad()
def test_few_recordings_are_kept() -> None:
    recorder = Recorder()
    forward = Recorded(scaled, record=recorder)
    for length in range(1, MOST_RECORDINGS + 2):
        forward(torch.ones(length), scale=1.0)
    forward(torch.ones(MOST_RECORDINGS + 1), scale=1.0)
    assert recorder.made == MOST_RECORDINGS + 1
    forward(torch.ones(1), scale=1.0)
    assert recorder.made == MOST_RECORDINGS + 2


def test_gradients_and_dictionaries_run_as_they_always_did() -> None:
    recorder = Recorder()
    leaf = torch.ones(2, requires_grad=True)
    Recorded(scaled, record=recorder)(leaf, scale=2.0).sum().backward()
    assert leaf.grad is not None
    assert leaf.grad.tolist() == [2.0, 2.0]
    with torch.no_grad():
        assert Recorded(lambda x, masks: x, record=recorder)(torch.ones(1), masks={"a": 1}) == 1
    assert recorder.made == 0


@torch.no_grad()
def test_what_can_not_be_recorded_runs_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    tries = []

    def refuse(forward: Callable[..., Any], inputs: Any) -> Replay:
        tries.append(1)
        raise RuntimeError("operation not permitted when stream is capturing")

    forward = Recorded(scaled, record=refuse)
    for _ in range(2):
        assert forward(torch.ones(2), scale=4.0).tolist() == [4.0, 4.0]
    assert len(tries) == 1
    assert "runs without a CUDA graph: operation not permitted" in caplog.text


@torch.no_grad()
def test_a_lack_of_memory_is_not_hidden() -> None:
    def exhausted(forward: Callable[..., Any], inputs: Any) -> Replay:
        raise torch.OutOfMemoryError("no room")

    with pytest.raises(torch.OutOfMemoryError):
        Recorded(scaled, record=exhausted)(torch.ones(2), scale=4.0)
