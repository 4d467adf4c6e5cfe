"""Pages that list what was asked for, latest first: batches and exports look alike."""

from __future__ import annotations

import datetime
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """A line of such a page; ``outcome`` says in the reader's language how far it is."""

    url: str
    label: str
    created_at: datetime.datetime
    outcome: str
