"""How bytes of a form come in: always to a file in quarantine, never more than the limit."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler

from apps.assets.decoding import quarantine_folder


class QuarantineHandler(TemporaryFileUploadHandler):
    """Stops to read where the limit is passed; the form then has no file, and ``request.upload_too_big`` is set."""

    received = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        quarantine_folder()
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.received += len(raw_data)
        if self.received > settings.UPLOAD_MAX_BYTES:
            self.request.upload_too_big = True  # type: ignore[union-attr]
            raise StopUpload(connection_reset=True)
        super().receive_data_chunk(raw_data, start)
