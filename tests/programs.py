"""Programs that tests start for themselves: none outlives the test, none reads the terminal."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.local import processes

ROOT = Path(__file__).resolve().parents[1]


def started(
    argv: Sequence[str], environment: Mapping[str, str], log: Path, *, end_with: signal.Signals = signal.SIGKILL
) -> subprocess.Popen[bytes]:
    """``argv`` in the project's folder as the leader of a process group; gets ``end_with`` when we end.

    What it says is appended to ``log``.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            argv,
            env=dict(environment),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=processes.tied_to_parent(end_with),
        )


def killed(program: subprocess.Popen[bytes]) -> None:
    """kill -9 to the program and whatever it started, and wait for it."""
    processes.signal_group(program.pid, signal.SIGKILL)
    program.wait()


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
