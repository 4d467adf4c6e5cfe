"""rembg's segmentation networks, where their weights are on this machine or may be fetched.

rembg itself is MIT. Only models whose weights may be used in products that are sold are listed. Importing rembg
compiles numba kernels (half a minute the first time), so nothing of it is imported before the weights were verified.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from inference.errors import EngineFailed, EngineUnavailable, InputRejected
from inference.ops.finish import Segmentation, finish_cutout
from inference.ops.outline import outline_measures
from inference.ops.scaling import fitted_size, resized_plane, resized_rgb
from inference.ports import CutoutOptions, EngineStatus
from inference.types import F32, U8, Box, Cutout, Progress, no_progress

_RELEASE = "https://github.com/danielgatis/rembg/releases/download/v0.0.0/"
_RETRY_DOWNLOAD_AFTER_S = 900.0
_SOCKET_TIMEOUT_S = 20.0
_BOX_MARGIN = 0.08
_MASK_PX = 1024


@dataclass(frozen=True)
class Model:
    """One published weight file: where it is, its MD5 as rembg publishes it, and the licence of the weights."""

    file: str
    md5: str
    licence: str


MODELS = {
    "isnet-general-use": Model("isnet-general-use.onnx", "fc16ebd8b0c10d971d3513d564d01e29", "Apache-2.0"),
    "u2net": Model("u2net.onnx", "60024c5c889badc19c04ad937298a77b", "Apache-2.0"),
    "u2netp": Model("u2netp.onnx", "8e83ca70e441ab06c318d82300c84806", "Apache-2.0"),
    "birefnet-general": Model("BiRefNet-general-epoch_244.onnx", "7a35a0141cbbc80de11d9c9a28f52697", "MIT"),
    "birefnet-general-lite": Model(
        "BiRefNet-general-bb_swin_v1_tiny-epoch_232.onnx", "4fab47adc4ff364be1713e97b7e66334", "MIT"
    ),
}


class RembgEngine:
    """Cuts out with one of ``MODELS``. Weights are verified once per process, then kept in memory."""

    name = "rembg"

    def __init__(self, options: CutoutOptions) -> None:
        if options.model not in MODELS:
            known = ", ".join(MODELS)
            raise InputRejected(
                "cutout.model_not_allowed",
                f"{options.model!r} is not on the list of models that may be used commercially: {known}",
                model=options.model,
            )
        self._options = options
        self._model = MODELS[options.model]
        self._session: Any = None
        self._download_failed_at_s: float | None = None
        self.licence = self._model.licence
        self.revision = self._model.md5[:12]

    def status(self) -> EngineStatus:
        """Looks for the weight file only; its checksum is verified when it is loaded."""
        path = self._path()
        if path is None:
            return EngineStatus(False, "no folder for weights is configured", "set a weights folder")
        if path.is_file():
            return EngineStatus(True)
        if not self._options.allow_download:
            return EngineStatus(False, f"{path} is missing and downloads are off", self._how_to_get_weights(path))
        if self._download_rests():
            return EngineStatus(False, f"{self._model.file} could not be fetched", self._how_to_get_weights(path))
        return EngineStatus(True, f"{self._model.file} will be fetched on first use")

    def warm(self) -> None:
        """Fetch (if allowed), verify and load the weights."""
        self._loaded_session()

    def fetch(self) -> Path:
        """See ``ports.Fetchable``. Imports nothing heavy."""
        return self._verified_weights()

    def cut(self, rgb: U8, *, box: Box | None, on_progress: Progress = no_progress) -> Cutout:
        """See ``ports.CutoutEngine``. With a box the network sees only the box and a small margin."""
        on_progress("find", 0.0)
        session = self._loaded_session()
        on_progress("find", 0.3)
        probability = self._probability(session, rgb, box)
        on_progress("find", 1.0)
        small = resized_plane(probability, fitted_size((rgb.shape[1], rgb.shape[0]), _MASK_PX))
        mask = small > 0.5
        if not mask.any():
            raise InputRejected("cutout.nothing_found", "the network sees no product; draw a box around it")
        view = Box(0, 0, rgb.shape[1], rgb.shape[0])
        picture = resized_rgb(rgb, (mask.shape[1], mask.shape[0]))
        lab = cv2.cvtColor(picture.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB).astype(np.float32)
        measures = outline_measures(mask, lab, small - np.float32(0.5))
        measures["decided"] = float(np.abs(small - 0.5)[small > 0.02].mean() * 2)
        return finish_cutout(rgb, Segmentation(mask, view, measures), self.name, on_progress=on_progress)

    def _probability(self, session: Any, rgb: U8, box: Box | None) -> F32:
        from PIL import Image

        height, width = rgb.shape[:2]
        view = _with_margin(box, width, height) if box else Box(0, 0, width, height)
        window = np.s_[view.y : view.y + view.height, view.x : view.x + view.width]
        with np.errstate(invalid="ignore"):  # rembg divides by the range of a flat answer; the mask is then empty
            masks = session.predict(Image.fromarray(rgb[window]))
        probability = np.zeros((height, width), np.float32)
        probability[window] = np.asarray(masks[0], np.float32) / np.float32(255)
        if box is not None:
            inside = np.s_[box.y : box.y + box.height, box.x : box.x + box.width]
            kept = np.zeros_like(probability)
            kept[inside] = probability[inside]
            probability = kept
        return probability

    def _loaded_session(self) -> Any:
        if self._session is None:
            self._session = _open_session(self._options.model, self._verified_weights())
        return self._session

    def _verified_weights(self) -> Path:
        path = self._path()
        status = self.status()
        if path is None or not status.available:
            raise EngineUnavailable("cutout.weights_missing", f"{status.reason}; {status.next_step}")
        if not path.is_file():
            self._download(path)
        found = _md5(path)
        if found != self._model.md5:
            raise EngineUnavailable(
                "cutout.weights_corrupt",
                f"{path} has MD5 {found}, published is {self._model.md5}; {self._how_to_get_weights(path)}",
            )
        return path

    def _download(self, path: Path) -> None:
        partial = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _fetch(_RELEASE + self._model.file, partial)
            if _md5(partial) != self._model.md5:
                raise OSError("the checksum of what arrived is wrong")
            partial.replace(path)
        except OSError as error:
            self._download_failed_at_s = time.monotonic()
            raise EngineUnavailable(
                "cutout.weights_missing",
                f"{self._model.file} could not be fetched ({error}); {self._how_to_get_weights(path)}",
            ) from error
        finally:
            partial.unlink(missing_ok=True)

    def _download_rests(self) -> bool:
        failed = self._download_failed_at_s
        return failed is not None and time.monotonic() - failed < _RETRY_DOWNLOAD_AFTER_S

    def _path(self) -> Path | None:
        folder = self._options.weights_dir
        return None if folder is None else folder / f"{self._options.model}.onnx"

    def _how_to_get_weights(self, path: Path) -> str:
        return f"fetch {_RELEASE}{self._model.file} and save it as {path}"


def _open_session(model: str, path: Path) -> Any:
    import onnxruntime
    from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidGraph, InvalidProtobuf
    from rembg.sessions import sessions_class

    published = next(session for session in sessions_class if session.name() == model)
    # rembg looks for weights in folders named by environment variables; ours were found and verified already.
    local = type(published.__name__, (published,), {"download_models": classmethod(lambda cls, *_, **__: str(path))})
    try:
        return local(model, onnxruntime.SessionOptions(), providers=["CPUExecutionProvider"])
    except (Fail, InvalidGraph, InvalidProtobuf) as error:
        raise EngineFailed("cutout.model_not_loaded", f"onnxruntime can not load {path}: {error}") from error


def _fetch(address: str, path: Path) -> None:
    opened = urllib.request.urlopen(address, timeout=_SOCKET_TIMEOUT_S)  # noqa: S310 - addresses are constants, https
    with opened as answer, path.open("wb") as stream:
        shutil.copyfileobj(answer, stream, 1 << 20)


def _md5(path: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _with_margin(box: Box, width: int, height: int) -> Box:
    margin = round(_BOX_MARGIN * max(box.width, box.height))
    left, top = max(0, box.x - margin), max(0, box.y - margin)
    right, bottom = min(width, box.x + box.width + margin), min(height, box.y + box.height + margin)
    return Box(left, top, right - left, bottom - top)
