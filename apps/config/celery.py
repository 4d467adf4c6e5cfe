"""The Celery application. Its settings follow measured behaviour under kills: late acknowledgement, prefetch one."""

from __future__ import annotations

import os

from celery import Celery, signals
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.config import doorbell
from apps.config.serving import require_secret_key

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "apps.config.settings.embedded")

app = Celery("visualforge")


def _check_before_work(**kwargs: object) -> None:
    """Only a worker hears this, not the programs that ring its bell. Celery logs and forgets other exceptions."""
    try:
        require_secret_key()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from error


signals.celeryd_init.connect(_check_before_work)


def _transport_options(broker_url: str) -> dict[str, object]:
    if broker_url.startswith("filesystem"):
        doorbell.install()
        folder = settings.DATA_DIR / "broker"
        for name in ("queue", "control"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        return {
            "data_folder_in": str(folder / "queue"),
            "data_folder_out": str(folder / "queue"),
            "control_folder": str(folder / "control"),
            "polling_interval": 0.02,  # seconds that somebody waits for a bell to be heard, at most
        }
    if broker_url.startswith(("redis", "rediss")):
        return {
            "visibility_timeout": 3600,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_timeout": 30,
        }
    return {"confirm_publish": True}


app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    broker_transport_options=_transport_options(settings.CELERY_BROKER_URL),
    visibility_timeout=3600,
    task_default_queue="jobs",
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_concurrency=settings.WORKER_CONCURRENCY,
    worker_lost_wait=0.5,  # a killed child frees its place soon; the row knows whether its job is done
    worker_proc_alive_timeout=300,  # children load engines before they report for work
    worker_max_memory_per_child=settings.WORKER_MAX_CHILD_MIB * 1024,
    worker_max_tasks_per_child=2000,
    task_ignore_result=True,
    worker_soft_shutdown_timeout=60,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    worker_enable_remote_control=False,
)
if settings.CELERY_BROKER_URL.startswith("amqp"):
    app.conf.update(
        task_default_queue_type="quorum", task_create_missing_queue_type="quorum", worker_detect_quorum_queues=True
    )
app.autodiscover_tasks(["apps.jobs"])
app.autodiscover_tasks(["apps.jobs"], related_name="worker")
