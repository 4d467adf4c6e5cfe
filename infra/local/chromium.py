"""Chromium for the browser tests: found on the machine, or installed from Debian where that is permitted."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from infra.local.errors import SetupError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOW_TO = (
    "Chromium is missing, which the browser tests drive; install it (Debian and Ubuntu: apt-get install chromium), "
    "or set CHROMIUM_PATH to the program."
)


def find(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The Chromium of this machine: CHROMIUM_PATH, or the first known name on PATH."""
    if environment.get("CHROMIUM_PATH"):
        named = Path(environment["CHROMIUM_PATH"])
        if not os.access(named, os.X_OK):
            raise SetupError(f"CHROMIUM_PATH points to {named}, which is no program; correct it or unset it.")
        return named
    for name in NAMES:
        found = shutil.which(name, path=environment.get("PATH"))
        if found:
            return Path(found)
    return None


def require() -> Path:
    """The Chromium of this machine. Raises SetupError with the way to get one."""
    found = find()
    if found is None:
        raise SetupError(HOW_TO)
    return found


def install(log: Path) -> bool:
    """Install Debian's Chromium when we are root and have apt-get; whether it is there now."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        for arguments in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            # A failed update is no reason to stop: the lists may be there already.
            subprocess.run(
                ["apt-get", *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
            )
    return find() is not None
