"""A PostgreSQL, a broker, relays and workers of our own, which may be killed. Nothing else is ever touched."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg

from infra.local import processes
from infra.local.postgres import Server, destroy, roles, start
from tests.brokers import BROKERS, Broker
from tests.programs import ROOT, started

EFFECTS = f"""
    CREATE TABLE chaos_effect (
        id bigserial PRIMARY KEY, job_id uuid NOT NULL, attempt int NOT NULL, at timestamptz DEFAULT clock_timestamp());
    GRANT ALL ON chaos_effect, chaos_effect_id_seq TO {roles.APP};
"""


class House:
    """``relays`` and ``workers`` are the processes that run now; who kills one adds another.

    Celery ends a worker one of whose first children dies before all are there. The supervisor of ``make run`` starts
    it again, and here ``tend`` does.

    Raises ``BrokerMissing`` where the program of the broker is not installed.
    """

    def __init__(self, *, slots: int, broker: str = "folder") -> None:
        parent = ROOT / ".cache" / "chaos"
        parent.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix="run-", dir=parent))
        self.slots = slots
        self.broker: Broker = BROKERS[broker](self.folder)
        self.server: Server = start(self.folder, durable=False)
        self.workers: list[subprocess.Popen[bytes]] = []
        self.relays: list[subprocess.Popen[bytes]] = []
        self.log = (self.folder / "log").open("ab")
        self.environment = {
            **os.environ,
            "VISUALFORGE_DATA_DIR": str(self.folder),
            "DATABASE_URL": self.server.url(),
            "CELERY_BROKER_URL": self.broker.url,
            "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
            "WORKER_CONCURRENCY": str(slots),
            "CUTOUT_DOWNLOAD": "false",
        }
        os.environ.update(self.environment)
        owner = {**self.environment, "DATABASE_URL": self.server.url(roles.OWNER)}
        command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
        subprocess.run(command, env=owner, cwd=ROOT, check=True, stdout=self.log, stderr=self.log)
        with psycopg.connect(self.server.url(roles.OWNER)) as connection:
            connection.execute(EFFECTS)

    def spawn(self, *command: str, own: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """A worker of another class, which ends with the house; ``own`` are variables of its own."""
        self.workers.append(self._spawn(*command, own=own))
        return self.workers[-1]

    def _spawn(self, *command: str, own: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        return started([sys.executable, *command], {**self.environment, **(own or {})}, self.folder / "log")

    def add_relay(self, *, thrice: bool = False) -> None:
        self.relays.append(self._spawn("-m", "tests.chaos.thrice") if thrice else self._spawn("manage.py", "relay"))

    def add_worker(self) -> None:
        name = f"--hostname=chaos-{random.randrange(10**9)}@%h"
        self.workers.append(self._spawn("-m", "celery", "-A", "apps.config.celery", "worker", "-l", "INFO", name))

    def children(self) -> list[int]:
        living = [worker.pid for worker in self.workers if worker.poll() is None]
        return [pid for parent in living for pid in processes.children(parent) if processes.is_running(pid)]

    def kill_child(self, pid: int) -> None:
        if pid in self.children():
            os.kill(pid, signal.SIGKILL)

    def kill_worker(self, worker: subprocess.Popen[bytes]) -> None:
        """The worker and its children at once, as when a machine dies."""
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        self.workers.remove(worker)

    def tend(self) -> None:
        """Replace the workers that ended by themselves."""
        for worker in [worker for worker in self.workers if worker.poll() is not None]:
            self.workers.remove(worker)
            self.add_worker()

    def restart_database(self, *, brutally: bool) -> None:
        if brutally and self.server.process is not None:
            self.server.process.send_signal(signal.SIGKILL)
            self.server.process.wait()
        else:
            self.server.stop()
        self.server.spawn()

    def dead(self) -> list[str]:
        """What ended although nobody killed it: a crash."""
        return [f"{process.args} {process.returncode}" for process in self.relays + self.workers if process.poll()]

    def stop(self, *groups: list[subprocess.Popen[bytes]]) -> None:
        for group in groups or (self.workers, self.relays):
            for process in group:
                process.terminate()
            deadline = time.monotonic() + 20
            for process in group:
                try:
                    process.wait(max(0.1, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
            group.clear()

    def close(self, *, keep_log: bool) -> None:
        self.stop()
        self.server.stop()
        self.broker.close()
        self.log.close()
        if keep_log:
            shutil.copy(self.folder / "log", ROOT / ".cache" / "chaos" / "last.log")
        destroy(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)
