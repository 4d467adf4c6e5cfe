"""Adapters of one loaded transformer, by name: loaded when first asked for, switched without touching its weights."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from inference.adapters import SUFFIX, AdapterCard, read_card
from inference.engines.adapters.weights import misfit, read_weights, unreadable
from inference.errors import EngineUnavailable

MOST_LOADED = 8
# Attention projections of Flux2's double and single blocks, by the ends of their names.
TARGETS = (
    "to_q",
    "to_k",
    "to_v",
    "to_out.0",
    "add_q_proj",
    "add_k_proj",
    "add_v_proj",
    "to_add_out",
    "to_qkv_mlp_proj",
)

Stamp = tuple[int, int]


class Adapters:
    """What is added to one transformer.

    Args:
        transformer: a diffusers model with ``PeftAdapterMixin``.
        model: its name; adapters of others are refused.
        folders: where adapters lie as ``<name>.safetensors``; the first one that has a name wins.
        revision: of the loaded weights; empty where nobody noted it.
    """

    def __init__(self, transformer: Any, model: str, folders: Sequence[Path], revision: str = "") -> None:
        self._transformer, self._model, self._folders, self._revision = transformer, model, folders, revision
        self._loaded: OrderedDict[str, tuple[Stamp, AdapterCard]] = OrderedDict()
        self._active: tuple[tuple[str, float], ...] = ()

    def use(self, wanted: Sequence[tuple[str, float]]) -> None:
        """Draw with exactly these adapters (name, weight) from now on; with none, the weights are as they were.

        Raises:
            EngineUnavailable: one is missing, unreadable or belongs to another model; nothing was switched.
        """
        cards = [self._load(name) for name, _ in wanted]
        assert len(cards) == len(wanted)
        self._active = tuple(wanted)
        if not wanted:
            if getattr(self._transformer, "peft_config", None):
                self._transformer.disable_adapters()
            return
        self._transformer.enable_adapters()
        self._transformer.set_adapter([name for name, _ in wanted])
        for part in lora_parts(self._transformer):
            for name, weight in wanted:
                if name in part.scaling:
                    part.set_scale(name, weight)
        self._transformer.requires_grad_(False)
        self._leave_room()

    def identity(self) -> list[dict[str, Any]]:
        """What is active now, for recipes: name, weight and hash of the weights."""
        return [
            {"name": name, "weight": weight, "weights_sha256": self._loaded[name][1].weights_sha256}
            for name, weight in self._active
        ]

    def begin(self, name: str, config: Any) -> list[Any]:
        """Add a fresh adapter that will learn: the list of its parameters. What is drawn does not use it."""
        with quiet():
            self._transformer.add_adapter(config, adapter_name=name)
        self.use(self._active)
        marked = self._transformer.named_parameters()
        return [weight for key, weight in marked if f".{name}." in key and "lora_" in key]

    @contextmanager
    def learning(self, name: str, weights: Sequence[Any]) -> Iterator[None]:
        """For one step: the adapter that ``begin`` added is alone active, and its weights have gradients."""
        transformer = self._transformer
        transformer.enable_adapters()
        transformer.set_adapter(name)
        for weight in weights:
            weight.requires_grad_(True)
        try:
            yield
        finally:
            transformer.requires_grad_(False)
            self.use(self._active)

    def end(self, name: str) -> None:
        """Take the adapter that learned off again."""
        self._transformer.delete_adapters(name)
        self.use(self._active)

    def _load(self, name: str) -> AdapterCard:
        path = self._path(name)
        card = read_card(path)
        if card.model != self._model:
            raise EngineUnavailable(
                "generate.adapter_other_model",
                f"the adapter {name} was trained on {card.model} and does not fit {self._model}; choose that model",
                name=name,
                model=card.model,
            )
        if card.revision and self._revision and card.revision != self._revision:
            raise EngineUnavailable(
                "generate.adapter_other_revision",
                f"the adapter {name} was trained on {card.model} at {card.revision}, and {self._revision} is loaded; "
                "train it again",
                name=name,
            )
        facts = path.stat()
        stamp = facts.st_mtime_ns, facts.st_size
        if self._loaded.get(name, (None, None))[0] != stamp:
            self._drop(name)
            self._read(name, path, card)
            self._loaded[name] = (stamp, card)
        self._loaded.move_to_end(name)
        return card

    def _path(self, name: str) -> Path:
        places = [folder / f"{name}{SUFFIX}" for folder in self._folders]
        if not places:
            raise EngineUnavailable("generate.adapter_missing", "no folder for adapters is configured", name=name)
        return next((place for place in places if place.is_file()), places[0])

    def _read(self, name: str, path: Path, card: AdapterCard) -> None:
        from peft import get_peft_model_state_dict, set_peft_model_state_dict

        transformer, state = self._transformer, read_weights(path, card)
        with quiet():
            transformer.add_adapter(lora_config(card.rank, card.alpha), adapter_name=name)
            wrong = misfit(state, get_peft_model_state_dict(transformer, adapter_name=name))
            if wrong:
                transformer.delete_adapters(name)
                raise unreadable(path, f"does not fit {self._model}: {wrong}")
            set_peft_model_state_dict(transformer, state, adapter_name=name)
        for part in lora_parts(transformer):
            if name in part.scaling:
                part.lora_A[name].to(transformer.device)
                part.lora_B[name].to(transformer.device)

    def _drop(self, name: str) -> None:
        if name in self._loaded:
            self._transformer.delete_adapters(name)
            del self._loaded[name]

    def _leave_room(self) -> None:
        used = {name for name, _ in self._active}
        for name in [name for name in self._loaded if name not in used][: max(0, len(self._loaded) - MOST_LOADED)]:
            self._drop(name)


def lora_config(rank: int, alpha: float) -> Any:
    """LoRA on the attention projections."""
    from peft import LoraConfig

    return LoraConfig(r=rank, lora_alpha=alpha, target_modules=list(TARGETS))


def lora_parts(transformer: Any) -> Iterator[Any]:
    """Its layers that adapters were added to."""
    from peft.tuners.lora import LoraLayer

    return (part for part in transformer.modules() if isinstance(part, LoraLayer))


@contextmanager
def quiet() -> Iterator[None]:
    """PEFT asks whether a second adapter is meant, and one that was never drawn with taken off: they are."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Already found a `peft_config`")
        warnings.filterwarnings("ignore", message="Adapter .* was active which is now deleted")
        yield
