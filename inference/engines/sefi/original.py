"""What lies in the folder of an original SeFi checkpoint, and what its ``sefi_config.yaml`` says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from inference.engines.diffusion.errors import incompatible, missing

_FILES = ("sefi_config.yaml", "config.yaml")
_KIND = ("inference.family", "inference.variant", "model.family", "model.variant")
_DISTILLED = ("turbo", "distill", "dmd")
_TEXT_ENCODERS = {
    "qwen3vl_2b": "Qwen3-VL-2B-Instruct",
    "qwen3vl_4b": "Qwen3-VL-4B-Instruct",
    "qwen3vl_8b": "Qwen3-VL-8B-Instruct",
}


def _integers(said: Any) -> tuple[int, ...]:
    return tuple(int(one) for one in said)


def _small(said: Any) -> str:
    return str(said).lower()


# Keys of SeFiPipeline: how they are read, and where they may stand; the first place that says something wins.
_SETTINGS: dict[str, tuple[Callable[[Any], Any], tuple[str, ...]]] = {
    "texture_vae_name": (_small, ("model.texture_vae.name",)),
    "default_guidance_scale": (float, ("inference.guidance_scale", "inference.default_guidance_scale")),
    "default_num_inference_steps": (int, ("inference.steps", "inference.default_steps")),
    "delta_t": (float, ("inference.delta_t", "training.sefi.delta_t_max")),
    "timestep_shift_alpha": (float, ("inference.timestep_shift_alpha",)),
    "text_encoder_hidden_layers": (_integers, ("model.text_encoder.hidden_layers",)),
    "max_sequence_length": (int, ("model.text_encoder.max_length",)),
}


@dataclass(frozen=True)
class Original:
    """An original checkpoint: its folder and its configuration, empty where none lies there."""

    folder: Path
    config: Mapping[str, Any]

    @classmethod
    def read(cls, folder: Path) -> Original:
        """Raises EngineUnavailable: there is no such folder, or its configuration can not be read."""
        if not folder.is_dir():
            raise missing(str(folder), "name the folder of an original checkpoint")
        file = next((folder / name for name in _FILES if (folder / name).is_file()), None)
        if file is None:
            return cls(folder, {})
        try:
            config = yaml.safe_load(file.read_text(encoding="utf-8"))
        except yaml.YAMLError as error:
            raise incompatible(f"{file} can not be read: {error}") from error
        if not isinstance(config, dict):
            raise incompatible(f"{file} holds no configuration")
        return cls(folder, config)

    def settings(self) -> dict[str, Any]:
        """The keys of ``SeFiPipeline`` that the configuration says something about.

        Raises:
            EngineUnavailable: what it says is no number where one belongs.
        """
        found = {key: (read, self._said(places)) for key, (read, places) in _SETTINGS.items()}
        try:
            return {key: read(said) for key, (read, said) in found.items() if said is not None}
        except (TypeError, ValueError) as error:
            raise incompatible(
                f"the configuration in {self.folder} says something else than numbers: {error}"
            ) from error

    def is_turbo(self) -> bool:
        """Whether the configuration, or else the name of the folder, calls the checkpoint distilled."""
        kind = self._said(_KIND) or self.folder.resolve().name
        return any(word in str(kind).lower() for word in _DISTILLED)

    def text_encoder(self) -> Path:
        """The folder of the text encoder: ``text_encoder``, or where the configuration says that it lies."""
        name = _TEXT_ENCODERS.get(str(self._said(("model.text_encoder.model_name",))), "")
        root = self.folder / str(self._said(("model.text_encoder.weights_root",)) or "")
        plain = self.folder / "text_encoder"
        return _first_with("config.json", (plain, *((root / name, self.folder / name) if name else ()))) or plain

    def vae(self) -> Path:
        """The folder of the texture VAE: ``vae``, or where the configuration says that it lies."""
        base = self.folder / str(self._said(("model.texture_vae.base_path",)) or "")
        plain = self.folder / "vae"
        return _first_with("config.json", (plain, base / "vae", base)) or plain

    def _said(self, places: Sequence[str]) -> Any:
        """What stands at the first of ``places`` (dotted paths) where something stands."""
        for place in places:
            here: Any = self.config
            for name in place.split("."):
                here = here.get(name) if isinstance(here, Mapping) else None
            if here is not None:
                return here
        return None


def _first_with(file: str, folders: Sequence[Path]) -> Path | None:
    return next((folder for folder in folders if (folder / file).is_file()), None)
