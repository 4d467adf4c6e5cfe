"""The whole site for browser tests: web, worker and relay as processes, on the test database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from infra.local.preflight import Options
from infra.local.programs import WORKER, web
from tests.programs import ROOT, started

START_S = 180


@dataclass(frozen=True)
class Site:
    """``address`` has no slash at its end."""

    address: str
    logs: Path

    def last_words(self) -> str:
        """The end of what the web process said."""
        return (self.logs / "web.log").read_text()[-3000:]


def with_database(url: str, name: str) -> str:
    """``url`` with another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@contextmanager
def running_site(*, port: int, database: str, data_dir: Path, secret_key: str) -> Iterator[Site]:
    """Start everything as it is installed, wait until the site answers, and end everything.

    ``secret_key`` signs sessions: with that of the tests, a session that they make is good here too.
    """
    options = Options(port=port, data_dir=data_dir, workers=1)
    environment = os.environ | {
        "DATABASE_URL": with_database(os.environ["DATABASE_URL"], database),
        "VISUALFORGE_DATA_DIR": str(data_dir),
        "DJANGO_SETTINGS_MODULE": "apps.config.settings.embedded",
        "SECRET_KEY": secret_key,
        "WORKER_CONCURRENCY": "1",
        "WEB_CONCURRENCY": "1",
    }
    site = Site(options.address, data_dir / "browser-logs")
    site.logs.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"],
        env=environment,
        cwd=ROOT,
        check=True,
    )
    with ExitStack() as stack:
        for name, argv in (
            ("web", web(options)),
            ("worker", WORKER),
            ("relay", [sys.executable, "manage.py", "relay"]),
        ):
            stack.enter_context(_program(name, [str(part) for part in argv], environment, site.logs))
        _wait_until_it_answers(site)
        yield site


@contextmanager
def _program(name: str, argv: list[str], environment: dict[str, str], logs: Path) -> Iterator[None]:
    process = started(argv, environment, logs / f"{name}.log", end_with=signal.SIGTERM)
    try:
        yield
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_until_it_answers(site: Site) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{site.address}/healthz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"the site did not answer within {START_S} s:\n{site.last_words()}")
