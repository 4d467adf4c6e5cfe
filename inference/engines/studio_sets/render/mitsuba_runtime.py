"""The one door to Mitsuba and its denoisers: picks a variant once and says in one sentence what is missing.

``VISUALFORGE_MITSUBA_VARIANT`` names another variant than ``llvm_ad_rgb``: ``cuda_ad_rgb`` renders and denoises on an
NVIDIA GPU with OptiX and needs neither LLVM nor Open Image Denoise.
"""

from __future__ import annotations

import functools
import importlib
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from inference.types import F32

VARIANT_SETTING = "VISUALFORGE_MITSUBA_VARIANT"
LLVM_CANDIDATES = (
    "/usr/lib/x86_64-linux-gnu/libLLVM-19.so",
    "/usr/lib/aarch64-linux-gnu/libLLVM-19.so",
    "/usr/lib/llvm-19/lib/libLLVM.so",
)


class RendererMissingError(RuntimeError):
    """Something that rendering needs is not installed; the message says what, and how to get it."""


def variant() -> str:
    """The variant that this process renders with."""
    return os.environ.get(VARIANT_SETTING) or "llvm_ad_rgb"


@functools.cache
def mitsuba() -> ModuleType:
    """Mitsuba with the chosen variant set. Raises RendererMissingError."""
    if variant().startswith("llvm"):
        _find_llvm()
    try:
        mi = importlib.import_module("mitsuba")
    except ImportError as error:
        raise RendererMissingError(
            "Mitsuba is not installed: run `pip install -r infra/requirements/sets.in`."
        ) from error
    known = [name for name in mi.variants() if name.endswith("_ad_rgb")]
    if variant() not in known:
        raise RendererMissingError(f"{VARIANT_SETTING} is {variant()!r}; set it to one of: {', '.join(known)}.")
    mi.set_variant(variant())
    return mi


@functools.cache
def drjit() -> ModuleType:
    """Dr.Jit, the arrays that Mitsuba computes with. Raises RendererMissingError."""
    mitsuba()
    return importlib.import_module("drjit")


@functools.cache
def oidn() -> ModuleType:
    """Intel Open Image Denoise. Raises RendererMissingError."""
    try:
        import pyoidn
    except (ImportError, OSError) as error:
        raise RendererMissingError(
            "Open Image Denoise is not installed: run `pip install -r infra/requirements/sets.in`."
        ) from error
    return pyoidn  # type: ignore[no-any-return]


def require_denoiser() -> None:
    """Before hours of work: is there something to denoise with? Raises RendererMissingError."""
    if not variant().startswith("cuda"):
        oidn()


def denoised(colour: F32, *, quality: str, albedo: F32 | None = None, normal: F32 | None = None) -> F32:
    """Linear radiance (H, W, 3) without its noise; guides of the same shape are taken as free of noise.

    Open Image Denoise, which knows ``quality`` ("balanced", "high"), or OptiX where the variant is one of CUDA.

    Raises:
        RendererMissingError: the denoiser is not installed.
    """
    guides = {name: layer for name, layer in (("albedo", albedo), ("normal", normal)) if layer is not None}
    if variant().startswith("cuda"):
        return _denoised_by_optix(colour, guides)
    clean = oidn().denoise(np.ascontiguousarray(colour), hdr=True, clean_aux=bool(guides), quality=quality, **guides)
    return np.asarray(clean, np.float32)


def _denoised_by_optix(colour: F32, guides: dict[str, F32]) -> F32:
    mi = mitsuba()
    size = (colour.shape[1], colour.shape[0])
    with_albedo, with_normals = "albedo" in guides, "normal" in guides
    denoiser: Any = mi.OptixDenoiser(input_size=size, albedo=with_albedo, normals=with_normals)
    layers = {"albedo": guides.get("albedo"), "normals": guides.get("normal")}
    given = {name: mi.TensorXf(np.ascontiguousarray(layer)) for name, layer in layers.items() if layer is not None}
    return np.array(denoiser(mi.TensorXf(np.ascontiguousarray(colour)), **given), np.float32)


def _find_llvm() -> None:
    """Point Dr.Jit to LLVM 19: it aborts the process with LLVM 15 and 16, which Debian may offer first."""
    if os.environ.get("DRJIT_LIBLLVM_PATH"):
        return
    for candidate in LLVM_CANDIDATES:
        if Path(candidate).exists():
            os.environ["DRJIT_LIBLLVM_PATH"] = candidate
            return
    raise RendererMissingError(
        "LLVM 19 was not found: run `apt-get install libllvm19` or set DRJIT_LIBLLVM_PATH to its libLLVM .so file."
    )
