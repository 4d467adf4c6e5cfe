"""`make test`: gets the machine ready for the tests, then becomes pytest, whose closing line is the last.

Pytest is asked to use as many processes as suit what it is asked to run (tests/distribution.py says how many). Whoever
says a number gets that one: `make test ARGS='-n 0'`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.local import chromium, steps
from infra.local.errors import SetupError

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str]) -> None:
    """Never skips the browser tests silently: without Chromium they fail with the sentence that says how to get it."""
    if chromium.find() is None:
        print("Installing Chromium for the browser tests …", flush=True)
        if not chromium.install(ROOT / ".cache" / "apt.log"):
            print(chromium.HOW_TO, file=sys.stderr, flush=True)
    try:
        # Tests with real deadlines should meet kernels that are compiled, as people do.
        steps.do([steps.warm(ROOT, os.environ)], lambda line: print(line, flush=True))
    except SetupError as error:
        print(error, file=sys.stderr, flush=True)
    os.chdir(ROOT)
    command = [sys.executable, "-m", "pytest", "--numprocesses=auto", *arguments]
    os.execv(sys.executable, command)  # noqa: S606 - ourselves, as pytest


if __name__ == "__main__":
    main(sys.argv[1:])
