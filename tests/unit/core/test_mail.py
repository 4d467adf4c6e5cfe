"""Mail that waits in files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core import mail


def test_only_the_user_of_the_process_can_read_it(tmp_path: Path, settings: Any) -> None:
    settings.EMAIL_BACKEND = "apps.core.mail.PrivateFiles"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    settings.EMAIL_FILE_PATH.mkdir(mode=0o755)
    mail.send_mail("Hello", "A secret link", None, ["ann@example.com"])
    (letter,) = settings.EMAIL_FILE_PATH.iterdir()
    assert "A secret link" in letter.read_text()
    assert (settings.EMAIL_FILE_PATH.stat().st_mode & 0o777, letter.stat().st_mode & 0o777) == (0o700, 0o600)
