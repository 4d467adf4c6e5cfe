"""Whether this Python has all that VisualForge needs of it. Standard library only, on any version from 3.11.

Two sorts of Python lack something: those of distributions that put venv into a package of its own, and those that
somebody built where the headers of a library were missing, which leaves the module out without a word.
"""

from __future__ import annotations

import importlib
import importlib.util

from infra.local.errors import SetupError

LIBRARIES = {
    "ssl": "libssl-dev",
    "ctypes": "libffi-dev",
    "zlib": "zlib1g-dev",
    "bz2": "libbz2-dev",
    "lzma": "liblzma-dev",
}
"""Modules that are left out where headers were missing, and Debian's packages that hold those headers."""


def check() -> None:
    """Raises SetupError with one sentence about what is missing."""
    left_out = [name for name in LIBRARIES if not _loads(name)]
    if left_out:
        raise SetupError(
            f"This Python was built without {_listed(left_out)}, because headers were missing; install them and build "
            f"it again (Debian and Ubuntu: apt-get install {' '.join(LIBRARIES[name] for name in left_out)}), "
            "or name another one: make run PYTHON=/usr/bin/python3"
        )
    if not has("venv") or not (has("ensurepip") or has("pip")):
        raise SetupError(
            "This Python comes without its venv module; install it (Debian and Ubuntu: apt-get install python3-venv), "
            "or name another one: make run PYTHON=/path/to/python3.11"
        )


def has(module: str) -> bool:
    """Whether a module of the standard library, or pip, is there; it is not imported."""
    return importlib.util.find_spec(module) is not None


def _loads(module: str) -> bool:
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True


def _listed(words: list[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
