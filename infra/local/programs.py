"""The programs of VisualForge: web, worker and relay, as they run on one machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from infra.local.preflight import HOST, Options
from infra.local.supervisor import Program, command

WEB_PROCESSES = "2"
WEB_CONNECTIONS = "10"
"""To the database, at most, by each web process. Worker and relay keep one for each thread: they fork."""
WORKER_STOP_S = 4
"""After this long a stopping worker gives its job back to the queue."""
WORKER = (
    *(sys.executable, "-m", "celery", "--quiet", "--app=apps.config.celery:app", "worker", "--pool=prefork"),
    *("--loglevel=warning", "--without-gossip", "--without-mingle"),
)
GPU_WORKER = (
    *(sys.executable, "-m", "celery", "--quiet", "--app=apps.config.celery:app", "worker", "--pool=threads"),
    *("--loglevel=info", "--without-gossip", "--without-mingle"),
)
# One job keeps one core busy; numerical libraries that start a thread for every core would only be in each other's way.
ONE_THREAD_EACH = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
)


@dataclass(frozen=True)
class Programs:
    """What has to run beside the database."""

    web: Program
    worker: Program
    relay: Program


def programs(options: Options, env: Mapping[str, str], root: Path) -> Programs:
    """The programs of one machine, under the environment `env`."""
    # All three have to agree on the number of workers: the relay rings as many bells, pages estimate the time left.
    shared = dict(env) | {"WORKER_CONCURRENCY": str(options.workers)}
    web_env = {"WEB_CONCURRENCY": WEB_PROCESSES, "DATABASE_POOL_SIZE": WEB_CONNECTIONS} | shared
    shared.pop("DATABASE_POOL_SIZE", None)
    worker_env = dict.fromkeys(ONE_THREAD_EACH, "1") | {"WORKER_STOP_GRACE_S": str(WORKER_STOP_S)} | shared
    worker_env.setdefault("PYTHONWARNINGS", "ignore::UserWarning:celery.platforms")  # that root is not recommended
    return Programs(
        web=command("web", web(options), web_env, str(root)),
        worker=replace(command("worker", WORKER, worker_env, str(root)), grace_s=WORKER_STOP_S + 2),
        relay=command("relay", [sys.executable, "manage.py", "relay"], shared, str(root)),
    )


def gpu_worker(device: int | None, env: Mapping[str, str], root: Path, *, slots: int) -> Program:
    """The worker that draws on one GPU, or with None on the processor: one process, ``slots`` jobs as its threads, and
    one thread more for a training, which takes its turn on the device between them."""
    own = {"WORKER_CLASS": "gpu", "WORKER_STOP_GRACE_S": str(WORKER_STOP_S)} | dict(env)
    if device is not None:
        own["CUDA_VISIBLE_DEVICES"] = str(device)
    own.pop("DATABASE_POOL_SIZE", None)
    own.setdefault("PYTHONWARNINGS", "ignore::UserWarning:celery.platforms")
    name = f"gpu-{device}" if device is not None else "gpu"
    argv = [*GPU_WORKER, f"--concurrency={slots + 1}", f"--hostname={name}-{os.getpid()}@%h"]
    return replace(command(name, argv, own, str(root)), grace_s=WORKER_STOP_S + 6)


def web(options: Options) -> Sequence[str]:
    """The ASGI server. It says nothing about single requests: addresses of people and their words stay out of logs."""
    arguments = ["--worker-class=asgi", f"--bind={HOST}:{options.port}", "--no-control-socket"]
    # Event streams never end by themselves, so stopping does not wait for them.
    arguments += ["--graceful-timeout=2", "--asgi-disconnect-grace-period=1", "--log-level=warning"]
    return [sys.executable, "-m", "gunicorn", "apps.config.asgi:application", *arguments]
