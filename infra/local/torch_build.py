"""Installs the build of torch that fits the machine: CUDA where an NVIDIA driver runs, else the small CPU build.

Never together with torchvision: it has no CPU build here, and its presence breaks the imports of transformers.
Standard library only.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from infra.local import pip
from infra.local.errors import SetupError

CPU_BUILDS = "https://download.pytorch.org/whl/cpu"
NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")


def requirement_file(root: Path, group: str) -> Path:
    """Names the version of torch that a group needs; most groups have none."""
    return root / "infra" / "requirements" / f"{group}-torch.txt"


def install(root: Path, python: Path, group: str) -> None:
    """Install what `requirement_file` names, if there is one."""
    wanted = requirement_file(root, group)
    if not wanted.exists():
        return
    first, *others = attempts(wanted.read_text().strip(), NVIDIA_DRIVER.exists())
    try:
        pip.run(root, python, first)
    except SetupError:
        if not others:
            raise
        pip.run(root, python, others[0])


def attempts(requirement: str, has_gpu: bool) -> list[Sequence[str]]:
    """Arguments for pip, to be tried in order: the configured index, then the one that carries the CPU builds."""
    if has_gpu:
        return [(requirement,)]
    if sys.platform != "linux":
        return [("--no-deps", requirement)]
    cpu = ("--no-deps", f"{requirement}+cpu")
    return [cpu, ("--extra-index-url", CPU_BUILDS, *cpu)]
