"""Creates .venv and installs the hash-locked requirements; when nothing changed it says nothing and takes milliseconds.

Runs on the system's Python before anything is installed: standard library only.

    python3 -m infra.local.bootstrap base          what `make run` needs
    python3 -m infra.local.bootstrap base dev      what `make check` needs
    python3 -m infra.local.bootstrap base generate what a worker that generates pictures needs
    python3 -m infra.local.bootstrap base heic     what reads HEIC photos besides
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from infra.local import interpreter, locks, pip, torch_build, translations
from infra.local.errors import SetupError

ROOT = Path(__file__).resolve().parents[2]
GROUPS = ("base", "dev", "sets", "generate", "train", "heic")
OLDEST_PYTHON = (3, 11)
NEEDED_BYTES = 2 << 30
NEEDED_FOR_GROUP_BYTES = {"generate": 2 << 30}


def prepare(root: Path, groups: Sequence[str]) -> None:
    """Bring `root`/.venv to the locks of `groups`, and the compiled translations up to date.

    Raises SetupError with one sentence when the machine does not allow it.
    """
    if is_current(root, groups):
        return
    _check_folder(root)
    with locks.held(root / ".cache" / "bootstrap.lock", _say_waiting):
        if _installing(root).exists():
            _say("The last installation was interrupted; starting it afresh.")
            shutil.rmtree(root / ".venv", ignore_errors=True)
        missing = [group for group in groups if not _is_installed(root, group)]
        if missing:
            _install(root, missing)
        if translations.stale_catalogues(root):
            subprocess.run([venv_python(root), "-m", "infra.local.translations"], cwd=root, check=True)


def is_current(root: Path, groups: Sequence[str]) -> bool:
    """Whether there is nothing to do."""
    installed = all(_is_installed(root, group) for group in groups)
    return installed and not _installing(root).exists() and not translations.stale_catalogues(root)


def venv_python(root: Path) -> Path:
    """The interpreter inside the virtual environment."""
    return root / ".venv" / "bin" / "python"


def fingerprint(root: Path, group: str) -> str:
    """What an installation of `group` depends on: the lock, and the interpreter that .venv stands on."""
    digest = hashlib.sha256(_lock_file(root, group).read_bytes())
    beside = torch_build.requirement_file(root, group)
    digest.update(beside.read_bytes() if beside.exists() else b"")
    digest.update(os.path.realpath(venv_python(root)).encode())
    return digest.hexdigest()


def _install(root: Path, groups: Sequence[str]) -> None:
    started = time.monotonic()
    _check_disk(root, groups)
    if not venv_python(root).exists():
        _create_venv(root)
    count = sum(len(re.findall(r"^\w", _lock_file(root, group).read_text(), re.MULTILINE)) for group in groups)
    _say(f"Installing {count} locked packages into .venv …")
    _installing(root).touch()
    for group in groups:
        torch_build.install(root, venv_python(root), group)
        pip.install(root, venv_python(root), _lock_file(root, group))
        _stamp(root, group).write_text(fingerprint(root, group))
    _show_project(root)
    _installing(root).unlink()
    _say(f"Installed in {time.monotonic() - started:.0f} s.")


def _create_venv(root: Path) -> None:
    interpreter.check()
    _say("Creating .venv …")
    # An interpreter that runs inside another virtual environment must not become the base of this one.
    base = getattr(sys, "_base_executable", None) or sys.executable
    command = [base, "-m", "venv", "--clear", str(root / ".venv")]
    if not interpreter.has("ensurepip"):
        command.insert(3, "--without-pip")  # this Python's own pip installs into it
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        reason = (made.stdout + made.stderr).strip().splitlines()[-1:]
        raise SetupError(f"The virtual environment could not be created ({' '.join(reason)}); see `python3 -m venv`.")


def _show_project(root: Path) -> None:
    """Let programs in .venv import the project wherever they are started from, as an editable installation would."""
    for packages in (root / ".venv" / "lib").glob("python3*/site-packages"):
        (packages / "visualforge.pth").write_text(f"{root}\n")


def _check_folder(root: Path) -> None:
    try:
        (root / ".cache").mkdir(exist_ok=True)
    except OSError as error:
        raise SetupError(
            f"The folder {root} can not be written ({error.strerror}); copy the checkout to a folder of your own."
        ) from error


def _check_disk(root: Path, groups: Sequence[str]) -> None:
    free = shutil.disk_usage(root).free
    needed = NEEDED_BYTES + sum(NEEDED_FOR_GROUP_BYTES.get(group, 0) for group in groups)
    if free < needed:
        raise SetupError(
            f"Only {free / 2**30:.1f} GB are free below {root}, and the installation needs {needed >> 30} GB; "
            "free some space, then run the command again."
        )


def _is_installed(root: Path, group: str) -> bool:
    stamp = _stamp(root, group)
    return venv_python(root).exists() and stamp.exists() and stamp.read_text() == fingerprint(root, group)


def _lock_file(root: Path, group: str) -> Path:
    return root / "infra" / "requirements" / f"{group}.txt"


def _stamp(root: Path, group: str) -> Path:
    return root / ".venv" / f".installed-{group}"


def _installing(root: Path) -> Path:
    return root / ".venv" / ".installing"


def _say(line: str) -> None:
    print(line, flush=True)


def _say_waiting() -> None:
    _say("Another set-up is at work in this folder; waiting for it to finish.")


def _continue_on_newer_python() -> None:
    """Replace this process by a newer Python of the machine, or end with the sentence that says what is missing."""
    for minor in range(11, 15):
        newer = shutil.which(f"python3.{minor}")
        if newer:
            os.execv(newer, [newer, "-m", "infra.local.bootstrap", *sys.argv[1:]])  # noqa: S606
    raise SetupError(
        f"VisualForge needs Python 3.11 or newer, and this is {sys.version.split()[0]}; "
        "install a newer one, or name it: make run PYTHON=/path/to/python3.11"
    )


def main(groups: Sequence[str]) -> int:
    """Prepare the named groups; exit status 2 and one sentence when something stands in the way."""
    try:
        if sys.version_info < OLDEST_PYTHON:
            _continue_on_newer_python()
        unknown = [group for group in groups if group not in GROUPS]
        if unknown:
            raise SetupError(f"There is no requirements group {unknown[0]!r}; choose from {', '.join(GROUPS)}.")
        prepare(ROOT, groups or GROUPS[:1])
    except SetupError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
