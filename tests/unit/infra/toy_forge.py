"""A supervisor under its warden with toy programs, as a process of its own for the supervisor's tests.

Started with a folder, in which every process leaves a file named after itself that holds its process id.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from infra.local.supervisor import Program, StopSignals, Supervisor, launch
from infra.local.warden import run_under_warden

FOLDER = Path(sys.argv[1])
NOTE = f'echo $$ > "{FOLDER}/$0.part" && mv "{FOLDER}/$0.part" "{FOLDER}/$0"'
# A child that goes on in a session of its own is what a process group can not catch.
DETACHED = f"""setsid sh -c '{NOTE}; exec sleep 1000' detached &"""

SCRIPTS = {
    "steady": f"{NOTE}; {DETACHED} sh -c '{NOTE}; exec sleep 1000' grandchild & echo hello; wait",
    "stubborn": f"trap '' TERM; {NOTE}; while :; do sleep 0.1; done",
    "fragile": f"{NOTE}; exit 3",
}


def note_serving() -> None:
    """From the first tick on signals are only counted."""
    note = FOLDER / "supervisor"
    if not note.exists():
        part = FOLDER / "supervisor.part"
        part.write_text(str(os.getpid()))
        part.rename(note)


def main() -> int:
    supervisor = Supervisor(lambda name, line: print(f"{name}: {line}", flush=True), StopSignals())
    try:
        for name, script in SCRIPTS.items():
            argv = ["sh", "-c", script, name]
            spawn = lambda argv=argv: launch(argv, os.environ, "/")  # noqa: E731
            supervisor.add(Program(name, spawn, grace_s=0.5))
        supervisor.serve(note_serving)
    finally:
        supervisor.stop()
    return 7


if __name__ == "__main__":
    (FOLDER / "warden").write_text(str(os.getpid()))
    sys.exit(run_under_warden(main))
