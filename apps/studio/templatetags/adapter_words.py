"""An adapter's state and figures in words and in one small drawing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from apps.jobs.models import JobState
from apps.studio import adapters
from apps.studio.models import Adapter

register = template.Library()
CURVE_WIDTH, CURVE_HEIGHT = 240.0, 56.0


@register.filter
def model_title(name: str) -> str:
    return adapters.model_title(name)


@register.filter
def adapter_state(adapter: Adapter) -> str:
    """One of: ready, retired, learning, waiting, cancelled, failed."""
    if adapter.blob_id is not None:
        return "retired" if adapter.retired_at else "ready"
    state = adapter.job.state if adapter.job else JobState.FAILED
    words = {JobState.QUEUED: "waiting", JobState.RUNNING: "learning", JobState.CANCELLED: "cancelled"}
    return words.get(JobState(state), "failed")


@register.filter
def learning_words(adapter: Adapter) -> str:
    """How far a running training is and what the last step's loss was; empty before the first step."""
    figures: dict[str, Any] = adapter.job.figures if adapter.job else {}
    if not figures.get("step"):
        return ""
    loss = number_format(figures["loss"], decimal_pos=4)
    return _("Step %(step)s of %(steps)s · loss %(loss)s") % {**figures, "loss": loss}


@register.filter
def loss_words(adapter: Adapter) -> str:
    """The mean loss of the first and of the last tenth of the steps."""
    first, last = (number_format(adapter.recipe.get(f"{end}_loss", 0.0), decimal_pos=4) for end in ("first", "last"))
    return _("%(first)s → %(last)s") % {"first": first, "last": last}


@register.filter
def curve_points(losses: Sequence[float]) -> str:
    """The points of an SVG polyline in a box of 240 x 56, the largest loss at its top."""
    if len(losses) < 2:
        return ""
    low, high = min(losses), max(losses)
    span = (high - low) or 1.0
    return " ".join(
        f"{CURVE_WIDTH * index / (len(losses) - 1):.1f},{2 + (CURVE_HEIGHT - 4) * (high - loss) / span:.1f}"
        for index, loss in enumerate(losses)
    )
