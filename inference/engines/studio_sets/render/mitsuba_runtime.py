"""The one door to Mitsuba and OIDN: picks a variant once and says in one sentence what is missing."""

from __future__ import annotations

import functools
import importlib
import os
from pathlib import Path
from types import ModuleType

# The setting that chooses what Mitsuba renders with: any processor with LLVM 19, or a graphics card with OptiX.
VARIANT = "VISUALFORGE_MITSUBA_VARIANT"
VARIANTS = ("llvm_ad_rgb", "cuda_ad_rgb")
LLVM_CANDIDATES = (
    "/usr/lib/x86_64-linux-gnu/libLLVM-19.so",
    "/usr/lib/aarch64-linux-gnu/libLLVM-19.so",
    "/usr/lib/llvm-19/lib/libLLVM.so",
)


class RendererMissingError(RuntimeError):
    """Something that rendering needs is not installed; the message says what, and how to get it."""


def variant() -> str:
    """The variant that renders here. Plates of different ones differ by noise alone. Raises RendererMissingError."""
    name = os.environ.get(VARIANT) or VARIANTS[0]
    if name not in VARIANTS:
        raise RendererMissingError(f"{VARIANT} is {name!r}: set it to {' or '.join(VARIANTS)}.")
    return name


@functools.cache
def mitsuba() -> ModuleType:
    """Mitsuba with the variant of this machine set. Raises RendererMissingError."""
    name = variant()
    if name.startswith("llvm"):
        _find_llvm()
    try:
        mi = importlib.import_module("mitsuba")
    except ImportError as error:
        raise RendererMissingError(
            "Mitsuba is not installed: run `pip install -r infra/requirements/sets.in`."
        ) from error
    mi.set_variant(name)
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
