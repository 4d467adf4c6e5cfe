"""What a worker process runs with that tests start: kinds that need no engine, so that it is there in a second."""

from apps.config.settings.test import *  # noqa: F403

JOB_KINDS = {"test.obedient": "tests.integration.jobs.kinds.Obedient"}
