"""Said at boot rather than by the first job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from apps.jobs.kinds import JobKind, find_kind


@register
def check_kinds(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Every entry of JOB_KINDS can be imported, has the methods of a kind, and carries its own name."""
    return [message for name in settings.JOB_KINDS if (message := _complaint(name)) is not None]


def _complaint(name: str) -> CheckMessage | None:
    path = settings.JOB_KINDS[name]
    try:
        kind: object = find_kind(name)
    except (ImportError, TypeError) as error:
        return Error(
            f"The job kind {name!r} can not be loaded from {path!r}: {error}",
            hint="JOB_KINDS names a class that is made without arguments.",
            id="jobs.E001",
        )
    if not isinstance(kind, JobKind):
        return Error(
            f"{path} is no job kind.", hint="It needs name, deadline_s, load, work, finish and fail.", id="jobs.E002"
        )
    if kind.name != name or kind.deadline_s <= 0:
        return Error(
            f"{path} is registered as {name!r} but calls itself {kind.name!r}, deadline {kind.deadline_s} s.",
            hint="The name must be the key in JOB_KINDS and the deadline positive.",
            id="jobs.E003",
        )
    return None
