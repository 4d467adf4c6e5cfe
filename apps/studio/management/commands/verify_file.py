"""Say whether a file was made here and is unaltered: ``manage.py verify_file FILE``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from apps.studio.exports.identity import signing_identity, trust_pem


class Command(BaseCommand):
    help = (
        "Examines a picture: ours, altered, stripped, foreign, unknown or unreadable; or the ZIP of an export, or its "
        "report.json. Exit status 1 unless it is ours and unaltered."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--manifest", type=Path, help="credentials beside the file (default: FILE.c2pa)")

    def handle(self, *args: Any, **options: Any) -> None:
        # In a process of its own, as everything that looks at files of strangers.
        with tempfile.NamedTemporaryFile(suffix=".pem") as trust:
            # Pictures are signed by what a root vouches for, reports by our own certificate itself.
            is_list = options["file"].suffix.lower() in (".zip", ".json")
            trust.write(signing_identity().chain_pem if is_list else trust_pem())
            trust.flush()
            command = [
                sys.executable,
                "-m",
                "inference",
                "verify",
                str(options["file"].resolve()),
                "--trust",
                trust.name,
            ]
            if options["manifest"]:
                command += ["--manifest", str(options["manifest"].resolve())]
            done = subprocess.run(
                command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False, env=dict(os.environ)
            )
        found = json.loads(done.stdout) if done.stdout else {"verdict": "unreadable"}
        self.stdout.write(json.dumps(found, ensure_ascii=False))
        if done.returncode != 0:
            sys.exit(1)
