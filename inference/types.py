"""Values that pass between the parts of the library.

Conventions, everywhere in ``inference``:

* ``rgb``: ``uint8 (H, W, 3)``, sRGB (IEC 61966-2-1), full range.
* ``linear``: ``float32 (H, W, 3)``, linear-light sRGB primaries, 1.0 = diffuse white; may exceed 1.
* ``alpha``: ``uint8 (H, W)``, coverage, 255 = opaque, straight (never premultiplied).
* coordinates: pixels, origin top left, x to the right, y down. Sizes are ``(width, height)``.

Arrays are treated as immutable: functions return new ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from inference.edits import NO_EDITS, Edits

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

Progress = Callable[[str, float], None]
"""Called with (stage name, fraction done 0..1). May raise ``Cancelled``."""


def no_progress(stage: str, fraction: float) -> None:
    """The progress callback of callers who do not care."""


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels of the photo that it belongs to."""

    x: int
    y: int
    width: int
    height: int

    @classmethod
    def parse(cls, text: str) -> Box:
        """Read ``"X,Y,W,H"``. Raises ValueError with the expected form."""
        try:
            x, y, width, height = (int(part) for part in text.split(","))
        except ValueError as error:
            raise ValueError(f"a box is X,Y,W,H in whole pixels, not {text!r}") from error
        if width <= 0 or height <= 0:
            raise ValueError(f"a box needs a positive width and height, not {text!r}")
        return cls(x, y, width, height)

    def as_list(self) -> list[int]:
        return [self.x, self.y, self.width, self.height]


@dataclass(frozen=True)
class Cutout:
    """A product separated from its photo, same size as the photo.

    ``rgb`` equals the photo wherever ``alpha`` is 255; in the soft edge it holds the estimated foreground colour, so
    that no background bleeds in. ``confidence`` is 0..1; ``measures`` holds the figures it was derived from. ``steps``
    are the strokes that a person painted on the engine's result, in order, as their JSON.
    """

    rgb: U8
    alpha: U8
    engine: str
    confidence: float
    measures: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    steps: tuple[Mapping[str, Any], ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        return self.alpha.shape[1], self.alpha.shape[0]


@dataclass(frozen=True)
class CameraLock:
    """The camera and the base line of another shot, so that many products are seen in exactly the same way.

    ``window`` is that shot's rectangle of the plate (left, top, width, height in plate pixels, as its recipe has it);
    ``base`` the point that the product stands on, in fractions of the window. Same set and camera; a picture
    of another ratio shows more or less of the set around the same base. ``mirrored``: whether the window is one of the
    set mirrored left to right; in the other one the same place is looked for. None: not known, taken as it is.
    """

    window: tuple[int, int, int, int]
    base: tuple[float, float]
    mirrored: bool | None = None

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> CameraLock:
        """Read what ``as_dict`` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        left, top, width, height = (int(value) for value in raw["window"])
        x, y = (float(value) for value in raw["base"])
        mirrored = raw.get("mirrored")
        return cls((left, top, width, height), (x, y), None if mirrored is None else bool(mirrored))

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        known = {} if self.mirrored is None else {"mirrored": self.mirrored}
        return {"window": list(self.window), "base": list(self.base), **known}


@dataclass(frozen=True)
class CompanionSpec:
    """How a second product stands beside the first.

    ``scale`` as ``ShotSpec.scale``, for the second one. ``offset`` from the first one's base to the second one's, in
    fractions of the picture's width: x to the right, y down, which on a support is nearer. ``shadow`` of each on the
    other: 0 = none, 1 = as lit. ``rotate_deg`` turns it clockwise, as ``Edits.rotate_deg`` turns the first one.
    """

    scale: float = 1.0
    offset: tuple[float, float] = (0.3, -0.02)
    shadow: float = 1.0
    rotate_deg: float = 0.0

    @property
    def edits(self) -> Edits:
        """What is done to its pixels."""
        return Edits(rotate_deg=self.rotate_deg)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> CompanionSpec:
        """Read what ``as_dict`` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        x, y = (float(value) for value in raw["offset"])
        return cls(float(raw["scale"]), (x, y), float(raw["shadow"]), float(raw.get("rotate_deg", 0.0)))

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values; the turn is there only where there is one."""
        turned = {"rotate_deg": self.rotate_deg} if self.rotate_deg else {}
        return {"scale": self.scale, "offset": list(self.offset), "shadow": self.shadow, **turned}


@dataclass(frozen=True, eq=False)
class Companion:
    """A second product as the caller brings it: its photo, uint8 (H, W, 3), and the cutout of that photo."""

    photo_rgb: U8
    cutout: Cutout


@dataclass(frozen=True)
class ShotSpec:
    """Everything that decides how a shot looks, besides the product.

    ``palette`` are ``#rrggbb`` colours for the set's recolourable materials, in the set's order, its details last;
    empty = the set's own colours, an empty one of several = that surface's own. ``scale`` multiplies the set's natural
    product size; ``offset`` moves the product on its support, in fractions of the canvas width. ``camera`` and ``mood``
    are names of the set's; empty = its first. ``edits`` are what a person changed after that. ``lock`` holds the camera
    still; ``offset`` then moves from the lock's base. ``companion`` puts a second product beside this one. ``enlarged``
    is how many times larger the picture is than the one that was composed: 2 = the same picture, twice as many pixels a
    side, however small the photo.
    """

    set_name: str
    width: int = 1200
    height: int = 1200
    palette: tuple[str, ...] = ()
    seed: int = 0
    scale: float = 1.0
    offset: tuple[float, float] = (0.0, 0.0)
    options: Mapping[str, Any] = field(default_factory=dict)
    camera: str = ""
    mood: str = ""
    edits: Edits = NO_EDITS
    lock: CameraLock | None = None
    companion: CompanionSpec | None = None
    enlarged: float = 1.0


@dataclass(frozen=True)
class GateReport:
    """The product gate: was the product altered? See ``ops.gate`` for how each figure is measured.

    ``product_delta_e`` and ``product_delta_e_p95`` are there where a person asked for another exposure or white
    balance, and where another product's shadow falls on this one. ``companion`` is the second product's own report;
    ``passed`` is true only if it passed too.
    """

    passed: bool
    max_abs_diff: int
    pixels_compared: int
    edge_delta_e: float
    set_delta_e: float | None = None
    product_delta_e: float | None = None
    product_delta_e_p95: float | None = None
    companion: GateReport | None = None

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> GateReport:
        """Read what ``as_dict`` wrote."""
        other = raw.get("companion")
        return cls(**{**raw, "companion": cls.from_dict(other) if other else None})

    def as_dict(self) -> dict[str, Any]:
        absent = {"product_delta_e", "product_delta_e_p95"} if self.product_delta_e is None else set()
        plain = {key: value for key, value in self.__dict__.items() if key not in absent and key != "companion"}
        return plain | ({"companion": self.companion.as_dict()} if self.companion else {})


@dataclass(frozen=True)
class ShotResult:
    """A finished shot with its layers (all at canvas size), measurements and recipe.

    ``master`` and ``plate`` are rgb; the plate is the scene with the product's shadow and reflection, without the
    product. ``product`` is the placed cutout, uint8 RGBA; ``mask`` its visible coverage; ``shadow`` the part of the
    light that the product leaves on the scene (255 = all). ``companion`` is the second product as placed, uint8 RGBA,
    before or behind the first one. ``warnings`` are codes, for example ``"shot.product_upscaled"``.
    """

    master: U8
    plate: U8
    product: U8
    mask: U8
    shadow: U8
    gate: GateReport
    recipe: dict[str, Any]
    timings_s: Mapping[str, float]
    measures: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    companion: U8 | None = None
    is_companion_in_front: bool = False
