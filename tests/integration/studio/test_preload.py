from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
ONE_THREAD_EACH = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
SCRIPT = """
import os
import django
django.setup()
from django.conf import settings
from apps.jobs import worker
worker.preload()
print(len(os.listdir("/proc/self/task")), "thread")
from inference.engines.studio_sets import plates
from inference.pipelines.product_shot import MOST_WARM, warm
from apps.studio.catalogue import offered
shown_first = offered()[:MOST_WARM]
if os.fork() == 0:
    plates.PlateFiles = None  # a child that would have to read a set again breaks here
    print(*warm(shown_first), flush=True)
    os._exit(0)
assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
print(*warm(shown_first))
"""


def test_what_is_loaded_before_the_fork_starts_no_threads_and_serves_the_children() -> None:
    """Threads do not survive a fork: what they would do, or the lock that they hold, hangs a child."""
    environment = (
        os.environ | dict.fromkeys(ONE_THREAD_EACH, "1") | {"DJANGO_SETTINGS_MODULE": "apps.config.settings.test"}
    )
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    threads, child, parent = done.stdout.splitlines()
    assert threads == "1 thread"
    assert child == parent != ""
