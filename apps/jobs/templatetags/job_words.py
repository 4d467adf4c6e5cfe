"""``{{ job|job_note }}`` and the like."""

from __future__ import annotations

from django import template

from apps.jobs import kinds, preparing, selectors, words
from apps.jobs.kinds import Place
from apps.jobs.models import Job
from apps.jobs.selectors import Entry

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


@register.simple_tag(takes_context=True)
def place_of(context: template.Context, entry: Entry) -> Place | None:
    """``{% place_of entry as place %}``: the page and picture of what the entry makes."""
    return selectors.place(context["workspace"], entry)


@register.simple_tag
def engines_are_being_prepared() -> bool:
    return preparing.is_going_on()


@register.simple_tag
def quiet_kinds() -> str:
    """Names of the kinds that the tray does not show, for a page's scripts."""
    return " ".join(kinds.quiet_kinds())
