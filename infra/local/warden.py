"""A parent above the supervisor with one duty: when the supervisor ends, however it ends, nothing below it is left.

Descendants whose own parent dies are adopted, even those with a session of their own: by the supervisor, or by the
warden once kill -9 has taken the supervisor. Kill -9 of the warden reaches the supervisor as SIGTERM.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

from infra.local import processes

PATIENCE_S = 3.0
"""What orphans get to end by themselves: PostgreSQL writes its checkpoint in that time."""


def run_under_warden(main: Callable[[], int]) -> int:
    """The exit status of `main`, run in a child process; on systems other than Linux, in this one."""
    if sys.platform != "linux":
        return main()
    processes.adopt_orphans()
    tie = processes.tied_to_parent(signal.SIGTERM)
    child = os.fork()
    if child == 0:
        # A group of its own: a Ctrl-C in the terminal then arrives once, handed on by us.
        os.setpgid(0, 0)
        processes.adopt_orphans()
        if tie is not None:
            tie()
        try:
            return main()
        finally:
            _end_descendants(0)
    _hand_on_signals(child)
    status = _wait_for(child)
    _end_descendants(PATIENCE_S)
    return status


def _hand_on_signals(child: int) -> None:
    def hand_on(signum: int, frame: FrameType | None) -> None:
        if processes.is_running(child):
            os.kill(child, signal.SIGINT if signum == signal.SIGINT else signal.SIGTERM)

    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, hand_on)


def _wait_for(child: int) -> int:
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _end_descendants(patience_s: float) -> None:
    """Ask every child to end, and kill those that have not after `patience_s`; what they leave behind is next."""
    deadline = time.monotonic() + patience_s
    asked: set[int] = set()
    while left := processes.children(os.getpid()):
        for pid in left:
            if time.monotonic() > deadline:
                processes.signal_process(pid, signal.SIGKILL)
            elif pid not in asked:
                processes.signal_process(pid, signal.SIGTERM)
                asked.add(pid)
            processes.collect(pid)
        time.sleep(0.02)
