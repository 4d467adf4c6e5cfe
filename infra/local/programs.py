"""The programs of VisualForge: web, worker and relay, as they run on one machine."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.local.preflight import HOST, Options
from infra.local.supervisor import Program, command

WEB_PROCESSES = "2"
# One job keeps one core busy; numerical libraries that start a thread for every core would only be in each other's way.
ONE_THREAD_EACH = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
)


def programs(options: Options, env: Mapping[str, str], root: Path) -> list[Program]:
    """What has to run beside the database, in the order in which to start it."""
    worker_env = dict.fromkeys(ONE_THREAD_EACH, "1") | dict(env)
    web_env = {"WEB_CONCURRENCY": WEB_PROCESSES} | dict(env)
    return [
        command("web", web(options), web_env, str(root)),
        command("worker", worker(options.workers), worker_env, str(root)),
        command("relay", [sys.executable, "manage.py", "relay"], env, str(root)),
    ]


def web(options: Options) -> Sequence[str]:
    """The ASGI server. It says nothing about single requests: addresses of people and their words stay out of logs."""
    arguments = ["--worker-class=asgi", f"--bind={HOST}:{options.port}", "--no-control-socket"]
    # Event streams never end by themselves, so stopping does not wait for them.
    arguments += ["--graceful-timeout=2", "--asgi-disconnect-grace-period=1", "--log-level=warning"]
    return [sys.executable, "-m", "gunicorn", "apps.config.asgi:application", *arguments]


def worker(concurrency: int) -> Sequence[str]:
    """The Celery worker with one process for each job that runs at the same time."""
    arguments = [f"--concurrency={concurrency}", "--loglevel=warning", "--without-gossip", "--without-mingle"]
    return [sys.executable, "-m", "celery", "--app=apps.config.celery:app", "worker", "--pool=prefork", *arguments]
