"""`python -m inference.engines.studio_sets.render --all|NAME [--size PX] [--spp N]`: render sets to light plates."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from inference.engines.studio_sets.render.contact_sheet import write_contact_sheet, write_library_sheet
from inference.engines.studio_sets.render.definition import (
    PLATES_DIR,
    SETS_DIR,
    DefinitionError,
    definition_paths,
    load_definition,
)
from inference.engines.studio_sets.render.mitsuba_runtime import RendererMissingError
from inference.engines.studio_sets.render.produce import Settings, produce


def main(arguments: list[str] | None = None) -> int:
    """Exit status 0 when every asked set is on disk and current, 3 when the time was over before."""
    options = _parser().parse_args(arguments)
    if not options.all and not options.names:
        print("Name a set, or --all.", file=sys.stderr)
        return 2
    paths = definition_paths() if options.all else [SETS_DIR / f"{name}.toml" for name in options.names]
    settings = Settings(options.cache, options.size, options.spp)
    clock = _Clock(options.minutes)
    try:
        for definition in [load_definition(path) for path in paths]:
            produce(definition, options.out, settings, clock.progress)
            if options.contact_sheet:
                write_contact_sheet(options.out / definition.name, options.contact_sheet / f"{definition.name}.png")
        if options.contact_sheet and options.all:
            folders = [options.out / path.stem for path in paths]
            write_library_sheet(folders, options.contact_sheet / "library.png")
    except (DefinitionError, RendererMissingError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except _TimeOverError:
        print(f"\n{options.minutes:g} minutes are over. Run it again: it goes on where it stopped.", file=sys.stderr)
        return 3
    return 0


class _TimeOverError(Exception):
    """The time that rendering was given is over."""


class _Clock:
    """Shows progress until `minutes` are over (0: never), then stops the work between two passes."""

    def __init__(self, minutes: float) -> None:
        self._end = time.monotonic() + 60 * minutes if minutes else float("inf")

    def progress(self, line: str) -> None:
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
        if time.monotonic() > self._end:
            raise _TimeOverError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m inference.engines.studio_sets.render", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="sets to render, as their files are called in sets/")
    parser.add_argument("--all", action="store_true", help="every set in sets/")
    parser.add_argument("--size", type=int, help="pixels along a plate, instead of those of the definition")
    parser.add_argument("--spp", type=int, help="light samples a pixel, instead of those of the definition")
    parser.add_argument("--minutes", type=float, default=0, help="stop between two passes after so long; 0: go on")
    parser.add_argument("--out", type=Path, default=PLATES_DIR, help="where the set folders go")
    parser.add_argument("--cache", type=Path, default=Path("build/studio-sets"), help="raw passes, to resume from")
    parser.add_argument("--contact-sheet", type=Path, help="folder for an overview of each set, and of --all")
    return parser


if __name__ == "__main__":
    sys.exit(main())
