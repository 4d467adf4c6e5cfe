"""How the bytes of a form come in: always to a file in quarantine, never more than the limit."""

from __future__ import annotations

import tempfile
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload, TemporaryFileUploadHandler

from apps.assets.decoding import quarantine_folder


class QuarantinedFile(TemporaryUploadedFile):
    """Gone when it is closed. Its name on disk says nothing about what was sent."""

    def __init__(self, name: str, content_type: str, charset: str | None) -> None:
        # The file closes with the request.
        file = tempfile.NamedTemporaryFile(dir=quarantine_folder(), suffix=".upload")  # noqa: SIM115
        UploadedFile.__init__(self, file, name, content_type, 0, charset)


class QuarantineHandler(TemporaryFileUploadHandler):
    """Stops to read where the limit is passed; the form then has no file, and ``request.upload_too_big`` is set."""

    received = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        FileUploadHandler.new_file(self, *args, **kwargs)
        self.file = QuarantinedFile(self.file_name or "", self.content_type or "", self.charset)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.received += len(raw_data)
        if self.received > settings.UPLOAD_MAX_BYTES:
            self.request.upload_too_big = True  # type: ignore[union-attr]
            raise StopUpload(connection_reset=True)
        super().receive_data_chunk(raw_data, start)
