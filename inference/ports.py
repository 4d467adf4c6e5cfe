"""What an engine must offer. Engines are found by name through ``registry``; nobody imports them directly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from inference.edits import NO_EDITS, Edits
from inference.types import U8, Box, Cutout, Progress, ShotSpec

if TYPE_CHECKING:  # it loads OpenCV, and web processes ask ports what an engine's status is
    from inference.ops.placement import Placement


@dataclass(frozen=True)
class EngineStatus:
    """Whether an engine can run here, and if not, what to do about it; ``code`` is that of the refusal."""

    available: bool
    reason: str = ""
    next_step: str = ""
    code: str = ""


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

    @property
    def revision(self) -> str:
        """What besides the library's version decides the result: which weights; empty where there are none. Cheap."""

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


@runtime_checkable
class Fetchable(Protocol):
    """An engine whose weights are published and may be fetched once, ahead of the first request."""

    def fetch(self) -> Path:
        """The verified weight file, downloaded if it is missing and downloads are allowed.

        Raises:
            EngineUnavailable: it is missing or damaged and could not be had.
        """


class PromptScorer(Protocol):
    """Says how well pictures fit a text. It has seen captions of pictures, not what a photographer wants.

    ``revision``: of its weights; empty where there are none.
    """

    name: str
    licence: str

    @property
    def revision(self) -> str: ...

    def status(self) -> EngineStatus:
        """Cheap; loads nothing heavy."""

    def scores(self, prompt: str, pictures: Sequence[U8]) -> tuple[float, ...]:
        """The cosine between text and picture, -1..1, for each picture (uint8 (H, W, 3)).

        Raises:
            EngineUnavailable: its weights are missing or do not fit.
        """


@dataclass(frozen=True)
class SceneOptions:
    """What scene engines may be told.

    Attributes:
        plates_dir: folder of sets; None = the sets that come with the library.
        cache_mb: memory for decoded plates; the least recently used set leaves first.
    """

    plates_dir: Path | None = None
    cache_mb: int = 512


@dataclass(frozen=True)
class PlacedCompanion:
    """The second product in a scene; fields as in ``ScenePlate``. ``shade``: what the first one's shadow leaves.

    ``edits``: the turn that was asked for, and nothing else.
    """

    product: U8
    placement: Placement
    visible: U8
    shade: U8
    is_in_front: bool
    edits: Edits = NO_EDITS


@dataclass(frozen=True)
class ScenePlate:
    """A scene without its product, lit and shaded for it.

    ``plate`` uint8 (H, W, 3) sRGB; ``shadow`` uint8 (H, W), the part of the light that the product leaves (255 = all);
    ``visible`` uint8 (H, W), 0 where a prop stands in front of the product; ``product`` uint8 RGBA, the cutout
    resampled for ``placement``; ``base`` the canvas pixel that the middle of its base line stands on. ``identity``
    names what the plates are, ``parameters`` what was chosen. ``companion`` is the second product, where there is one,
    and ``shade`` uint8 (H, W) the part of the light that it leaves on the first one.
    """

    plate: U8
    shadow: U8
    visible: U8
    product: U8
    placement: Placement
    base: tuple[int, int]
    set_delta_e: float | None
    identity: Mapping[str, Any]
    parameters: Mapping[str, Any]
    measures: Mapping[str, float]
    timings_s: Mapping[str, float]
    companion: PlacedCompanion | None = None
    shade: U8 | None = None


class SceneEngine(Protocol):
    """Makes the surroundings of a product: light, shadow, reflection. Never touches the product's pixels."""

    name: str
    licence: str
    revision: int

    def names(self) -> tuple[str, ...]:
        """Scenes that can be asked for."""

    def warm(self, name: str) -> None:
        """Load what the scene needs, so that its first picture is as fast as the next."""

    def identity(self, spec: ShotSpec) -> Mapping[str, Any]:
        """What the scene is made of, as ``ScenePlate.identity`` will say it. Raises like ``render``."""

    def render(
        self,
        cutout: Cutout,
        spec: ShotSpec,
        *,
        on_progress: Progress,
        longest_px: int | None = None,
        lamps_on: bool = True,
        companion: Cutout | None = None,
    ) -> ScenePlate:
        """Light and shade a scene for a product.

        Args:
            longest_px: draw the same picture smaller, framed as at full size.
            lamps_on: False leaves only the light that comes from all around.
            companion: the second product, which ``spec.companion`` places; an engine may refuse it.

        Raises:
            InputRejected: unknown scene, bad or too many colours, empty cutout, offset off the support.
            EngineUnavailable: the plates are damaged.
        """
