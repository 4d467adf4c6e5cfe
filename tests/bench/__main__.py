"""`make bench [ONLY=prefix]`: runs every bench_*.py beside this file and prints one JSON line a figure.

A module offers `run(only: str) -> Iterable[dict]`; each dict has at least name, value and unit. `only` is the prefix of
the figures that were asked for, so that a module can leave out what nobody asked for. Not pytest: nothing is asserted.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def figures(only: str) -> Iterable[dict[str, Any]]:
    """The figures of all modules whose name starts with `only`."""
    for path in sorted(HERE.glob("bench_*.py")):
        module = importlib.import_module(f"{__package__}.{path.stem}")
        for figure in module.run(only):
            if figure["name"].startswith(only):
                yield figure


def main() -> int:
    """Print the figures; 1 when there was none to print."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--only", default="", help="prefix of the figures to measure")
    only = parser.parse_args().only
    count = 0
    for figure in figures(only):
        print(json.dumps(figure), flush=True)
        count += 1
    if not count:
        print(f"No figure starts with {only!r}." if only else "There is nothing to measure yet.", file=sys.stderr)
    return 0 if count else 1


if __name__ == "__main__":
    sys.exit(main())
