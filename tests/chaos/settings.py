"""The site as it is, with kinds whose effects can be counted."""

from apps.config.settings.test import *  # noqa: F403

JOB_KINDS = {"chaos.effect": "tests.chaos.kinds.Effect", "chaos.poison": "tests.chaos.kinds.Poison"}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
