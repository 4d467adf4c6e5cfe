"""`make run`: PostgreSQL, web, worker and relay on one machine, from nothing to a page that answers.

Honours PORT, VISUALFORGE_DATA_DIR, WEB_CONCURRENCY, WORKER_CONCURRENCY, CELERY_BROKER_URL and DATABASE_URL (with
DATABASE_MIGRATION_URL for the role that owns the tables).
"""

from __future__ import annotations

import http.client
import os
import sys
import time
from collections.abc import Callable, Mapping
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
    background: list[tuple[steps.Running, Callable[[str], None]]] = field(default_factory=list)
    login: str | None = None
    """The demo login; None until it is known."""
    is_ready: bool = False
    is_prepared: bool = False
    """Whether a worker listens."""
    database: postgres.Server | None = None
    """The PostgreSQL that comes along; None where DATABASE_URL names another one."""
    began: float = field(default_factory=time.monotonic)

    def run(self) -> None:
        """Start everything and keep it running until a signal arrives. Raises SetupError."""
        try:
            self._start()
            self.supervisor.serve(self._tick)
        finally:
            self.supervisor.stop()
            self._note.unlink(missing_ok=True)
            if self.database is not None:
                self.database.clear_away()

    @property
    def _note(self) -> Path:
        """Says to web and relay that the engines are being prepared; the first worker that listens removes it."""
        return self.options.data_dir / "preparing"

    def _start(self) -> None:
        env, owner_env = self._environments()
        stamps = None if self.environment.get("DATABASE_URL") else self.options.data_dir / "postgres" / "stamps"
        static = self.options.data_dir / "static"
        steps.do([steps.migrate(ROOT, owner_env, stamps), steps.collect_static(ROOT, env, static)], self.terminal.say)
        started = programs(self.options, env, ROOT)
        self._note.touch()
        self.supervisor.add(started.web)
        self.supervisor.add(started.relay)
        self._in_background(steps.warm(ROOT, env), lambda _: self.supervisor.add(started.worker))
        self._in_background(steps.seed_demo(ROOT, env, stamps), self._remember_login)

    def _in_background(self, step: steps.Step, then: Callable[[str], None]) -> None:
        """Do `step` unless it is done, without waiting; `then` receives what it printed, this time or back then."""
        if step.is_done and step.stamp is not None:
            then(step.stamp.note())
        else:
            self.terminal.say(f"{step.what} …")
            self.background.append((step.start(), then))

    def _remember_login(self, printed: str) -> None:
        self.login = printed.strip().rpartition("\n")[2]  # the last line, whatever warnings came before

    def _environments(self) -> tuple[dict[str, str], dict[str, str]]:
        """The environment of the programs, and that of the migration. Starts PostgreSQL unless there is one."""
        env = dict(self.environment)
        env.setdefault("DJANGO_SETTINGS_MODULE", "apps.config.settings.embedded")
        env |= {"VISUALFORGE_DATA_DIR": str(self.options.data_dir), "PYTHONUNBUFFERED": "1"}
        if not env.get("SECRET_KEY"):
            env["SECRET_KEY"] = preflight.secret_key(self.options.data_dir)
        migration_url = env.pop("DATABASE_MIGRATION_URL", "")
        if env.get("DATABASE_URL"):
            preflight.check_database(env["DATABASE_URL"])
        else:
            server = self.database = self._start_postgres()
            env["DATABASE_URL"], migration_url = server.url(), server.url(roles.OWNER)
        return env, env | {"DATABASE_URL": migration_url or env["DATABASE_URL"]}

    def _start_postgres(self) -> postgres.Server:
        server = postgres.start(self.options.data_dir)
        if server.process is not None:
            program = Program("postgres", server.spawn, postgres.FAST_SHUTDOWN, stop_last=True, grace_s=15)
            self.supervisor.add(program, server.process)
        return server

    def _tick(self) -> None:
        if self.background:
            self._finish_background()
        elif self.is_ready:
            self.supervisor.collect_strays()
        if not self.is_ready:
            self._become_ready()
        elif not self.is_prepared and not self._note.exists():
            self.is_prepared = True
            self.terminal.say("The engines are ready.")

    def _finish_background(self) -> None:
        for running, then in list(self.background):
            if running.process.poll() is None:
                continue
            self.background.remove((running, then))
            printed = ""
            try:
                printed = running.finish()
            except SetupError as error:  # a pity, and no reason to keep people from what works
                self.terminal.say(str(error))
            then(printed)

    def _become_ready(self) -> None:
        if self.login is not None and _answers(self.options.port):
            self.is_ready = True
            self.terminal.say(f"VisualForge is at {self.options.address}")
            if self.login:
                self.terminal.say(f"Demo login: {self.login}")
            self.terminal.say(f"Ready after {time.monotonic() - self.began:.1f} s; Ctrl-C stops it.")
            self.is_prepared = not self._note.exists()
            if not self.is_prepared:
                self.terminal.say("The engines are being prepared; what waits begins by itself.")
            return
        for name, deaths in self.supervisor.deaths().items():
            if deaths >= GIVE_UP_AFTER_DEATHS:
                raise SetupError(f"{name} ended {deaths} times before VisualForge was ready; its words stand above.")


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
        preflight.check_addresses(os.environ)
        preflight.check_settings(os.environ)
        preflight.check_broker(os.environ.get("CELERY_BROKER_URL", "").strip())
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
