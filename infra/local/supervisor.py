"""Keeps a few programs running: hands on what they say, starts them again when they die, ends all they started.

Every program leads a process group of its own, so Ctrl-C in the terminal reaches only us and we decide the order.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

from infra.local import processes
from infra.local.child_output import ChildOutput
from infra.local.errors import SetupError

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 30.0
STEADY_AFTER_S = 30.0
"""A program that ran this long before it died counts as steady: it is started again after the shortest delay."""
TICK_S = 0.1


class StopSignals:
    """Counts SIGINT, SIGTERM and SIGHUP. Until `wait_politely` each raises KeyboardInterrupt where we are."""

    def __init__(self) -> None:
        self.count = 0
        self._raising = True
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, self._received)

    def wait_politely(self) -> None:
        """From now on signals are only counted; somebody looks at the count."""
        self._raising = False

    def _received(self, signum: int, frame: FrameType | None) -> None:
        self.count += 1
        if self._raising:
            raise KeyboardInterrupt


@dataclass(frozen=True)
class Program:
    """Something to keep running. `spawn` starts it as the leader of a new process group.

    While it works nothing else is looked after, so it returns within seconds. It may raise SetupError or OSError.
    """

    name: str
    spawn: Callable[[], subprocess.Popen[bytes]]
    stop_signal: signal.Signals = signal.SIGTERM
    stop_last: bool = False
    """Whether the others need it until they are gone."""
    grace_s: float = 5.0
    """How long it may take to stop before it is killed."""


def command(name: str, argv: Sequence[str], env: Mapping[str, str], cwd: str) -> Program:
    """The program that is a plain command line."""
    return Program(name, lambda: launch(argv, env, cwd))


def launch(argv: Sequence[str], env: Mapping[str, str], cwd: str) -> subprocess.Popen[bytes]:
    """Start a command as the leader of a process group that does not outlive us, with its output in one pipe."""
    return subprocess.Popen(
        argv,
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=processes.tied_to_parent(signal.SIGTERM),
    )


@dataclass
class _Child:
    program: Program
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_again_at: float | None = None
    deaths: int = 0


@dataclass
class Supervisor:
    """Runs programs until a signal asks to stop."""

    say: Callable[[str, str], None]
    """Called with the name of a program and one line from it or about it."""
    signals: StopSignals
    _children: list[_Child] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.output = ChildOutput(self.say)

    def add(self, program: Program, process: subprocess.Popen[bytes] | None = None) -> None:
        """Start `program` and keep it running; `process` is given when it runs already."""
        child = _Child(program)
        self._children.append(child)
        if process is None:
            self._start(child)
        else:
            self._follow(child, process)

    def serve(self, on_tick: Callable[[], None]) -> None:
        """Keep everything running until a signal arrives; `on_tick` is called several times a second."""
        self.signals.wait_politely()
        while not self.signals.count:
            self.output.relay(TICK_S)
            self._tend()
            on_tick()

    def deaths(self) -> Mapping[str, int]:
        """How often each program has died in a row, that is without a steady time in between."""
        return {child.program.name: child.deaths for child in self._children}

    def collect_strays(self) -> None:
        """Collect the dead among the processes that we adopted, and only those: others ask for their own children."""
        own = {child.process.pid for child in self._children if child.process is not None}
        for pid in processes.children(os.getpid()):
            if pid not in own:
                processes.collect(pid)

    def stop(self) -> None:
        """End every program and whatever it started; another signal in the meantime means at once."""
        self.signals.wait_politely()
        # The first signal is why we are here. A second one counts even if it came before we began to wait.
        answered = min(1, self.signals.count)
        for last in (False, True):
            self._stop([child for child in self._children if child.program.stop_last is last], answered)
            answered = max(answered, self.signals.count)
        self.output.relay(0)

    def _follow(self, child: _Child, process: subprocess.Popen[bytes]) -> None:
        child.process, child.started_at, child.start_again_at = process, time.monotonic(), None
        if process.stdout is not None:
            self.output.follow(child.program.name, process.stdout)

    def _tend(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.process is not None and child.process.poll() is not None:
                self._plan_restart(child, child.process, now)
            elif child.start_again_at is not None and now >= child.start_again_at:
                self._start(child)

    def _start(self, child: _Child) -> None:
        """A program that can not be started now (the disk is full, say) is tried again later, like one that died."""
        child.started_at = time.monotonic()
        try:
            process = child.program.spawn()
        except (SetupError, OSError) as error:
            self._plan_next(child, str(error).rstrip("."))
        else:
            self._follow(child, process)

    def _plan_restart(self, child: _Child, process: subprocess.Popen[bytes], now: float) -> None:
        processes.signal_group(process.pid, signal.SIGKILL)  # what it had started
        ran_s = now - child.started_at
        if ran_s >= STEADY_AFTER_S:
            child.deaths = 0
        self._plan_next(child, f"ended with {ending(process.returncode)} after {ran_s:.1f} s")

    def _plan_next(self, child: _Child, what_happened: str) -> None:
        child.deaths += 1
        delay_s = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(child.deaths - 1, 16))
        child.process, child.start_again_at = None, time.monotonic() + delay_s
        self.say(child.program.name, f"{what_happened}; starts again in {delay_s:g} s")

    def _stop(self, children: Sequence[_Child], answered: int) -> None:
        """Politely until there were more signals than ``answered``."""
        running = [(child.program, child.process) for child in children if child.process is not None]
        for program, process in running:
            if process.poll() is None:
                process.send_signal(program.stop_signal)
        began = time.monotonic()
        while self.signals.count <= answered and any(
            process.poll() is None and time.monotonic() < began + program.grace_s for program, process in running
        ):
            self.output.relay(TICK_S / 2)
        for child in children:
            child.start_again_at = None
            if child.process is not None:
                processes.signal_group(child.process.pid, signal.SIGKILL)
                child.process.wait()
                child.process = None


def ending(status: int) -> str:
    """How a process ended, in words."""
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
