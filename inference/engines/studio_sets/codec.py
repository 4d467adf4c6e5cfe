"""How plates are stored: float arrays to compressed bytes and back, described by a small `encoding` table in set.json.

Light plates are 16-bit JPEG 2000 over a square-root curve: the curve spends codes where the eye sees steps, 16 bits
leave no bands in smooth walls, and wavelets have no blocks. Curves (`encoding["curve"]`):

- sqrt: linear radiance or albedo, value = scale * (v / 65535)^2
- unit: coverage 0..1
- signed: normals -1..1
- inverse: depth in metres, v linear in 1 / depth between near_m and far_m; 65535 = nothing (infinite)
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Encoding = dict[str, Any]
FULL = 65535.0
NOTHING = 65535


def encode_jp2(values: Floats, encoding: Encoding, compression_x1000: int) -> bytes:
    """Lossy 16-bit JPEG 2000 of (H, W) or (H, W, 3) values; `compression_x1000` is OpenCV's share of the raw size."""
    parameters = [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, compression_x1000]
    return _write(".jp2", _companded(values, encoding), parameters)


def encode_png(values: Floats, encoding: Encoding, bits: int = 16) -> bytes:
    """Lossless PNG of (H, W) values at 8 or 16 bits."""
    codes = _companded(values, encoding)
    if bits == 8:
        codes = np.round(codes / 257.0).astype(np.uint8)
    return _write(".png", codes, [cv2.IMWRITE_PNG_COMPRESSION, 9, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_ALL_FILTERS])


def decode(data: bytes, encoding: Encoding) -> Floats:
    """Bytes of a plate to float32: (H, W, 3) RGB or (H, W). Raises ValueError for bytes that are no picture."""
    codes = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if codes is None:
        raise ValueError("a plate file is damaged: it is no readable picture")
    if codes.ndim == 3:
        codes = cv2.cvtColor(codes, cv2.COLOR_BGR2RGB)
    nothing = codes == NOTHING if encoding["curve"] == "inverse" else None
    values = codes.astype(np.float32)
    values /= np.float32(255.0 if codes.dtype == np.uint8 else FULL)
    return _expanded(values, encoding, nothing)


def _expanded(values: Floats, encoding: Encoding, nothing: NDArray[np.bool_] | None) -> Floats:
    match encoding["curve"]:
        case "sqrt":
            np.square(values, out=values)
            values *= np.float32(encoding["scale"])
        case "signed":
            values = values * 2 - 1
        case "inverse":
            near, far = 1 / encoding["near_m"], 1 / encoding["far_m"]
            values = np.asarray(1 / (near + values * np.float32(FULL / (NOTHING - 1)) * (far - near)), np.float32)
            values[nothing] = np.inf
        case "unit":
            pass
        case curve:
            raise ValueError(f"unknown plate encoding {curve!r}")
    return values


def _companded(values: Floats, encoding: Encoding) -> NDArray[np.uint16]:
    match encoding["curve"]:
        case "sqrt":
            codes = FULL * np.sqrt(np.clip(values / encoding["scale"], 0, 1))
        case "unit":
            codes = FULL * np.clip(values, 0, 1)
        case "signed":
            codes = FULL * np.clip(values * 0.5 + 0.5, 0, 1)
        case "inverse":
            near, far = 1 / encoding["near_m"], 1 / encoding["far_m"]
            share = np.clip((1 / np.maximum(values, 1e-6) - near) / (far - near), 0, 1)
            codes = np.where(np.isfinite(values), (NOTHING - 1) * share, NOTHING)
        case curve:
            raise ValueError(f"unknown plate encoding {curve!r}")
    return np.asarray(np.round(codes), np.uint16)


def _write(extension: str, codes: NDArray[Any], parameters: list[int]) -> bytes:
    if codes.ndim == 3:
        codes = cv2.cvtColor(codes, cv2.COLOR_RGB2BGR)
    done, buffer = cv2.imencode(extension, codes, parameters)
    if not done:
        raise ValueError(f"OpenCV could not write {extension}")
    return buffer.tobytes()
