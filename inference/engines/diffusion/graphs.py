"""Networks recorded as CUDA graphs: one launch instead of hundreds, which is most of the time of a small model.

A recording belongs to the shapes of its inputs and to the adapters that were active; ``shelf`` says which are made
and kept. Whatever can not be recorded (gradients, other devices, what waits for the host) runs as it always did. The
kernels are the same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.utils._pytree import tree_map_only

from inference.engines.diffusion.shelf import Shelf

_log = logging.getLogger(__name__)

_WARM_UPS = 2

# Arguments by place (int) or by name; what stands in a mapping, such as masks for the attention, by both names.
Inputs = Mapping[tuple[int | str, ...], Any]


class Replay(Protocol):
    """Runs what was recorded on what lies in its inputs; returns the outputs, which the next run overwrites."""

    size_bytes: int

    def __call__(self) -> Any: ...


Record = Callable[[Callable[[], Any]], Replay]
"""Records a call that takes its inputs from where they lie. Raises RuntimeError where that can not be done."""


@dataclass(frozen=True)
class Recording:
    """A replay and the tensors that it reads."""

    inputs: Inputs
    replay: Replay

    @property
    def size_bytes(self) -> int:
        return self.replay.size_bytes + sum(one.nbytes for one in self.inputs.values() if isinstance(one, Tensor))


class Recorded:
    """A forward that is recorded for the shapes that are worth it and replayed after that.

    Args:
        forward: recorded where its arguments are tensors and plain values, or mappings of those.
        shelf: keeps the recordings; others may share it.
        state: what else the result depends on, such as the names of active adapters.
        record: how; ``cuda_graph`` unless a test says otherwise.
    """

    def __init__(
        self,
        forward: Callable[..., Any],
        shelf: Shelf[Recording],
        *,
        state: Callable[[], Hashable] = tuple,
        record: Record | None = None,
    ) -> None:
        self._forward, self._shelf, self._state = forward, shelf, state
        self._record, self._is_cuda = record or cuda_graph, record is None

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        inputs = _flat(arguments, named)
        recording = self._recording(inputs) if self._fits(inputs) else None
        if recording is None:
            return self._forward(*arguments, **named)
        for name, value in inputs.items():
            if isinstance(value, Tensor):
                recording.inputs[name].copy_(value)
        return tree_map_only(Tensor, torch.clone, recording.replay())

    def _recording(self, inputs: Inputs) -> Recording | None:
        key = (id(self), self._state(), tuple((name, _described(value)) for name, value in inputs.items()))
        found = self._shelf.take(key)
        return self._made(key, inputs) if found is None and self._shelf.wants(key) else found

    def _fits(self, inputs: Inputs) -> bool:
        if torch.is_grad_enabled():
            return False
        tensors = [value for value in inputs.values() if isinstance(value, Tensor)]
        others = [value for value in inputs.values() if not isinstance(value, Tensor)]
        plain = all(value is None or isinstance(value, bool | int | float | str) for value in others)
        return plain and bool(tensors) and (not self._is_cuda or all(value.is_cuda for value in tensors))

    def _made(self, key: Hashable, inputs: Inputs) -> Recording | None:
        """None where it can not be recorded, which is tried once, or memory ran out: that is then needed elsewhere."""
        own = {name: value.clone() if isinstance(value, Tensor) else value for name, value in inputs.items()}
        try:
            with _device_of(own):
                made = Recording(own, self._record(lambda: _called(self._forward, own)))
        except torch.OutOfMemoryError:
            self._shelf.refuse(key)
            self._shelf.shrink()
            return None
        except RuntimeError as error:
            self._shelf.refuse(key)
            _log.warning("runs without a CUDA graph: %s", str(error).splitlines()[0])
            return None
        self._shelf.put(key, made, made.size_bytes)
        return made


class _CudaGraph:
    """See ``Replay``. ``size_bytes`` is the memory pool of its own that a graph keeps."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._graph = torch.cuda.CUDAGraph()
        torch.cuda.empty_cache()
        before = torch.cuda.memory_reserved()
        with torch.cuda.graph(self._graph):
            self._outputs = call()
        self.size_bytes = max(0, torch.cuda.memory_reserved() - before)

    def __call__(self) -> Any:
        self._graph.replay()
        return self._outputs


def cuda_graph(call: Callable[[], Any]) -> Replay:
    """Record ``call``.

    Raises:
        RuntimeError: something in it waits for the host.
    """
    beside = torch.cuda.Stream()
    beside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(beside):
        for _ in range(_WARM_UPS):
            call()
    torch.cuda.current_stream().wait_stream(beside)
    return _CudaGraph(call)


def record(module: Any, shelf: Shelf[Recording]) -> None:
    """Let ``module`` answer from recordings from now on."""
    module.forward = Recorded(module.forward, shelf, state=lambda: _adapters(module))


def _flat(arguments: Sequence[Any], named: Mapping[str, Any]) -> Inputs:
    """The tensors of mappings are inputs like others: they can be copied to where a recording reads them."""
    given: dict[int | str, Any] = {}
    given.update(enumerate(arguments))
    given.update(named)
    flat: dict[tuple[int | str, ...], Any] = {}
    for name, value in given.items():
        if isinstance(value, Mapping) and value:
            flat.update({(name, inner): one for inner, one in value.items()})
        else:
            flat[(name,)] = value
    return flat


def _called(forward: Callable[..., Any], inputs: Inputs) -> Any:
    """``forward`` with the arguments that ``_flat`` took apart; mappings are new ones, which it may change."""
    arguments: dict[int | str, Any] = {}
    for (name, *inner), value in inputs.items():
        if inner:
            arguments.setdefault(name, {})[inner[0]] = value
        else:
            arguments[name] = value
    by_place = [value for name, value in arguments.items() if isinstance(name, int)]
    return forward(*by_place, **{name: value for name, value in arguments.items() if isinstance(name, str)})


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


def _device_of(inputs: Inputs) -> AbstractContextManager[Any]:
    """Streams and memory of the GPU that the inputs are on are meant, where there are several."""
    device = next(value.device for value in inputs.values() if isinstance(value, Tensor))
    return torch.cuda.device(device) if device.type == "cuda" else nullcontext()


def _described(value: Any) -> Hashable:
    return (tuple(value.shape), value.dtype, value.device) if isinstance(value, Tensor) else value
