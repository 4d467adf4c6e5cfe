"""Starting children that never outlive their parent, and finding out who is still alive."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None, use_errno=True)


def tied_to_parent(signum: signal.Signals) -> Callable[[], None] | None:
    """A `preexec_fn` after which the kernel sends `signum` to the child when its parent dies, however it dies.

    The parent is the thread that starts the child: start children from the main thread. Linux only, None elsewhere.
    """
    if sys.platform != "linux":
        return None
    parent = os.getpid()

    def tie() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signum)
        if os.getppid() != parent:
            os.kill(os.getpid(), signum)

    return tie


def adopt_orphans() -> None:
    """Descendants whose parent dies become children of this process instead of init's. Linux only."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1)


def children(pid: int) -> list[int]:
    """The direct children of `pid`, zombies included; empty where the system can not tell."""
    found: list[int] = []
    listings = list(Path(f"/proc/{pid}/task").glob("*/children"))
    if not listings:
        return children_by_search(pid)
    for listing in listings:
        try:
            found += [int(child) for child in listing.read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def collect(pid: int) -> None:
    """Take note of the death of the child `pid` if it has died, so that it does not stay as a zombie."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def is_running(pid: int) -> bool:
    """Whether `pid` exists and is more than a zombie that nobody has collected yet."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return sys.platform != "linux"
    return status.rpartition(")")[2].split()[0] not in "ZX"


def children_by_search(pid: int) -> list[int]:
    """The same from the list of all processes, for kernels that keep no list of children."""
    found: list[int] = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(status.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(status.parent.name))
    return found


def signal_process(pid: int, signum: signal.Signals) -> None:
    """Send `signum` to the process `pid`, if it is still there."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signum)


def signal_group(pid: int, signum: signal.Signals) -> None:
    """Send `signum` to the process group that `pid` leads, if any of it is left."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signum)
