"""Mail as files, where no server is configured. Its links open accounts, so only the user of the process reads it."""

from __future__ import annotations

import os
from pathlib import Path

from django.core.mail.backends.filebased import EmailBackend

FOLDER_MODE = 0o700
FILE_MODE = 0o600


class PrivateFiles(EmailBackend):
    """Django's file backend, with a folder and files of the owner alone; a folder that was open is closed."""

    def open(self) -> bool | None:
        Path(self.file_path).chmod(FOLDER_MODE)
        os.close(os.open(self._get_filename(), os.O_WRONLY | os.O_CREAT, FILE_MODE))  # type: ignore[attr-defined]
        return super().open()
