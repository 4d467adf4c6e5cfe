"""`make check`: everything that a machine can say about the code without running it. All checks run, then we fail."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
AT_ONCE = 2
# What a real installation sets; --deploy then looks at the settings that people will run with.
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "apps.config.settings.production",
    "SECRET_KEY": "".join(chr(33 + (7 * place) % 90) for place in range(64)),
    "ALLOWED_HOSTS": "visualforge.example",
    "DATABASE_URL": "postgresql://vf_app:secret@database.example/visualforge",
    "CELERY_BROKER_URL": "amqp://vf:secret@broker.example//",
    "EMAIL_HOST": "mail.example",
}
TESTING = {
    "DJANGO_SETTINGS_MODULE": "apps.config.settings.test",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
}


@dataclass(frozen=True)
class Check:
    """One tool, run as a module of our interpreter."""

    name: str
    arguments: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)


CHECKS = (
    Check("types", ("-m", "mypy", "apps", "inference", "infra", "manage.py"), TESTING),
    Check("lint", ("-m", "ruff", "check", ".")),
    Check("format", ("-m", "ruff", "format", "--check", ".")),
    Check("imports", ("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()")),
    Check("deployment", ("manage.py", "check", "--deploy", "--fail-level", "WARNING"), PRODUCTION),
    Check("migrations", ("manage.py", "makemigrations", "--check", "--dry-run"), TESTING),
    Check("templates", ("-m", "djlint", "templates", "--lint", "--quiet")),
)


def run(check: Check) -> tuple[bool, str]:
    """Whether `check` passed, and what to print about it: one line, or everything it said."""
    began = time.monotonic()
    finished = subprocess.run(
        [sys.executable, *check.arguments],
        cwd=ROOT,
        env=os.environ | check.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - began
    if finished.returncode == 0:
        return True, f"ok      {check.name} ({seconds:.1f} s)"
    return False, f"FAILED  {check.name}\n{finished.stdout.rstrip()}\n"


def main(names: Sequence[str]) -> int:
    """Run the checks whose names start with one of `names`, or all."""
    chosen = [check for check in CHECKS if not names or check.name.startswith(tuple(names))]
    failed = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for passed, report in pool.map(run, chosen):
            print(report, flush=True)
            failed += not passed
    print(f"{failed} of {len(chosen)} checks failed." if failed else f"All {len(chosen)} checks passed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
