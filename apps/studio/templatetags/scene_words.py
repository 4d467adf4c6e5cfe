"""What a generated shot's figures and choices mean, in the words of the trade."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.accounts.models import Workspace
from apps.core.sentences import sentence
from apps.jobs.models import Job, Station
from apps.jobs.stations import standstill_s
from apps.jobs.words import stage_words
from apps.studio import changes, scenes
from apps.studio.abilities import abilities, longest_px
from apps.studio.models import Adapter, Shot
from inference.errors import InputRejected
from inference.models import model_card

register = template.Library()
NOTES = ("generated.planner_away",)

MARKS: dict[str, str | Promise] = {
    "palette": gettext_lazy("True to the palette"),
    "layout": gettext_lazy("Things are where they should be"),
    "prompt": gettext_lazy("Shows what was asked for"),
}


@register.filter
def is_generated(shot: Shot) -> bool:
    return scenes.is_generated(shot.spec)


@register.filter
def is_reimagined(shot: Shot) -> bool:
    return scenes.is_generated(shot.spec) and changes.is_reimagined(shot.spec)


@register.filter
def stage(job: Job) -> str:
    """What a running job does now."""
    return stage_words(job.stage)


@register.filter
def model_title(name: str) -> str:
    try:
        return model_card(name).title
    except InputRejected:
        return name


@register.filter
def model_abilities(name: str) -> str:
    """What a model can do, for ``data-can``: see ``static/js/model-abilities.js``."""
    return " ".join(sorted(abilities(name)))


@register.filter
def model_max_px(name: str) -> int:
    """The longest side that a model draws."""
    return longest_px(name)


@register.filter
def is_guided(shot: Shot) -> bool:
    return changes.is_guided(shot.spec)


@register.filter
def device_words(worker: Station) -> str:
    """What a worker draws on, and how much of its memory is free."""
    device = worker.device
    if not device.get("total_mb"):
        return str(device.get("name", ""))
    gigabytes = {key: number_format(device[f"{key}_mb"] / 1000, decimal_pos=1) for key in ("free", "total")}
    return f"{device['name']} · {_('%(free)s of %(total)s GB free') % gigabytes}"


@register.filter
def whole(seconds: float) -> int:
    """Seconds as people count them."""
    return round(seconds)


@register.filter
def standstill(worker: Station | None) -> str:
    """Why a worker that lives is given no work; empty where nothing stands still."""
    minutes = round(standstill_s(worker) / 60) if worker else 0
    if not minutes:
        return ""
    return ngettext(
        "What a GPU worker draws has not moved for %(minutes)s minute, so it is given no work.",
        "What a GPU worker draws has not moved for %(minutes)s minutes, so it is given no work.",
        minutes,
    ) % {"minutes": minutes}


@register.filter
def scene_notes(shot: Shot) -> list[str]:
    """What was not as usual when the shot was drawn, one sentence each."""
    recipe = shot.asset.recipe if shot.asset else {}
    codes = [code for code in recipe.get("warnings", ()) if code in NOTES]
    if recipe.get("parameters", {}).get("semantics") == "drawn":
        codes.append("generated.meaning_drawn")
    return [sentence(code) for code in codes]


@register.simple_tag
def reasons_of(rows: list[dict[str, Any]]) -> list[str]:
    """What could not be judged, said once for all candidates."""
    return [sentence(code) for code in dict.fromkeys(code for row in rows for code in row["reasons"])]


@register.filter
def licence_words(is_commercial: bool) -> str:
    return _("may be used commercially") if is_commercial else _("not for commercial use")


@register.filter
def scene_summary(shot: Shot) -> list[tuple[str, str]]:
    """What was chosen for a generated shot, as (title, words), for people who want to know how it was made."""
    generated = shot.spec["generated"]
    scene = generated["scene"]
    rows = [(_("Product"), generated["product_label"])]
    for name in (*scenes.SINGLE, "props", "copy_space"):
        chosen = scene.get(name)
        names = chosen if isinstance(chosen, list) else [chosen] if chosen else []
        if names:
            rows.append((str(scenes.TITLES[name]), ", ".join(scenes.choice_title(name, one) for one in names)))
    if generated["mode"] == "edit":
        rows.append((_("Change"), generated["instruction"]))
    if scene.get("words"):
        rows.append((_("In your own words"), scene["words"]))
    if generated.get("adapters"):
        rows.append((_("Adapter"), ", ".join(_adapter_words(shot, name) for name, _weight in generated["adapters"])))
    if scene.get("boxes"):
        count = len(scene["boxes"])
        rows.append((_("Places"), ngettext("%(count)s box", "%(count)s boxes", count) % {"count": count}))
    return rows


def _adapter_words(shot: Shot, name: str) -> str:
    """Its name, and the beginning of the hash that the recipe names it by."""
    if "adapter" not in shot.spec:
        return name.rpartition("--")[2]
    found = Adapter.objects.filter(workspace=shot.workspace_id, pk=shot.spec["adapter"]).first()
    return f"{found.name if found else _('deleted')} · {name[:12]}"


def candidate_rows(shot: Shot, workspace: Workspace) -> list[dict[str, Any]]:
    """The candidates of a shot, the best one first, each with its picture's address and its reasons in words."""
    asset = scenes.origin_of_candidates(shot)
    if asset is None:
        return []
    rows = []
    for one in scenes.candidates(shot):
        base = {"workspace": workspace.slug, "asset": asset.id}
        rendition = scenes.candidate_rendition(one["seed"])
        rows.append(
            {
                "seed": one["seed"],
                "url": reverse("assets:rendition", kwargs={**base, "spec": rendition}),
                "score": round(100 * one["score"]),
                "passed": one["passed"],
                "is_used": one["seed"] == _shown_seed(shot),
                "marks": [(MARKS.get(name, name), mark) for name, mark in one["marks"].items()],
                "reasons": one.get("reasons", []),
                "rejected": [sentence(code) for code in one["rejected"]],
            }
        )
    return rows


def _shown_seed(shot: Shot) -> int:
    recipe = shot.asset.recipe if shot.asset else {}
    return int(recipe.get("parameters", {}).get("chosen_seed", shot.spec["seed"]))
