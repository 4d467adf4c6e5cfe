"""What an engine must offer. Engines are found by name through ``registry``; nobody imports them directly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from inference.types import U8, Box, Cutout, Progress


@dataclass(frozen=True)
class EngineStatus:
    """Whether an engine can run here, and if not, what to do about it."""

    available: bool
    reason: str = ""
    next_step: str = ""


@dataclass(frozen=True)
class CutoutOptions:
    """What cutout engines may be told, read once at the edge of the application.

    Attributes:
        model: the rembg model, one of ``inference.engines.rembg.MODELS`` (all licensed for commercial use).
        weights_dir: where weight files lie as ``<model>.onnx``; None = no weights on this machine.
        allow_download: fetch a missing weight file into ``weights_dir`` on first use.
    """

    model: str = "isnet-general-use"
    weights_dir: Path | None = None
    allow_download: bool = False


class CutoutEngine(Protocol):
    """Separates one product from its background."""

    name: str
    licence: str

    def status(self) -> EngineStatus:
        """Cheap; loads nothing heavy."""

    def warm(self) -> None:
        """Load weights and compile kernels, so that the first request is as fast as the next."""

    def cut(self, rgb: U8, *, box: Box | None, on_progress: Progress) -> Cutout:
        """Cut the product out of ``rgb`` (uint8 sRGB, H x W x 3), inside ``box`` when one is given.

        Raises:
            InputRejected: nothing was found, or the box misses the picture.
            EngineUnavailable: the engine can not run here.
        """
