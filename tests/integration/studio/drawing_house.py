"""A database, a relay and a GPU worker of their own, with tiny random weights: all between form and gallery is real."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import connection

from apps.accounts.models import Workspace
from apps.assets import services as assets
from apps.core.tenancy import tenant_scope
from apps.jobs import stations
from apps.jobs.models import Job, JobState
from apps.jobs.tasks import run
from apps.studio import selectors, services
from apps.studio.models import Product
from infra.local.programs import GPU_WORKER
from tests.browser.database import own_database
from tests.browser.site import with_database
from tests.checkpoints.editors import write_tiny_longcat_edit
from tests.checkpoints.klein import write_tiny_klein
from tests.checkpoints.sefi import write_tiny_checkpoint
from tests.checkpoints.semantics import write_tiny_semantics
from tests.integration.studio.pictures import bottle_png
from tests.programs import started

MODEL = "flux2-klein-4b"
EDITOR = "longcat-image-edit-turbo"
SEFI_TURBO, SEFI_BASE = "sefi-1b-turbo", "sefi-1b-base"
SEFI_LICENCE = "CC-BY-NC-4.0"
SLOTS = 4
STEPPING = {"DJANGO_SETTINGS_MODULE": "tests.integration.studio.stepping_settings"}
START_S = 180.0
DONE_S = 120.0


@dataclass
class House:
    """``start_worker`` and ``kill_worker`` may be called any number of times."""

    environment: dict[str, str]
    logs: Path
    programs: list[subprocess.Popen[bytes]] = field(default_factory=list)
    worker: subprocess.Popen[bytes] | None = None

    def _spawn(self, name: str, *argv: str, **more: str) -> subprocess.Popen[bytes]:
        command, log = [str(part) for part in argv], self.logs / f"{name}.log"
        program = started(command, self.environment | more, log, end_with=signal.SIGTERM)
        self.programs.append(program)
        return program

    def start_relay(self) -> None:
        self._spawn("relay", sys.executable, "manage.py", "relay")

    def start_worker(self, *, wait: bool = True) -> None:
        """Start a GPU worker and wait until it says that it lives."""
        before = set(living())
        self.worker = self._spawn("gpu", *GPU_WORKER, f"--concurrency={SLOTS}", "--hostname=gpu-test@%h", **STEPPING)
        if wait:
            self.wait_for(lambda: set(living()) - before, START_S)

    def kill_worker(self) -> None:
        assert self.worker is not None
        os.killpg(self.worker.pid, signal.SIGKILL)
        self.worker.wait()

    def steps(self) -> list[tuple[int, int]]:
        """Every step that was begun: its number, and how many pictures were in it."""
        log = Path(self.environment["STEPS_FOLDER"]) / "steps"
        lines = log.read_text().splitlines() if log.is_file() else []
        return [(int(number), int(pictures)) for number, pictures in map(str.split, lines)]

    @contextmanager
    def held(self) -> Iterator[None]:
        """While this lasts, a step that has begun does not go on."""
        hold = Path(self.environment["STEPS_FOLDER"]) / "hold"
        hold.touch()
        try:
            yield
        finally:
            hold.unlink()

    def wait_for(self, true: Callable[[], object], seconds: float = DONE_S) -> None:
        """Until something has happened, or the worker's last words."""
        until = time.monotonic() + seconds
        while not true():
            if time.monotonic() > until:
                raise AssertionError(f"it did not happen within {seconds:g} s:\n{self.last_words()}")
            time.sleep(0.1)

    def last_words(self) -> str:
        return "\n".join(log.read_text()[-3000:] for log in sorted(self.logs.glob("*.log")))

    def stop(self) -> None:
        for program in self.programs:
            if program.poll() is None:
                os.killpg(program.pid, signal.SIGKILL)
            program.wait()


def living() -> list[str]:
    return [station.worker for station in stations.living()]


def write_weights(folder: Path, sefi: str, *, with_editor: bool = False) -> None:
    """klein and the SeFi checkpoint called ``sefi``, with what SeFi reads the meaning of pictures by."""
    if with_editor:
        write_tiny_longcat_edit(folder / EDITOR)
    write_tiny_klein(folder / MODEL)
    write_tiny_checkpoint(folder / sefi, sefi.rpartition("-")[2])
    write_tiny_semantics(folder)


@contextmanager
def drawing_house(folder: Path, *, sefi: str, with_editor: bool = False) -> Iterator[House]:
    """Everything but the worker runs; a worker loads klein, the SeFi checkpoint ``sefi``, and maybe an editor."""
    write_weights(folder / "weights", sefi, with_editor=with_editor)
    logs = folder / "logs"
    logs.mkdir()
    with own_database() as name:
        environment = os.environ | {
            "DATABASE_URL": with_database(os.environ["DATABASE_URL"], name),
            "VISUALFORGE_DATA_DIR": str(settings.DATA_DIR),
            "DJANGO_SETTINGS_MODULE": "apps.config.settings.embedded",
            "SECRET_KEY": settings.SECRET_KEY,
            "CELERY_BROKER_URL": "filesystem://localhost",
            "WORKER_CLASS": "gpu",
            "WORKER_CONCURRENCY": "1",
            "WORKER_STOP_GRACE_S": "1",
            "GENERATOR_WEIGHTS_DIR": str(folder / "weights"),
            "GENERATOR_MODELS": ",".join([MODEL, sefi, *([EDITOR] if with_editor else [])]),
            "GENERATOR_LICENCES": SEFI_LICENCE,
            "GENERATOR_SLOTS": str(SLOTS),
            "GENERATOR_DEVICE": "cpu",
            "OMP_NUM_THREADS": "1",
            "PYTHONWARNINGS": "ignore",
            "STEPS_FOLDER": str(folder),
        }
        house = House(environment, logs)
        house.start_relay()
        try:
            yield house
        finally:
            house.stop()
            connection.close()


def ready_product(workspace: Workspace) -> Product:
    """From a transparent picture, which is its own cutout."""
    photo = assets.keep_photo(workspace, bottle_png(transparent=True), file_name="GB-1_green-bottle.png", by=None)
    with tenant_scope(workspace.id):
        [product] = services.create_products(workspace, photos=[photo], by=None)
        ids = list(Job.objects.filter(kind="studio.cutout", state=JobState.QUEUED).values_list("id", flat=True))
    for job_id in ids:
        run(str(job_id))
    with tenant_scope(workspace.id):
        return selectors.get_product(workspace, product.id)
