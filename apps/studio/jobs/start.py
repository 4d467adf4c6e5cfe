"""``studio.start``: begin the shoots of a batch that can begin."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from apps.jobs.models import Job
from apps.studio import services

if TYPE_CHECKING:
    from inference.types import Progress


class StartKind:
    """``studio.start``: fill some empty shoots, of ``batch`` or of ``product``; the rest is another job's."""

    name = "studio.start"
    title = _("Start of a batch")
    quiet = True
    deadline_s = 60.0

    def load(self, job: Job) -> None:
        """There is nothing to compute."""

    def work(self, inputs: None, on_progress: Progress) -> None:
        on_progress("start", 1.0)

    def finish(self, job: Job, outcome: None) -> dict[str, Any]:
        wanted = {f"{key}_id": uuid.UUID(job.params[key]) for key in ("batch", "product") if key in job.params}
        return {"started": services.start_shoots(**wanted)}

    def fail(self, job: Job, code: str) -> None:
        """The shoots stay empty; trying the batch again calls another starter."""
