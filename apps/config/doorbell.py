"""The broker of a single machine: a folder with one file a message.

kombu's own transport writes a message into the folder bit by bit; a worker that looks at that moment reads half of it
and crashes. Here a message appears in one piece.
"""

from __future__ import annotations

import os
import time
import uuid
from pathlib import Path
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    # kombu's own classes disagree about the second argument's name.
    def _put(self, queue: str, payload: dict[str, Any], **kwargs: Any) -> None:  # type: ignore[override]
        """Raises OSError when the folder can not be written."""
        folder = Path(self.data_folder_out)
        name = f"{round(time.monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        partial = folder / f".{name}.partial"
        partial.write_text(dumps(payload))  # type: ignore[no-untyped-call]
        os.replace(partial, folder / name)


class Transport(filesystem.Transport):
    Channel = Channel


def install() -> None:
    """Serve ``filesystem://`` from here."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
