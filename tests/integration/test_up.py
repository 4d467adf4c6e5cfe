"""`make run` as a person types it, in a copy of the checkout: what it prints, survives and leaves behind."""

from __future__ import annotations

import contextlib
import http.client
import http.cookiejar
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.local import processes
from infra.local.postgres import destroy
from infra.local.postgres.cluster import socket_folder_of
from infra.local.programs import WEB_CONNECTIONS, WEB_PROCESSES
from tests.programs import free_port

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 240.0
COPIED = ("apps", "inference", "infra", "static", "templates", "manage.py", "Makefile", "pyproject.toml")
OF_THE_TEST_RUN = ("DATABASE_URL", "DJANGO_SETTINGS_MODULE", "VISUALFORGE_DATA_DIR", "PYTHONPATH", "SECRET_KEY")

pytestmark = pytest.mark.slow


def wait_until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {LIMIT_S:.0f} s in vain until {what}"
        time.sleep(0.05)


@dataclass
class Run:
    """One `make run`, as if typed in a terminal."""

    process: subprocess.Popen[bytes]
    printed_to: Path
    data_dir: Path
    port: int

    @property
    def printed(self) -> str:
        return self.printed_to.read_text()

    def wait_until_ready(self) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, self.printed
            return "Ctrl-C stops it" in self.printed

        wait_until(ready, "it was ready")

    def press_ctrl_c(self) -> None:
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait()

    def status(self, path: str = "/healthz") -> int | None:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            try:
                connection.request("GET", path)
                return connection.getresponse().status
            except (OSError, http.client.HTTPException):
                return None

    def pids(self, words: str = "") -> list[int]:
        """The processes that work on this data directory and have `words` in their command line."""
        return [pid for pid in _pids_with(f"VISUALFORGE_DATA_DIR={self.data_dir}") if words in _command_line(pid)]


def _pids_with(variable: str) -> Iterator[int]:
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if variable.encode() in environment.read_bytes().split(b"\0") and processes.is_running(
                int(environment.parent.name)
            ):
                yield int(environment.parent.name)


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is checked in, with the virtual environment that these tests run in."""
    root = tmp_path_factory.mktemp("checkout")
    leave_out = shutil.ignore_patterns("__pycache__", "*.mo", "node_modules")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=leave_out)
        else:
            shutil.copy2(ROOT / name, root / name)
    (root / ".venv").symlink_to(sys.prefix)
    return root


@pytest.fixture(scope="module")
def make(checkout: Path) -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def make(port: int, data_dir: Path) -> Run:
        environment = {name: value for name, value in os.environ.items() if name not in OF_THE_TEST_RUN}
        environment |= {"PORT": str(port), "VISUALFORGE_DATA_DIR": str(data_dir), "WORKER_CONCURRENCY": "1"}
        printed_to = checkout / f"printed-{len(runs)}"
        with printed_to.open("wb") as output:
            process = subprocess.Popen(
                ["make", "--no-print-directory", "run"],
                cwd=checkout,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=processes.tied_to_parent(signal.SIGTERM),
            )
        runs.append(Run(process, printed_to, data_dir, port))
        return runs[-1]

    yield make
    for run in runs:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(run.process.pid, signal.SIGKILL)
        run.process.wait()
    for data_dir in {run.data_dir for run in runs}:
        destroy(data_dir)


@pytest.fixture(scope="module")
def forge(make: Callable[..., Run], checkout: Path) -> Run:
    """VisualForge, up and running."""
    run = make(free_port(), checkout / "data")
    run.wait_until_ready()
    return run


def test_it_prints_its_address_when_it_really_answers(forge: Run) -> None:
    assert f"VisualForge is at http://127.0.0.1:{forge.port}\n" in forge.printed
    assert forge.status() == 200


@pytest.fixture
def browser(forge: Run) -> urllib.request.OpenerDirector:
    """Signed in with the login that was printed."""
    printed = re.search(r"^Demo login: (\S+) (\S+)$", forge.printed, re.MULTILINE)
    assert printed is not None, forge.printed
    cookies = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
    url = f"http://127.0.0.1:{forge.port}/accounts/login/"
    browser.open(url).close()
    token = next(cookie.value for cookie in cookies if cookie.name == "csrftoken")
    form = {"login": printed[1], "password": printed[2], "csrfmiddlewaretoken": token}
    browser.open(url, urllib.parse.urlencode(form).encode()).close()
    return browser


def test_the_demo_login_that_it_prints_opens_the_door(forge: Run, browser: urllib.request.OpenerDirector) -> None:
    with browser.open(f"http://127.0.0.1:{forge.port}/") as page:
        assert (page.status, urllib.parse.urlsplit(page.url).path[:3]) == (200, "/w/")


def test_open_streams_hold_no_connection_of_the_pool(forge: Run, browser: urllib.request.OpenerDirector) -> None:
    site = f"http://127.0.0.1:{forge.port}"
    with browser.open(f"{site}/") as page:
        workspace = urllib.parse.urlsplit(page.url).path.split("/")[2]
    more_than_all_pools = int(WEB_PROCESSES) * int(WEB_CONNECTIONS) + 5
    with contextlib.ExitStack() as streams:
        for _ in range(more_than_all_pools):
            stream = streams.enter_context(browser.open(f"{site}/w/{workspace}/events"))
            assert stream.readline() == b"retry: 2000\n"
        with browser.open(f"{site}/w/{workspace}/studio/", timeout=9) as page:  # a pool is asked for 10 s
            assert page.status == 200


def test_style_sheets_are_served_under_names_that_carry_their_hash(forge: Run) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{forge.port}/accounts/login/") as page:
        sheets = re.findall(r'href="(/static/[^"]+\.css)"', page.read().decode())
    assert sheets
    assert all(re.search(r"\.[0-9a-f]{12}\.css$", sheet) for sheet in sheets)
    assert {forge.status(sheet) for sheet in sheets} == {200}


def test_a_second_run_on_the_same_data_is_one_sentence(forge: Run, make: Callable[..., Run]) -> None:
    second = make(forge.port, forge.data_dir)
    second.process.wait()
    first_line = second.printed.splitlines()[0]
    assert first_line.startswith(f"VisualForge already runs at http://127.0.0.1:{forge.port} (process ")


def test_a_busy_port_is_one_sentence(forge: Run, make: Callable[..., Run], checkout: Path) -> None:
    second = make(forge.port, checkout / "other-data")
    second.process.wait()
    assert second.printed.splitlines()[0] == (
        f"Port {forge.port} is in use by another program; choose another one: make run PORT={forge.port + 1}"
    )


def test_the_application_can_not_see_past_row_level_security(forge: Run) -> None:
    [environment, *_] = [Path(f"/proc/{pid}/environ").read_bytes() for pid in forge.pids("gunicorn")]
    assert b"\0DATABASE_URL=postgresql://vf_app@/visualforge?host=" in environment
    assert b"DATABASE_MIGRATION_URL" not in environment


@pytest.mark.parametrize("victim", ["gunicorn", "bin/postgres -D"])
def test_it_recovers_from_kill_9_of_a_program(forge: Run, victim: str) -> None:
    before = forge.pids(victim)
    # Numbers start again from the bottom when they are used up: the smallest need not be the first.
    [first] = set(before) - {child for pid in before for child in processes.children(pid)}
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: forge.status() != 200 or set(forge.pids(victim)).isdisjoint(before), "it was gone")
    wait_until(lambda: forge.status() == 200, "it answered again")


def test_ctrl_c_leaves_nothing_running(forge: Run) -> None:
    wait_until(lambda: forge.pids("celery"), "the worker ran")
    forge.press_ctrl_c()
    assert forge.pids() == []
    assert "\nStopped.\n" in forge.printed
    assert forge.status() is None
    assert not socket_folder_of(forge.data_dir / "postgres").exists()


@pytest.fixture(scope="module")
def later(forge: Run, make: Callable[..., Run]) -> Run:
    """The next run on the same data."""
    if forge.process.poll() is None:
        forge.press_ctrl_c()
    run = make(forge.port, forge.data_dir)
    run.wait_until_ready()
    return run


def test_a_later_run_repeats_no_work_and_knows_the_login(forge: Run, later: Run) -> None:
    for step in ("Preparing the database", "Collecting static files", "Making the demo workspace", "Compiling kernels"):
        assert step in forge.printed
        assert step not in later.printed
    login = re.compile(r"^Demo login: .*$", re.MULTILINE)
    assert login.findall(later.printed) == login.findall(forge.printed)


def test_kill_9_of_the_supervisor_leaves_nothing_running(later: Run) -> None:
    wait_until(lambda: later.pids("celery"), "the worker ran")
    supervisor = int((later.data_dir / "run.lock").read_text().split()[0])
    os.kill(supervisor, signal.SIGKILL)
    wait_until(lambda: not later.pids(), "everything was gone")
