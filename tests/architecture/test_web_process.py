"""The web process stays small: it never loads what only a worker needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from tests.architecture.sources import ROOT

BOOT = """
import json, sys
import django
django.setup()
from django.core.management import call_command
call_command("check")
import apps.config.asgi
from django.test import Client
answer = Client().get("/accounts/login/")
assert answer.status_code == 200, answer.status_code
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""
FOR_WORKERS_ONLY = {
    "torch",
    "torchvision",
    "diffusers",
    "transformers",
    "onnxruntime",
    "rembg",
    "mitsuba",
    "drjit",
    "pymatting",
    "numba",
    "cv2",
    "skimage",
    "scipy",
}


def test_the_web_process_boots_checks_and_answers_without_the_workers_libraries() -> None:
    finished = subprocess.run(
        [sys.executable, "-c", BOOT],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "apps.config.settings.test"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    loaded = set(json.loads(finished.stdout.splitlines()[-1]))
    assert "django" in loaded
    assert loaded & FOR_WORKERS_ONLY == set()
