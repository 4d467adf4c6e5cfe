"""Nobody is served with a key that was made up, and nobody needs one for a management command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
WORKER = ["-m", "celery", "--app=apps.config.celery:app", "worker", "--pool=solo"]
WEB = ["-c", "import apps.config.asgi"]
COMMAND = ["-c", "import django; django.setup(); from django.core.signing import dumps; dumps(1)"]


def _run(arguments: list[str], data_dir: Path, **more: str) -> subprocess.CompletedProcess[str]:
    passed = {name: value for name, value in os.environ.items() if name not in ("SECRET_KEY", "PYTHONWARNINGS")}
    given = {"DJANGO_SETTINGS_MODULE": "apps.config.settings.embedded", "VISUALFORGE_DATA_DIR": str(data_dir)}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=passed | given | more,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("arguments", [WEB, WORKER], ids=["web", "worker"])
def test_without_a_key_nobody_is_served(arguments: list[str], tmp_path: Path) -> None:
    ended = _run(arguments, tmp_path)
    assert ended.returncode == 1
    assert "There is no secret key: set SECRET_KEY" in ended.stderr


def test_a_management_command_runs_without_a_key(tmp_path: Path) -> None:
    assert _run(COMMAND, tmp_path).returncode == 0


def test_a_key_of_the_environment_or_of_the_data_folder_is_enough(tmp_path: Path) -> None:
    assert _run(WEB, tmp_path, SECRET_KEY="x" * 60).returncode == 0
    (tmp_path / "secret_key").write_text("y" * 60)
    assert _run(WEB, tmp_path).returncode == 0
