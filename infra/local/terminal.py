"""What a person reads while VisualForge runs."""

from __future__ import annotations

from typing import TextIO

COLOURS = {"web": 36, "worker": 35, "relay": 34, "postgres": 33, "gpu": 32}
WIDTH = 8


class Terminal:
    """Our own lines stand out from those of the programs, which carry their name in front."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._coloured = out.isatty()

    def say(self, *lines: str) -> None:
        """Print lines of our own."""
        for line in lines:
            self._print(f"\033[1m{line}\033[0m" if self._coloured else line)

    def relay(self, name: str, line: str) -> None:
        """Print a line of a program."""
        head = f"{name:<{WIDTH}} |"
        self._print(f"\033[{COLOURS.get(name, 37)}m{head}\033[0m {line}" if self._coloured else f"{head} {line}")

    def _print(self, line: str) -> None:
        self._out.write(f"{line}\n")
        self._out.flush()
