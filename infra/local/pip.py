"""Runs pip on a hash-locked requirements file and turns its failures into one sentence. Standard library only."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.local.errors import SetupError

# What pip prints, and what a person should do about it. The first match wins.
REASONS = (
    (("No space left on device",), "the disk is full; free 2 GB, then run the command again"),
    (
        ("DO NOT MATCH THE HASHES",),
        "a package differs from the locked hash; check the package index that pip is configured with",
    ),
    (
        (
            "NewConnectionError",
            "NameResolutionError",
            "Temporary failure in name resolution",
            "ConnectTimeoutError",
            "ReadTimeoutError",
            "Network is unreachable",
            "ProxyError",
            "SSLError",
            "ConnectionError",
        ),
        "the package index can not be reached; check the network and pip's configuration",
    ),
    (
        ("Python.h: No such file", "Python.h' file not found"),
        "a package has to be compiled and Python's headers are missing; install them "
        "(Debian and Ubuntu: apt-get install python3-dev gcc)",
    ),
    (
        ("(from versions: none)",),
        "the package index can not be reached, or has nothing for this Python and machine; check the network and pip's "
        "configuration (Python 3.11 on 64-bit Linux is known to work: make run PYTHON=python3.11)",
    ),
    (
        ("No matching distribution found", "Could not find a version"),
        "the package index does not carry a locked version; check pip's configuration",
    ),
    (("Permission denied",), "a folder can not be written; check who owns .venv"),
)


def install(root: Path, python: Path, lock: Path) -> None:
    """Install exactly `lock` (every package hashed, none resolved) for the interpreter `python`."""
    run(root, python, ["--require-hashes", "--no-deps", "-r", str(lock)])


def run(root: Path, python: Path, arguments: Sequence[str]) -> None:
    """`pip install` for the interpreter `python`. Raises SetupError with one sentence when it fails."""
    log = root / ".cache" / "pip.log"
    command = [*_pip(python), "install", "--progress-bar=off", *arguments]
    # Settings that people have for their own work and that would lead pip out of the virtual environment.
    environment = {name: value for name, value in os.environ.items() if name not in ("PIP_USER", "PIP_TARGET")}
    environment |= {"PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    with log.open("wb") as output:
        finished = subprocess.run(
            command, cwd=root, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False
        )
    if finished.returncode:
        raise SetupError(
            f"The packages could not be installed: {reason(log.read_text(errors='replace'))}. All of pip's words: {log}"
        )


def reason(output: str) -> str:
    """Why pip failed, in words that say what to do."""
    for patterns, sentence in REASONS:
        if any(pattern in output for pattern in patterns):
            return sentence
    errors = [line for line in output.splitlines() if line.startswith("ERROR:")]
    return errors[0].removeprefix("ERROR: ").rstrip(".") if errors else "pip stopped without saying why"


def _pip(python: Path) -> list[str]:
    # -I: packages that PYTHONPATH happens to show would count as installed.
    if next((python.parent.parent / "lib").glob("python3*/site-packages/pip"), None):
        return [str(python), "-I", "-m", "pip"]
    if importlib.util.find_spec("pip") is None:
        raise SetupError("There is no pip for .venv; install python3-venv, remove .venv, then run the command again.")
    return [sys.executable, "-I", "-m", "pip", "--python", str(python)]
