"""``studio.start``: begin what was asked for in one go."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from apps.jobs.models import Job
from apps.studio import services
from apps.studio.models import Unbegun
from apps.studio.services.exports import fill_export, leave_unbegun

if TYPE_CHECKING:
    from inference.types import Progress


class StartKind:
    """``studio.start``: fill some empty shoots of ``batch`` or ``product``, queue some shots of ``look``, some files of
    ``export``.

    The rest is another job's.
    """

    name = "studio.start"
    title = _("Start of a batch")
    quiet = True
    deadline_s = 60.0

    def load(self, job: Job) -> None:
        """There is nothing to compute."""

    def work(self, inputs: None, on_progress: Progress) -> None:
        on_progress("start", 1.0)

    def finish(self, job: Job, outcome: None) -> dict[str, Any]:
        named = {key: uuid.UUID(value) for key, value in job.params.items()}
        if "look" in named:
            return {"started": services.start_look(batch_id=named["look"])}
        if "export" in named:
            return {"started": fill_export(named["export"])}
        return {"started": services.start_shoots(**{f"{key}_id": value for key, value in named.items()})}

    def fail(self, job: Job, code: str) -> None:
        """What has not begun stays so, and trying again calls another starter; who cancelled does not want it."""
        if "export" in job.params:
            became = Unbegun.CANCELLED if code == "cancelled" else Unbegun.BROKEN
            leave_unbegun(uuid.UUID(job.params["export"]), became)
        if code != "cancelled":
            return
        if "look" in job.params:
            services.forget_not_begun(uuid.UUID(job.params["look"]))
        elif "batch" in job.params:
            services.forget_waiting(uuid.UUID(job.params["batch"]))

    def restart(self, job: Job) -> None:
        """A person tries again."""
        if "export" in job.params:
            leave_unbegun(uuid.UUID(job.params["export"]), Unbegun.OPEN)
