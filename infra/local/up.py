"""`make run`: PostgreSQL, web, worker and relay on one machine, from nothing to a page that answers.

Honours PORT, VISUALFORGE_DATA_DIR, WEB_CONCURRENCY, WORKER_CONCURRENCY, CELERY_BROKER_URL and DATABASE_URL (with
DATABASE_MIGRATION_URL for the role that owns the tables).
"""

from __future__ import annotations

import http.client
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from infra.local import postgres, preflight, steps
from infra.local.errors import SetupError
from infra.local.postgres import roles
from infra.local.preflight import Options
from infra.local.programs import programs
from infra.local.supervisor import Program, StopSignals, Supervisor
from infra.local.terminal import Terminal
from infra.local.warden import run_under_warden

ROOT = Path(__file__).resolve().parents[2]
GIVE_UP_AFTER_DEATHS = 3


@dataclass
class Up:
    """One run of the whole product."""

    options: Options
    environment: Mapping[str, str]
    supervisor: Supervisor
    terminal: Terminal
    seeding: steps.Running | None = None
    login: str = ""
    is_ready: bool = False
    began: float = field(default_factory=time.monotonic)

    def run(self) -> None:
        """Start everything and keep it running until a signal arrives. Raises SetupError."""
        try:
            self._start()
            self.supervisor.serve(self._tick)
        finally:
            self.supervisor.stop()

    def _start(self) -> None:
        env, owner_env = self._environments()
        stamps = None if self.environment.get("DATABASE_URL") else self.options.data_dir / "postgres" / "stamps"
        static = self.options.data_dir / "static"
        steps.do([steps.migrate(ROOT, owner_env, stamps), steps.collect_static(ROOT, env, static)], self.terminal.say)
        for program in programs(self.options, env, ROOT):
            self.supervisor.add(program)
        seed = steps.seed_demo(ROOT, env, stamps)
        if seed.is_done and seed.stamp is not None:
            self.login = seed.stamp.note()
        else:
            self.terminal.say(f"{seed.what} …")
            self.seeding = seed.start()

    def _environments(self) -> tuple[dict[str, str], dict[str, str]]:
        """The environment of the programs, and that of the migration. Starts PostgreSQL unless there is one."""
        env = dict(self.environment)
        env.setdefault("DJANGO_SETTINGS_MODULE", "apps.config.settings.embedded")
        env |= {"VISUALFORGE_DATA_DIR": str(self.options.data_dir), "PYTHONUNBUFFERED": "1"}
        if not env.get("SECRET_KEY"):
            env["SECRET_KEY"] = preflight.secret_key(self.options.data_dir)
        migration_url = env.pop("DATABASE_MIGRATION_URL", "")
        if not env.get("DATABASE_URL"):
            server = self._start_postgres()
            env["DATABASE_URL"], migration_url = server.url(), server.url(roles.OWNER)
        return env, env | {"DATABASE_URL": migration_url or env["DATABASE_URL"]}

    def _start_postgres(self) -> postgres.Server:
        server = postgres.start(self.options.data_dir)
        if server.process is not None:
            program = Program("postgres", server.spawn, postgres.FAST_SHUTDOWN, stop_last=True, grace_s=15)
            self.supervisor.add(program, server.process)
        return server

    def _tick(self) -> None:
        if self.is_ready:
            self.supervisor.collect_strays()
            return
        self._look_after_seeding()
        if self.seeding is None and _answers(self.options.port):
            self.is_ready = True
            seconds = time.monotonic() - self.began
            self.terminal.say(f"VisualForge is at {self.options.address}", *self.login.splitlines())
            self.terminal.say(f"(ready after {seconds:.1f} s; Ctrl-C stops it)")
            return
        for name, deaths in self.supervisor.deaths().items():
            if deaths >= GIVE_UP_AFTER_DEATHS:
                raise SetupError(f"{name} ended {deaths} times before VisualForge was ready; its words stand above.")

    def _look_after_seeding(self) -> None:
        if self.seeding is not None and self.seeding.process.poll() is not None:
            self.login = self.seeding.finish()
            self.seeding = None


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(preflight.HOST, port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main() -> int:
    """Run until stopped; 0 after a signal, 2 with one sentence when something stands in the way."""
    signals, terminal = StopSignals(), Terminal(sys.stdout)
    try:
        options = preflight.read_options(os.environ, ROOT)
        preflight.claim(options)  # held until this process ends
        Up(options, os.environ, Supervisor(terminal.relay, signals), terminal).run()
    except SetupError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        pass
    terminal.say("Stopped.")
    return 0


if __name__ == "__main__":
    sys.exit(run_under_warden(main))
