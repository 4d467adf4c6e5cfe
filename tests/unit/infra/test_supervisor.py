from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.local import processes
from infra.local import supervisor as supervising
from infra.local.errors import SetupError
from infra.local.supervisor import Program, StopSignals, Supervisor, ending
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[3]
LASTING = ("steady", "grandchild", "detached", "stubborn")


@dataclass
class Forge:
    """A running toy_forge."""

    folder: Path
    process: subprocess.Popen[bytes]
    printed: Path

    def pid(self, name: str) -> int:
        file = self.folder / name
        wait_until(lambda: file.exists() and file.read_text() != "", f"{name} had started")
        return int(file.read_text())

    def says(self, words: str) -> bool:
        return words in self.printed.read_text()

    def everybody(self) -> dict[str, int]:
        return {name: self.pid(name) for name in ("warden", "supervisor", *LASTING)}


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    folder = tmp_path / "pids"
    folder.mkdir()
    printed = tmp_path / "printed"
    with printed.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.unit.infra.toy_forge", str(folder)],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    forge = Forge(folder, process, printed)
    yield forge
    process.kill()
    process.wait()
    for name in LASTING:
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            os.kill(int((folder / name).read_text()), signal.SIGKILL)


def nobody_is_left(everybody: dict[str, int]) -> None:
    wait_until(
        lambda: not any(processes.is_running(pid) for pid in everybody.values()),
        f"none of {everybody} was running",
    )


def test_it_hands_on_what_a_program_says_under_its_name(forge: Forge) -> None:
    wait_until(lambda: forge.says("steady: hello\n"), "the program had spoken")


def test_it_starts_a_killed_program_again_and_ends_what_the_dead_one_had_started(forge: Forge) -> None:
    steady, grandchild = forge.pid("steady"), forge.pid("grandchild")
    os.kill(steady, signal.SIGKILL)
    wait_until(lambda: forge.says("steady: ended with signal SIGKILL after"), "the death was noticed")
    wait_until(lambda: forge.pid("steady") != steady, "it had been started again")
    assert not processes.is_running(grandchild)


def test_a_program_that_keeps_dying_waits_longer_each_time(forge: Forge) -> None:
    for delay in ("0.5", "1", "2"):
        wait_until(lambda delay=delay: forge.says(f"starts again in {delay} s"), f"it waited {delay} s")
    assert forge.says("fragile: ended with exit status 3 after")


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_everything_even_what_ignores_it(forge: Forge, signum: signal.Signals) -> None:
    everybody = forge.everybody()
    forge.process.send_signal(signum)
    assert forge.process.wait() == 7
    nobody_is_left(everybody)


@pytest.mark.parametrize("victim", ["supervisor", "warden"])
def test_kill_9_of_the_parent_leaves_nothing_behind(forge: Forge, victim: str) -> None:
    everybody = forge.everybody()
    os.kill(everybody[victim], signal.SIGKILL)
    forge.process.wait()
    nobody_is_left(everybody)


def test_the_status_of_a_killed_supervisor_says_so(forge: Forge) -> None:
    forge.everybody()
    os.kill(forge.pid("supervisor"), signal.SIGKILL)
    assert forge.process.wait() == 128 + signal.SIGKILL


@pytest.mark.parametrize("before", [False, True], ids=["while stopping", "before stopping began"])
def test_a_second_signal_means_at_once(tmp_path: Path, before: bool) -> None:
    script = f"""
import os, signal, subprocess, sys, time
from infra.local.supervisor import Program, StopSignals, Supervisor
argv = ["sh", "-c", "trap '' TERM; echo > {tmp_path}/up; sleep 1000"]
spawn = lambda: subprocess.Popen(argv, stdout=subprocess.DEVNULL, start_new_session=True)
supervisor = Supervisor(print, StopSignals())
supervisor.add(Program("stubborn", spawn, grace_s=1e9))
supervisor.serve(lambda: open("{tmp_path}/serving", "w").close())
print("stopping", flush=True)
while {before} and supervisor.signals.count < 2:
    time.sleep(0.01)
supervisor.stop()
"""
    process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    wait_until((tmp_path / "up").exists, "the program ran")
    wait_until((tmp_path / "serving").exists, "signals were only counted")
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline() == b"stopping\n"
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert process.returncode == 0


def test_what_the_others_need_stops_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    order: list[str] = []

    class Recorded(subprocess.Popen[bytes]):
        name = ""

        def send_signal(self, sig: int) -> None:
            order.append(self.name)
            super().send_signal(sig)

    def program(name: str, *, stop_last: bool) -> Program:
        def spawn() -> Recorded:
            process = Recorded(["sleep", "1000"], start_new_session=True)
            process.name = name
            return process

        return Program(name, spawn, stop_last=stop_last)

    supervisor = Supervisor(lambda *_: None, StopSignals())
    supervisor.add(program("postgres", stop_last=True))
    supervisor.add(program("web", stop_last=False))
    supervisor.add(program("worker", stop_last=False))
    supervisor.stop()
    assert order == ["web", "worker", "postgres"]


def test_a_program_that_can_not_be_started_is_tried_again_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(supervising, "FIRST_DELAY_S", 0.01)
    refusals = [SetupError("PostgreSQL did not start: No space left on device."), OSError("Cannot allocate memory")]
    said: list[str] = []
    supervisor = Supervisor(lambda name, line: said.append(f"{name}: {line}"), StopSignals())

    def spawn() -> subprocess.Popen[bytes]:
        if refusals:
            raise refusals.pop(0)
        supervisor.signals.count = 1
        return subprocess.Popen(["sleep", "1000"], start_new_session=True)

    dead = subprocess.Popen(["true"], start_new_session=True)
    supervisor.add(Program("postgres", spawn), dead)
    ticks: list[int] = []
    supervisor.serve(lambda: ticks.append(len(refusals)))
    supervisor.stop()
    assert said[1:] == [
        "postgres: PostgreSQL did not start: No space left on device; starts again in 0.02 s",
        "postgres: Cannot allocate memory; starts again in 0.04 s",
    ]
    assert {2, 1, 0} <= set(ticks)


def test_an_ending_is_told_in_words() -> None:
    assert ending(3) == "exit status 3"
    assert ending(-signal.SIGSEGV) == "signal SIGSEGV"


def test_children_are_found_with_and_without_the_kernels_own_list() -> None:
    process = subprocess.Popen(["sleep", "1000"])
    try:
        assert process.pid in processes.children(os.getpid())
        assert sorted(processes.children_by_search(os.getpid())) == sorted(processes.children(os.getpid()))
    finally:
        process.kill()
        process.wait()
    assert not processes.is_running(process.pid)
