"""Forwards that are recorded for the shapes that are worth it: tested with a recorder that needs no GPU."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from peft import LoraConfig
from torch import Tensor

from inference.engines.diffusion import requests
from inference.engines.diffusion.graphs import Recorded, Recording, _adapters
from inference.engines.diffusion.shelf import WORTH_AFTER, Shelf
from inference.models import model_card
from tests.checkpoints.sefi import tiny_pipeline
from tests.unit.inference.generators.taping import Recorder, Taped

ROOMY = 1 << 30


class Network:
    """``x * scale``, plus what a mask says; counts the calls that a recording saves."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, x: Tensor, *, scale: float, kwargs: Mapping[str, Tensor] | None = None) -> Tensor:
        self.calls += 1
        return x * scale if kwargs is None else x * scale + kwargs["mask"]


def recorded(budget: int = ROOMY, **options: Any) -> tuple[Recorded, Recorder, Network, Shelf[Recording]]:
    shelf, recorder, network = Shelf[Recording](budget), Recorder(), Network()
    return Recorded(network, shelf, record=recorder, **options), recorder, network, shelf


@torch.no_grad()
def test_a_shape_is_recorded_once_it_has_come_often_and_answers_outlive_the_next_one() -> None:
    forward, recorder, _, _ = recorded()
    for number in range(WORTH_AFTER):
        assert forward(torch.full((2,), float(number)), scale=3.0).tolist() == [3.0 * number] * 2
    assert recorder.made == 0
    first, second = forward(torch.ones(2), scale=3.0), forward(torch.full((2,), 5.0), scale=3.0)
    assert first.tolist() == [3.0, 3.0]
    assert second.tolist() == [15.0, 15.0]
    assert recorder.made == 1


@torch.no_grad()
def test_before_a_worker_takes_work_shapes_are_recorded_at_once() -> None:
    forward, recorder, network, shelf = recorded()
    with shelf.opening():
        forward(torch.ones(2), scale=3.0)
    calls = network.calls
    assert recorder.made == 1
    forward(torch.ones(3), scale=3.0)
    assert (recorder.made, network.calls) == (1, calls + 1)


@torch.no_grad()
def test_another_shape_another_value_and_another_adapter_are_recorded_anew() -> None:
    adapters = ["none"]
    forward, recorder, _, shelf = recorded(state=lambda: tuple(adapters))
    with shelf.opening():
        assert forward(torch.ones(2), scale=3.0).sum() == 6
        assert forward(torch.ones(3), scale=3.0).sum() == 9
        assert forward(torch.ones(3), scale=2.0).sum() == 6
        adapters[0] = "brand"
        assert forward(torch.ones(3), scale=2.0).sum() == 6
        assert recorder.made == 4
        shelf.clear()
        forward(torch.ones(3), scale=2.0)
    assert recorder.made == 5


@torch.no_grad()
def test_two_networks_on_one_shelf_do_not_answer_for_each_other() -> None:
    shelf, recorder = Shelf[Recording](ROOMY), Recorder()
    double = Recorded(lambda x: x * 2, shelf, record=recorder)
    triple = Recorded(lambda x: x * 3, shelf, record=recorder)
    with shelf.opening():
        for _ in range(2):
            assert (double(torch.ones(1)).item(), triple(torch.ones(1)).item()) == (2.0, 3.0)
    assert recorder.made == 2


@torch.no_grad()
def test_a_mask_in_a_mapping_is_read_anew_by_every_replay() -> None:
    forward, recorder, _, shelf = recorded()
    with shelf.opening():
        for height in (1.0, 5.0, 2.0):
            masks = {"mask": torch.full((2,), height)}
            assert forward(torch.ones(2), scale=1.0, kwargs=masks).tolist() == [1.0 + height] * 2
            assert masks["mask"].tolist() == [height] * 2
        assert forward(torch.ones(2), scale=1.0).tolist() == [1.0, 1.0]
    assert recorder.made == 2


@torch.no_grad()
def test_what_a_forward_takes_out_of_its_mapping_is_there_again() -> None:
    def greedy(x: Tensor, *, kwargs: dict[str, Any]) -> Tensor:
        return x * float(kwargs.pop("scale"))

    shelf = Shelf[Recording](ROOMY)
    forward = Recorded(greedy, shelf, record=Recorder())
    with shelf.opening():
        assert [forward(torch.ones(1), kwargs={"scale": 2.0}).item() for _ in range(3)] == [2.0] * 3


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
def test_every_usual_size_of_a_model_is_still_recorded_when_the_first_job_comes() -> None:
    forward, recorder, network, shelf = recorded()
    asked = [
        torch.ones(len(request.items), request.width * request.height // 256)
        for request in requests.usual(model_card("sefi-1b-turbo"))
    ]
    with shelf.opening():
        for x in asked:
            forward(x, scale=1.0)
    made, calls = recorder.made, network.calls
    assert made == len({tuple(x.shape) for x in asked})
    for x in asked:
        forward(x, scale=1.0)
    assert recorder.made == made
    assert network.calls == calls + len(asked)  # each once more, by its replay


@torch.no_grad()
def test_what_is_left_over_when_the_room_is_full_runs_plain_and_nothing_makes_room_for_it() -> None:
    forward, recorder, _, shelf = recorded(budget=100_000)
    with shelf.opening():
        for length in (1000, 2000, 4000, 5000, 6000, 7000):  # two tensors of four bytes an entry
            assert forward(torch.ones(length), scale=1.0).sum() == length
    assert recorder.made == 5  # of the fifth it is known only then that there is no room for it
    assert shelf.held_bytes == 8 * (1000 + 2000 + 4000 + 5000)


def test_gradients_and_what_is_nested_deeper_run_as_they_always_did() -> None:
    forward, recorder, _, shelf = recorded()
    leaf = torch.ones(2, requires_grad=True)
    with shelf.opening():
        forward(leaf, scale=2.0).sum().backward()
        assert leaf.grad is not None
        assert leaf.grad.tolist() == [2.0, 2.0]
        with torch.no_grad():
            deep = Recorded(lambda x, masks: x, shelf, record=recorder)
            assert deep(torch.ones(1), masks={"a": {"b": 1}}) == 1
            assert deep(torch.ones(1), masks={}) == 1
    assert recorder.made == 0


@torch.no_grad()
def test_what_can_not_be_recorded_runs_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    tries = []

    def refuse(call: Callable[[], Any]) -> Taped:
        tries.append(1)
        raise RuntimeError("operation not permitted when stream is capturing\nand much more")

    shelf = Shelf[Recording](ROOMY)
    forward = Recorded(Network(), shelf, record=refuse)
    with shelf.opening():
        for _ in range(2):
            assert forward(torch.ones(2), scale=4.0).tolist() == [4.0, 4.0]
    assert len(tries) == 1
    assert "runs without a CUDA graph: operation not permitted" in caplog.text


@torch.no_grad()
def test_where_there_is_no_memory_to_record_the_network_runs_plain_and_less_is_kept() -> None:
    room = [True]

    def record(call: Callable[[], Any]) -> Taped:
        if not room[0]:
            raise torch.OutOfMemoryError("no room")
        return Taped(call)

    shelf = Shelf[Recording](ROOMY)
    forward = Recorded(Network(), shelf, record=record)
    with shelf.opening():
        for length in (100, 200, 300):
            forward(torch.ones(length), scale=1.0)
        held = shelf.held_bytes
        room[0] = False
        assert forward(torch.ones(2), scale=4.0).tolist() == [4.0, 4.0]
    assert 0 < shelf.held_bytes <= held // 2


@torch.no_grad()
def test_a_lack_of_memory_to_draw_is_not_hidden() -> None:
    def exhausted(x: Tensor) -> Tensor:
        raise torch.OutOfMemoryError("no room")

    shelf = Shelf[Recording](ROOMY)
    with shelf.opening(), pytest.raises(torch.OutOfMemoryError):
        Recorded(exhausted, shelf, record=Recorder())(torch.ones(2))
