"""The pinhole camera of a plate, crop windows of it, and where its pixels are in the world.

World: metres, z up, right-handed. Pixel centres lie at integer + 0.5. A canvas is a window of the plate at another
scale; because a crop only moves the principal point and changes the focal length, it is a camera of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """A rectangle of the plate in plate pixels, and the size in pixels that it is shown at."""

    left: float
    top: float
    width: float
    height: float
    out_width: int
    out_height: int

    @property
    def scale(self) -> float:
        """Canvas pixels per plate pixel."""
        return self.out_width / self.width


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole. ``right``, ``down`` and ``forward`` are unit vectors; ``focal_px``, ``centre_px`` are in pixels."""

    origin: F64
    right: F64
    down: F64
    forward: F64
    focal_px: float
    centre_px: tuple[float, float]

    @classmethod
    def from_look_at(cls, raw: dict[str, Any], plate_size: tuple[int, int]) -> Camera:
        """The camera of a plate from ``origin``, ``target``, ``up`` and ``fov_x_deg``."""
        origin = np.asarray(raw["origin"], np.float64)
        forward = _unit(np.asarray(raw["target"], np.float64) - origin)
        right = _unit(np.cross(forward, np.asarray(raw.get("up", (0, 0, 1)), np.float64)))
        focal = plate_size[0] / 2 / math.tan(math.radians(raw["fov_x_deg"]) / 2)
        centre = (plate_size[0] / 2, plate_size[1] / 2)
        return cls(origin, right, np.cross(forward, right), forward, focal, centre)

    def through(self, window: Window) -> Camera:
        """The same camera seen through a crop window."""
        centre = (
            (self.centre_px[0] - window.left) * window.scale,
            (self.centre_px[1] - window.top) * window.scale,
        )
        return replace(self, focal_px=self.focal_px * window.scale, centre_px=centre)

    def mirrored(self, width_px: float) -> Camera:
        """The camera of the picture flipped left to right, in a world whose x axis is flipped with it."""
        flip = np.array([-1.0, 1.0, 1.0])
        return replace(
            self,
            origin=self.origin * flip,
            right=-self.right * flip,
            down=self.down * flip,
            forward=self.forward * flip,
            centre_px=(width_px - self.centre_px[0], self.centre_px[1]),
        )

    def project(self, point: F64) -> tuple[float, float, float]:
        """(x, y) in pixels and the planar depth in metres of one world point."""
        ray = point - self.origin
        depth = float(ray @ self.forward)
        return (
            self.centre_px[0] + self.focal_px * float(ray @ self.right) / depth,
            self.centre_px[1] + self.focal_px * float(ray @ self.down) / depth,
            depth,
        )

    def at_fraction(self, fraction: float) -> Camera:
        """The camera of the same picture resized by ``fraction``."""
        centre = (self.centre_px[0] * fraction, self.centre_px[1] * fraction)
        return replace(self, focal_px=self.focal_px * fraction, centre_px=centre)


def _unit(vector: F64) -> F64:
    return vector / float(np.linalg.norm(vector))


@dataclass(frozen=True, eq=False)
class Frame:
    """Axes in which a standing product is easy: ``across`` to the right, ``behind`` away from the camera, ``up``.

    All three are unit vectors, ``across`` and ``behind`` are horizontal; ``origin`` is the front of the base.
    """

    origin: F64
    across: F64
    behind: F64
    up: F64

    @classmethod
    def facing(cls, camera: Camera, origin: F64) -> Frame:
        """The frame at ``origin`` whose card faces the camera."""
        up = np.array([0.0, 0.0, 1.0])
        behind = camera.forward - up * float(camera.forward @ up)
        behind = _unit(behind)
        across = camera.right - up * float(camera.right @ up)
        return cls(np.asarray(origin, np.float64), _unit(across), behind, up)

    @property
    def rotation(self) -> F64:
        """Rows are the axes: ``rotation @ (p - origin)`` are frame coordinates."""
        return np.stack([self.across, self.behind, self.up])

    def local(self, point: npt.ArrayLike) -> F64:
        """World point(s) (..., 3) in frame coordinates."""
        return (np.asarray(point, np.float64) - self.origin) @ self.rotation.T
