"""`make test`: gets the machine ready for the tests, then becomes pytest, whose closing line is the last.

Tests run on every core that we may use, in one process each (tests/distribution.py says which tests stay together).
A few files, or tests picked by name, run in one process, because starting more would take longer than they save.
Whoever says something about processes, a debugger or the output gets exactly that: `make test ARGS='-n 0'`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from apps.core.env import usable_cores
from infra.local import chromium, steps
from infra.local.errors import SetupError
from infra.local.programs import ONE_THREAD_EACH

ROOT = Path(__file__).resolve().parents[2]
FEW_FILES = 4
"""So many test files, or fewer, are no work for several processes."""
MOST_PROCESSES = 8
"""Each takes up to 1.5 GB of memory."""
ONE_PROCESS = ("--pdb", "--trace", "-s", "--capture=no", "--co", "--fixtures", "--markers", "--setup-")
"""How options begin that several processes can not serve, or that run nothing."""
FEW_TESTS = ("-k", "--lf", "--last-failed", "--sw", "--stepwise", "--nf", "--ff")
DECIDED = ("-n", "--numprocesses", "--maxprocesses", "--dist", "--tx", "-h", "--help", "--version", "-V")


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
    wanted = processes(arguments, ROOT, cores=usable_cores())
    spread = [] if wanted is None else [f"--numprocesses={wanted}"]
    for name in ONE_THREAD_EACH if wanted else ():
        os.environ.setdefault(name, "1")
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *spread, *arguments])  # noqa: S606 - ourselves, as pytest


def processes(arguments: Sequence[str], root: Path, *, cores: int) -> int | None:
    """In how many processes pytest runs the tests that ``arguments`` choose below ``root``; None: in its own alone."""
    if any(word.startswith((*ONE_PROCESS, *FEW_TESTS, *DECIDED)) for word in arguments):
        return None
    files = {file for path in _chosen(arguments, root) for file in _test_files(path)}
    return min(cores, MOST_PROCESSES) if cores > 1 and len(files) > FEW_FILES else None


def _chosen(arguments: Sequence[str], root: Path) -> list[Path]:
    """The paths among ``arguments``; all tests where there is none."""
    words = [word.partition("::")[0] for word in arguments if not word.startswith("-")]
    return [root / word for word in words if (root / word).exists()] or [root / "tests"]


def _test_files(path: Path) -> Iterator[Path]:
    return iter([path]) if path.is_file() else path.rglob("test_*.py")


if __name__ == "__main__":
    main(sys.argv[1:])
