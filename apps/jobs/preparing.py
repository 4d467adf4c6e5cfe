"""Whether the engines of this machine are still being prepared, in which time jobs wait and nothing is wrong.

`make run` opens the site at once and compiles kernels beside it. A note in the data folder says so until the first
worker listens; whoever starts web and workers in another way has no note.
"""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

NOTE = "preparing"


def is_going_on() -> bool:
    return _note().exists()


def is_over() -> None:
    """A worker listens."""
    _note().unlink(missing_ok=True)


def _note() -> Path:
    return Path(settings.DATA_DIR) / NOTE
