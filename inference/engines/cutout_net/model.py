"""The shipped network as a function: part of a photo in, probability per pixel and expected IoU out.

onnxruntime is imported when the weights are loaded; they are 10 MB, lie beside this file and are verified first.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from inference.errors import EngineFailed, EngineUnavailable
from inference.ops.scaling import resized_plane, resized_rgb
from inference.ports import EngineStatus
from inference.types import F32, U8, Box

WEIGHTS = Path(__file__).parent / "weights.onnx"
CARD = Path(__file__).parent / "weights.json"
_MULTIPLE_PX = 32
_LEAST_PX, _MOST_PX = 64, 640
_LEAST = np.float32(1e-4)


@dataclass(frozen=True)
class Answer:
    """``probability`` float32 (H, W) at the network's size for the view; ``quality`` the IoU it expects, 0..1."""

    probability: F32
    quality: float


class Model:
    """Loads once, then answers. The same input gives the same answer, bit for bit, on one machine."""

    def __init__(self, weights: Path = WEIGHTS, card: Path = CARD) -> None:
        data, about = verified(weights, card)
        self._working_px = int(about["working_px"])
        self.confidence: Mapping[str, Sequence[float]] = about["confidence"]
        self._session = _opened(data, weights)

    def look(self, rgb: U8, *, view: Box, box: Box | None) -> Answer:
        """What the network sees in ``view`` of the photo and of its mirror image, told of ``box`` if there is one.

        Args:
            rgb: uint8 (H, W, 3), sRGB.
            view: the part that is shown, in pixels of the photo.
            box: where the product is, in pixels of the photo.
        """
        part = rgb[view.y : view.y + view.height, view.x : view.x + view.width]
        width, height = _network_size(view.width, view.height, self._working_px)
        planes = np.zeros((2, 4, height, width), np.float32)
        planes[0, :3] = resized_rgb(part, (width, height)).transpose(2, 0, 1) / np.float32(255)
        if box is not None:
            inside = np.zeros((view.height, view.width), np.float32)
            inside[box.y - view.y : box.y - view.y + box.height, box.x - view.x : box.x - view.x + box.width] = 1
            planes[0, 3] = resized_plane(inside, (width, height)) > 0.5
        planes[1] = planes[0, :, :, ::-1]
        mask, quality = self._session.run(["mask", "quality"], {"picture": planes})
        return Answer(_agreed(mask[0, 0], mask[1, 0, :, ::-1]), float(quality.mean()))


def _agreed(first: F32, second: F32) -> F32:
    """The mean of two opinions in log odds, as a probability."""
    odds = [np.log(kept / (1 - kept)) for kept in (np.clip(one, _LEAST, 1 - _LEAST) for one in (first, second))]
    return np.asarray(1 / (1 + np.exp(-(odds[0] + odds[1]) / 2)), np.float32)


def files_status(weights: Path, card: Path) -> EngineStatus:
    """Whether both files are there; their checksum is verified when they are loaded."""
    for path in (weights, card):
        if not path.is_file():
            return EngineStatus(False, f"{path} is missing", "install the package again")
    return EngineStatus(True)


def revision_of(card: Path) -> str:
    """Twelve hex digits of a card's SHA-256, which names the weights and how sure they are; empty without a card."""
    return hashlib.sha256(card.read_bytes()).hexdigest()[:12] if card.is_file() else ""


def sure(weights: Sequence[float], measures: Sequence[float]) -> float:
    """1 / (1 + exp(-(bias + sum of weight * measure))), 0..1; ``weights`` are the bias and one weight a measure."""
    total = weights[0] + sum(weight * value for weight, value in zip(weights[1:], measures, strict=True))
    return float(1 / (1 + np.exp(-total)))


def verified(weights: Path, card: Path) -> tuple[bytes, dict[str, Any]]:
    """The weight file's bytes and what its card says: ``working_px``, ``confidence`` (see ``sure``), ``sha256``.

    Raises:
        EngineUnavailable: ``cutout.weights_missing``, ``cutout.weights_corrupt``; the message says what to do.
    """
    advice = "install the package again, or restore the file from the repository"
    try:
        data = weights.read_bytes()
        published = json.loads(card.read_text(encoding="utf-8"))
    except OSError as error:
        raise EngineUnavailable("cutout.weights_missing", f"{error.filename} can not be read; {advice}") from error
    found = hashlib.sha256(data).hexdigest()
    if found != published["sha256"]:
        message = f"{weights} has SHA-256 {found}, ours is {published['sha256']}; {advice}"
        raise EngineUnavailable("cutout.weights_corrupt", message)
    return data, published


def _opened(data: bytes, weights: Path) -> Any:
    import onnxruntime
    from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidGraph, InvalidProtobuf

    # A second thread makes a picture this small hardly faster, and while it waits it keeps another job's core busy.
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except (Fail, InvalidGraph, InvalidProtobuf) as error:
        raise EngineFailed("cutout.model_not_loaded", f"onnxruntime can not load {weights}: {error}") from error


def _network_size(width: int, height: int, working_px: int) -> tuple[int, int]:
    """A size of about ``working_px`` squared in the view's proportions, both sides multiples of 32."""
    stretch = (width / height) ** 0.5
    sides = (working_px * stretch, working_px / stretch)
    across, down = (int(np.clip(round(side / _MULTIPLE_PX) * _MULTIPLE_PX, _LEAST_PX, _MOST_PX)) for side in sides)
    return across, down
