"""The site as it is, and besides kinds whose effects can be counted."""

from apps.config.settings.base import JOB_KINDS
from apps.config.settings.test import *  # noqa: F403

JOB_KINDS = {
    **JOB_KINDS,
    "chaos.effect": "tests.chaos.kinds.Effect",
    "chaos.poison": "tests.chaos.kinds.Poison",
    "chaos.poisoned_end": "tests.chaos.kinds.PoisonedEnd",
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
