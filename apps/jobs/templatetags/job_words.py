"""``{{ job|job_note }}`` and the like."""

from __future__ import annotations

from django import template

from apps.jobs import kinds, words
from apps.jobs.models import Job

register = template.Library()


@register.filter
def job_note(job: Job) -> str:
    return words.job_note(job)


@register.filter
def time_left(seconds: float | None) -> str:
    """Empty when nobody knows."""
    return "" if seconds is None else words.time_left(seconds)


@register.filter
def kind_title(name: str) -> str:
    return kinds.title(name)


@register.simple_tag
def quiet_kinds() -> str:
    """Names of the kinds that the tray does not show, for a page's scripts."""
    return " ".join(kinds.quiet_kinds())
