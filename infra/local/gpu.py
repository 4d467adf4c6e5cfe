"""`make gpu-worker`: one drawing worker for each GPU, for a VisualForge that runs already; Ctrl-C stops them.

Takes the same settings as `make run` (VISUALFORGE_DATA_DIR, DATABASE_URL, CELERY_BROKER_URL …) and those of generators
(GENERATOR_…). GPUs are those that nvidia-smi lists, or CUDA_VISIBLE_DEVICES names; without one the worker draws on the
processor, which is good for trying things out. A worker that ends is started again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from apps.core.env import MOST_WORKERS, Env
from infra.local import preflight
from infra.local.errors import SetupError
from infra.local.programs import gpu_worker
from infra.local.supervisor import StopSignals, Supervisor
from infra.local.terminal import Terminal
from infra.local.warden import run_under_warden

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_SLOTS = 8
UNCOMPILED = (
    "Networks run uncompiled, slower than the times in docs/generators.md. GENERATOR_COMPILE=true compiles them, which "
    "takes a C compiler and minutes at every start."
)


def devices(environment: Mapping[str, str]) -> list[int]:
    """The numbers of the GPUs to draw on; empty where there is none."""
    named = environment.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        words = [word.strip() for word in named.split(",") if word.strip()]
        if not all(word.isdigit() for word in words):
            raise SetupError(f"CUDA_VISIBLE_DEVICES has to be numbers separated by commas, and it is {named!r}.")
        return [int(word) for word in words]
    if shutil.which("nvidia-smi") is None:
        return []
    listed = subprocess.run(["nvidia-smi", "--list-gpus"], capture_output=True, text=True, check=False)
    return list(range(sum(line.startswith("GPU ") for line in listed.stdout.splitlines())))


def settings_of(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a worker. Raises SetupError where no VisualForge runs that it could belong to."""
    options = preflight.read_options(environment, ROOT)
    preflight.check_addresses(environment)
    env = dict(environment) | {"VISUALFORGE_DATA_DIR": str(options.data_dir), "PYTHONUNBUFFERED": "1"}
    env.setdefault("DJANGO_SETTINGS_MODULE", "apps.config.settings.embedded")
    if not env.get("DATABASE_URL") and not (options.data_dir / "postgres" / "url").exists():
        raise SetupError(
            f"No VisualForge has run with the data folder {options.data_dir} yet; start it with `make run`, "
            "or set DATABASE_URL and CELERY_BROKER_URL."
        )
    return env


def slots_of(environment: Mapping[str, str]) -> int:
    """How many jobs a worker has at the same time. Raises SetupError."""
    env = Env(environment)
    try:
        most = env.whole("GENERATOR_MAX_BATCH", DEFAULT_SLOTS, at_least=1, at_most=MOST_WORKERS)
        return env.whole("GENERATOR_SLOTS", most, at_least=1, at_most=MOST_WORKERS)
    except ImproperlyConfigured as error:
        raise SetupError(str(error)) from error


def main() -> int:
    """Run until stopped; 0 after a signal, 2 with one sentence when something stands in the way."""
    signals, terminal = StopSignals(), Terminal(sys.stdout)
    supervisor = Supervisor(terminal.relay, signals)
    try:
        env = settings_of(os.environ)
        slots = slots_of(env)
        found = devices(env)
        if not found:
            terminal.say("There is no NVIDIA GPU here; the worker draws on the processor: minutes a picture.")
        elif not env.get("GENERATOR_COMPILE"):
            terminal.say(UNCOMPILED)
        drawing_on: list[int | None] = [*found] or [None]
        for device in drawing_on:
            supervisor.add(gpu_worker(device, env, ROOT, slots=slots))
        supervisor.serve(supervisor.collect_strays)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        pass
    finally:
        supervisor.stop()
    terminal.say("Stopped.")
    return 0


if __name__ == "__main__":
    sys.exit(run_under_warden(main))
