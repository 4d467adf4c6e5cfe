"""What made a picture, written down so that it can be made again.

A recipe is plain JSON. ``canonical_json`` is the one serialisation that hashes are taken of: keys sorted, no spaces,
UTF-8, no NaN. ``recipe_hash`` covers what decides the picture (inputs and parameters) and leaves out what was found on
the way (``RESULT_KEYS``), so that equal requests have equal hashes before anything is rendered.
"""

from __future__ import annotations

import hashlib
import json
import weakref
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

SCHEMA = 1

RESULT_KEYS = frozenset({"parameters", "output", "gate", "measures", "warnings", "code", "source"})
"""Top-level keys of a recipe that describe the outcome or the occasion, not the request."""


def canonical_json(value: Any) -> str:
    """The one JSON text of a value. Raises TypeError or ValueError for what JSON can not hold."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256_json(value: Any) -> str:
    """Hex SHA-256 of ``canonical_json(value)``."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def recipe_hash(recipe: Mapping[str, Any]) -> str:
    """Hex SHA-256 of the part of a recipe that decides the picture."""
    return sha256_json({key: value for key, value in recipe.items() if key not in RESULT_KEYS})


_known: dict[int, tuple[weakref.ref[npt.NDArray[np.uint8]], str]] = {}


def pixels_sha256(pixels: npt.NDArray[np.uint8]) -> str:
    """Hex SHA-256 of an array's shape and samples: equal pixels, equal hash, whatever the file format was.

    An array that nobody can write to is hashed once: the photo of a product is the same for all its shots.
    """
    if not _is_frozen(pixels):
        return _digest(pixels)
    found = _known.get(id(pixels))
    if found is None or found[0]() is not pixels:
        key = id(pixels)
        found = (weakref.ref(pixels, lambda gone: _forget(key, gone)), _digest(pixels))
        _known[key] = found
    return found[1]


def _forget(key: int, gone: weakref.ref[npt.NDArray[np.uint8]]) -> None:
    """The array is gone; its place in memory may belong to another one by now."""
    if key in _known and _known[key][0] is gone:
        del _known[key]


def _is_frozen(pixels: npt.NDArray[np.uint8]) -> bool:
    """Whether neither the array nor one that it is a part of can be written to."""
    owner: Any = pixels
    while isinstance(owner, np.ndarray):
        if owner.flags.writeable:
            return False
        owner = owner.base
    return owner is None


def _digest(pixels: npt.NDArray[np.uint8]) -> str:
    digest = hashlib.sha256(f"{pixels.dtype.str}{list(pixels.shape)}".encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()
