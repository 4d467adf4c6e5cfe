"""Networks recorded as CUDA graphs: one launch instead of hundreds, which is most of the time of a small model.

A recording belongs to the shapes of its inputs and to the adapters that were active; whatever can not be recorded
(masks that arrive as dictionaries, gradients, other devices) runs as it always did. The kernels are the same.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.utils._pytree import tree_map_only

_log = logging.getLogger(__name__)

MOST_RECORDINGS = 6
_WARM_UPS = 2

# Arguments by place (int) and by name.
Inputs = Mapping[int | str, Any]


class Replay(Protocol):
    """Runs what was recorded on what lies in its inputs; returns the outputs, which the next run overwrites."""

    def __call__(self) -> Any: ...


Record = Callable[[Callable[..., Any], Inputs], Replay]


@dataclass(frozen=True)
class _Recording:
    inputs: Inputs
    replay: Replay


class Recorded:
    """A forward that is recorded once for each shape and replayed after that.

    Args:
        forward: recorded where its arguments are tensors and plain values.
        state: what else the result depends on, such as the names of active adapters.
        record: how; ``cuda_graph`` unless a test says otherwise.
    """

    def __init__(
        self, forward: Callable[..., Any], *, state: Callable[[], Hashable] = tuple, record: Record | None = None
    ) -> None:
        self._forward, self._state, self._record = forward, state, record or cuda_graph
        self._is_cuda = record is None
        self._recordings: OrderedDict[Hashable, _Recording] = OrderedDict()
        self._refused: set[Hashable] = set()

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        inputs: dict[int | str, Any] = dict(enumerate(arguments))
        inputs.update(named.items())
        if not self._fits(inputs):
            return self._forward(*arguments, **named)
        key = (self._state(), tuple((name, _described(value)) for name, value in inputs.items()))
        if key in self._refused:
            return self._forward(*arguments, **named)
        if key not in self._recordings and not self._make(key, inputs):
            return self._forward(*arguments, **named)
        self._recordings.move_to_end(key)
        recording = self._recordings[key]
        for name, value in inputs.items():
            if isinstance(value, Tensor):
                recording.inputs[name].copy_(value)
        return tree_map_only(Tensor, torch.clone, recording.replay())

    def forget(self) -> None:
        """Drop all recordings: weights were moved, loaded or merged."""
        self._recordings.clear()
        self._refused.clear()

    def _fits(self, inputs: Inputs) -> bool:
        if torch.is_grad_enabled():
            return False
        tensors = [value for value in inputs.values() if isinstance(value, Tensor)]
        others = [value for value in inputs.values() if not isinstance(value, Tensor)]
        plain = all(value is None or isinstance(value, bool | int | float | str) for value in others)
        return plain and bool(tensors) and (not self._is_cuda or all(value.is_cuda for value in tensors))

    def _make(self, key: Hashable, inputs: Inputs) -> bool:
        while len(self._recordings) >= MOST_RECORDINGS:
            self._recordings.popitem(last=False)
        own = {name: value.clone() if isinstance(value, Tensor) else value for name, value in inputs.items()}
        try:
            self._recordings[key] = _Recording(own, self._record(self._forward, own))
        except torch.OutOfMemoryError:
            self.forget()
            raise
        except RuntimeError as error:
            self._refused.add(key)
            _log.warning("runs without a CUDA graph: %s", str(error).splitlines()[0])
            return False
        return True


def cuda_graph(forward: Callable[..., Any], inputs: Inputs) -> Replay:
    """Record ``forward`` on ``inputs``.

    Raises:
        RuntimeError: something in it waits for the host.
    """
    beside = torch.cuda.Stream()
    beside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(beside):
        for _ in range(_WARM_UPS):
            _called(forward, inputs)
    torch.cuda.current_stream().wait_stream(beside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        outputs = _called(forward, inputs)

    def replay() -> Any:
        graph.replay()
        return outputs

    return replay


def record(module: Any) -> Recorded:
    """Let ``module`` answer from recordings from now on; returns the recorder."""
    recorded = Recorded(module.forward, state=lambda: _adapters(module))
    module.forward = recorded
    return recorded


def _called(forward: Callable[..., Any], inputs: Inputs) -> Any:
    by_place = [value for name, value in inputs.items() if isinstance(name, int)]
    return forward(*by_place, **{name: value for name, value in inputs.items() if isinstance(name, str)})


def _adapters(module: Any) -> Hashable:
    """The active adapters, where their weights lie and how much they weigh: all of it is part of a recording."""
    if not getattr(module, "peft_config", None):
        return ()
    places = (weight.data_ptr() for name, weight in module.named_parameters() if "lora_" in name)
    scales = (
        tuple(part.scaling.items()) for part in module.modules() if isinstance(getattr(part, "scaling", None), dict)
    )
    are_off = tuple(bool(getattr(part, "disable_adapters", False)) for part in module.modules())
    return tuple(module.active_adapters()), tuple(places), tuple(scales), any(are_off)


def _described(value: Any) -> Hashable:
    return (tuple(value.shape), value.dtype, value.device) if isinstance(value, Tensor) else value
