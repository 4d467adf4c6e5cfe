"""What has to be done once, and again only when one of its inputs has changed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.local import fingerprints
from infra.local.errors import SetupError
from infra.local.fingerprints import Stamp

LOCK = "infra/requirements/base.txt"
SETTINGS = "apps/config/settings/*.py"


@dataclass(frozen=True)
class Step:
    """One command of our Python, with the files that its outcome depends on."""

    what: str
    """For the line that says it is being done."""
    arguments: Sequence[str]
    inputs: Sequence[str]
    stamp: Stamp | None
    """None: we can not know whether it was done, for example on a database of somebody else's."""
    env: Mapping[str, str]
    root: Path

    @property
    def is_done(self) -> bool:
        """Whether it was done for the files as they are."""
        return self.stamp is not None and self.stamp.matches(self._fingerprint())

    def start(self) -> Running:
        """Begin; the outcome is asked for later, so that steps overlap."""
        command = [sys.executable, *self.arguments]
        process = subprocess.Popen(
            command,
            cwd=self.root,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return Running(self, self._fingerprint(), process)

    def _fingerprint(self) -> str:
        return fingerprints.of_files(self.root, (*self.inputs, LOCK, SETTINGS))


@dataclass(frozen=True)
class Running:
    """A step that is under way."""

    step: Step
    fingerprint: str
    process: subprocess.Popen[str]

    def finish(self) -> str:
        """Wait for the end and return what it printed. Raises SetupError when it failed."""
        printed, _ = self.process.communicate()
        if self.process.returncode:
            raise SetupError(f"{printed.rstrip()}\n{self.step.what} failed; the reason stands above.")
        if self.step.stamp is not None:
            self.step.stamp.write(self.fingerprint, printed)
        return printed


def do(steps: Sequence[Step], say: Callable[[str], None]) -> None:
    """Do at the same time those of `steps` that are not done."""
    waiting = [step for step in steps if not step.is_done]
    if waiting:
        say(f"{', '.join(step.what for step in waiting)} …")
    for running in [step.start() for step in waiting]:
        running.finish()


def migrate(root: Path, env: Mapping[str, str], stamps: Path | None) -> Step:
    """Bring the database to the models."""
    arguments = ("manage.py", "migrate", "--no-input", "--verbosity=0")
    return Step("Preparing the database", arguments, ("apps/*/migrations/*.py",), _in(stamps, "migrate"), env, root)


def collect_static(root: Path, env: Mapping[str, str], target: Path) -> Step:
    """Gather style sheets, scripts and pictures in `target`, with their hashes in their names."""
    arguments = ("manage.py", "collectstatic", "--no-input", "--clear", "--verbosity=0")
    inputs = ("static/**/*", "apps/*/static/**/*")
    return Step("Collecting static files", arguments, inputs, _in(target, ".collected"), env, root)


def seed_demo(root: Path, env: Mapping[str, str], stamps: Path | None) -> Step:
    """Make the demo workspace; it prints the login."""
    inputs = ("apps/*/management/commands/seed_demo.py", "apps/**/*demo*")
    return Step("Making the demo workspace", ("manage.py", "seed_demo"), inputs, _in(stamps, "seed_demo"), env, root)


def warm(root: Path, env: Mapping[str, str]) -> Step:
    """Compile the numerical kernels once, instead of in every worker process at the same time."""
    stamp = _in(root / ".cache" / "stamps", "kernels")
    return Step("Compiling kernels", ("-m", "inference", "warm"), ("inference/**/*.py",), stamp, env, root)


def _in(folder: Path | None, name: str) -> Stamp | None:
    return None if folder is None else Stamp(folder / name)
