"""How states, stages and times of jobs read."""

from __future__ import annotations

from math import ceil

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.core.sentences import sentence
from apps.jobs.models import Job, JobState

STAGES = {
    "find": gettext_lazy("Finding the product"),
    "refine": gettext_lazy("Refining the outline"),
    "matte": gettext_lazy("Refining the edge"),
    "foreground": gettext_lazy("Cleaning the edge colours"),
    "plates": gettext_lazy("Preparing the set"),
    "recolour": gettext_lazy("Colouring the set"),
    "mix": gettext_lazy("Lighting the set"),
    "stage": gettext_lazy("Lighting the set"),
    "place": gettext_lazy("Placing the product"),
    "display": gettext_lazy("Developing the picture"),
    "shadow": gettext_lazy("Casting the shadow"),
    "reflection": gettext_lazy("Adding the reflection"),
    "paste": gettext_lazy("Placing the product"),
    "gate": gettext_lazy("Checking the product"),
    "recipe": gettext_lazy("Writing the recipe"),
    "store": gettext_lazy("Saving"),
    "wait": gettext_lazy("Waiting for the model"),
    "scene": gettext_lazy("Setting up the scene"),
    "candidates": gettext_lazy("Drawing candidates"),
    "judge": gettext_lazy("Comparing candidates"),
    "render": gettext_lazy("Drawing the best one"),
    "encode": gettext_lazy("Reading the pictures"),
    "learn": gettext_lazy("Learning"),
    "draw": gettext_lazy("Drawing a preview"),
}


def stage_words(stage: str) -> str:
    return str(STAGES.get(stage, gettext_lazy("Working")))


def time_left(seconds: float) -> str:
    """Rounded so that it does not flicker: 5-second steps below a minute, minutes above."""
    if seconds < 2.5:
        return _("almost done")
    if seconds < 57.5:
        shown = 5 * ceil((seconds - 2.5) / 5)
        return _("about %(count)s s left") % {"count": shown}
    minutes = max(1, round(seconds / 60))
    return ngettext("about %(count)s minute left", "about %(count)s minutes left", minutes) % {"count": minutes}


def job_note(job: Job) -> str:
    """One line: what the job is doing, or how it ended and what to do next."""
    if job.state == JobState.RUNNING:
        return _("Stopping…") if job.cancel_requested_at is not None else stage_words(job.stage)
    if job.state == JobState.QUEUED:
        return _("Waiting for another try") if job.error_code else _("Waiting")
    if job.state == JobState.FAILED:
        return sentence(job.error_code, job.error_params)
    return str(JobState(job.state).label)
