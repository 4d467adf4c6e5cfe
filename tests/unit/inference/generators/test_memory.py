"""Out of memory: half the batch, then one, then a clear failure."""

from __future__ import annotations

import weakref
from collections.abc import Sequence

import pytest
import torch

from inference.engines.diffusion.memory import SPLITS, in_shrinking_batches, refused_when_full
from inference.errors import Cancelled, EngineFailed, EngineUnavailable
from inference.models import model_card


def drawing(fits: int, calls: list[int]) -> object:
    """A device that has room for ``fits`` items."""

    def run(items: Sequence[int]) -> list[int]:
        calls.append(len(items))
        if len(items) > fits:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return [10 * item for item in items]

    return run


@pytest.mark.parametrize(
    ("fits", "calls", "worked"),
    [(8, [8], 8), (4, [8, 4, 4], 4), (3, [8, 4, 1, 1, 1, 1, 1, 1, 1, 1], 1)],
)
def test_batches_shrink_and_every_item_is_drawn_in_order(fits: int, calls: list[int], worked: int) -> None:
    seen: list[int] = []
    before = SPLITS.since_start
    results, size = in_shrinking_batches(range(8), 8, drawing(fits, seen))  # type: ignore[arg-type]
    assert SPLITS.since_start - before == [8, 4, 1].index(worked)
    assert results == [10 * item for item in range(8)]
    assert (seen, size) == (calls, worked)


def test_what_can_be_done_without_goes_first_and_the_batch_stays_whole() -> None:
    seen: list[int] = []
    spare = [1, 1]

    def run(items: Sequence[int]) -> list[int]:
        seen.append(len(items))
        if spare:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return list(items)

    before = SPLITS.since_start
    assert in_shrinking_batches([1, 2, 3], 3, run, relieve=lambda: bool(spare and spare.pop())) == ([1, 2, 3], 3)
    assert seen == [3, 3, 3]
    assert SPLITS.since_start == before


def test_what_was_drawn_is_not_drawn_again() -> None:
    seen: list[int] = []

    def run(items: Sequence[int]) -> list[int]:
        seen.append(len(items))
        if len(seen) == 2:
            raise torch.OutOfMemoryError("another process took the rest")
        return list(items)

    assert in_shrinking_batches(range(8), 4, run) == ([*range(8)], 2)
    assert seen == [4, 4, 2, 2]


def test_one_picture_too_many_is_a_clear_failure_that_may_pass_later() -> None:
    with pytest.raises(EngineFailed, match="smaller size") as caught:
        in_shrinking_batches([1], 1, drawing(0, []))  # type: ignore[arg-type]
    assert (caught.value.code, caught.value.retryable) == ("generate.out_of_memory", True)


@pytest.mark.parametrize("error", [Cancelled(), RuntimeError("not memory")])
def test_nothing_else_is_swallowed(error: Exception) -> None:
    def run(items: Sequence[int]) -> list[int]:
        raise error

    with pytest.raises(type(error)):
        in_shrinking_batches([1, 2], 2, run)


def test_the_tensors_of_the_failed_batch_are_gone_before_the_next() -> None:
    alive: list[weakref.ref[torch.Tensor]] = []

    def run(items: Sequence[int]) -> list[int]:
        assert all(reference() is None for reference in alive)
        large = torch.zeros(10)
        alive.append(weakref.ref(large))
        if len(items) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return list(items)

    assert in_shrinking_batches([1, 2], 2, run)[0] == [1, 2]


def test_memory_that_runs_out_while_a_model_is_loaded_is_said_with_the_next_step() -> None:
    card, device = model_card("flux2-klein-4b"), torch.device("cuda:1")
    with (
        pytest.raises(
            EngineUnavailable, match=r"cuda:1 ran out of memory while FLUX.2 klein 4B.*smaller model"
        ) as said,
        refused_when_full(card, device),
    ):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 96.00 MiB")
    assert said.value.code == "generate.too_little_memory"
    with pytest.raises(RuntimeError, match="launch failure"), refused_when_full(card, device):
        raise RuntimeError("CUDA error: unspecified launch failure")
