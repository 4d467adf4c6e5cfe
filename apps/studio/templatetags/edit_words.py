"""What was done to a shot, in words: its edits, and what a version changed against the one that it was made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.errors import InvalidInput
from apps.studio import catalogue, scenes, specs
from apps.studio.models import ShotVersion
from apps.studio.specs import Spec
from apps.studio.templatetags.studio_words import palette_title, set_title
from inference.edits import KNOBS
from inference.pipelines.catalogue import Choice

register = template.Library()

WRITTEN: Mapping[str, Callable[[float], str]] = {
    "times": lambda value: f"{number_format(value, decimal_pos=2)}×",
    "degrees": lambda value: f"{number_format(value, decimal_pos=1)}°",
    "stops": lambda value: f"{number_format(value, decimal_pos=2)} EV",
    "percent": lambda value: f"{value:.0%}",
}


@dataclass(frozen=True)
class Words:
    """A knob's sentence: ``%(n)s`` is the number, without its sign where ``less`` says the side. ``usual``: neutral."""

    unit: str
    more: str | Promise
    less: str | Promise = ""
    usual: str | Promise = ""

    def say(self, name: str, value: float) -> str:
        knob = KNOBS[name]
        if value == knob.neutral and self.usual:
            return str(self.usual)
        words = self.less if self.less and value < knob.neutral else self.more
        number = WRITTEN[self.unit](abs(value) if self.less else value)
        sign = "+" if not self.less and knob.neutral == 0 and value > 0 else ""
        return str(words) % {"n": sign + number}


KNOB_WORDS: Mapping[str, Words] = {
    "scale": Words("times", gettext_lazy("size %(n)s")),
    "rotate_deg": Words(
        "degrees",
        gettext_lazy("turned %(n)s to the right"),
        gettext_lazy("turned %(n)s to the left"),
        gettext_lazy("upright"),
    ),
    "exposure_ev": Words("stops", gettext_lazy("exposure %(n)s")),
    "warmth_ev": Words(
        "stops",
        gettext_lazy("warmer by %(n)s"),
        gettext_lazy("cooler by %(n)s"),
        gettext_lazy("white balance as in the photo"),
    ),
    "tint_ev": Words(
        "stops",
        gettext_lazy("pinker by %(n)s"),
        gettext_lazy("greener by %(n)s"),
        gettext_lazy("tint as in the photo"),
    ),
    "shadow_softness": Words("times", gettext_lazy("shadow softness %(n)s")),
    "shadow_intensity": Words("percent", gettext_lazy("shadow intensity %(n)s")),
    "shadow_length": Words("times", gettext_lazy("shadow length %(n)s")),
    "light_direction": Words(
        "percent",
        gettext_lazy("light from the right, %(n)s"),
        gettext_lazy("light from the left, %(n)s"),
        gettext_lazy("light from the set's own side"),
    ),
    "reflection": Words("percent", gettext_lazy("reflection %(n)s")),
    "background_blur": Words("percent", gettext_lazy("background blur %(n)s")),
    "frame_zoom": Words("times", gettext_lazy("zoom %(n)s")),
    "frame_x": Words(
        "percent",
        gettext_lazy("camera %(n)s to the right"),
        gettext_lazy("camera %(n)s to the left"),
        gettext_lazy("camera not moved to the side"),
    ),
    "frame_y": Words(
        "percent",
        gettext_lazy("camera %(n)s down"),
        gettext_lazy("camera %(n)s up"),
        gettext_lazy("camera at its own height"),
    ),
}
SWITCH_WORDS: Mapping[str, tuple[str | Promise, str | Promise]] = {
    "flip": (gettext_lazy("product mirrored"), gettext_lazy("product not mirrored")),
    "light_mirror": (gettext_lazy("set mirrored"), gettext_lazy("set not mirrored")),
}


@register.filter
def edits_in_words(spec: Spec) -> list[str]:
    """Everything that a person did to a shot beyond choosing its set, camera, mood, palette and format."""
    edits = spec.get("edits", {})
    known = [_edit(name, edits.get(name)) for name in (*KNOB_WORDS, *SWITCH_WORDS) if name in edits]
    moved = [_moved(spec["offset"])] if spec.get("offset") else []
    return [*moved, *known, *([_("a second product beside it")] if spec.get("companion") else [])]


@register.filter
def camera_title(spec: Spec) -> str:
    """The camera of the shot's set in the reader's language; empty where there is none to tell."""
    return _chosen(spec, "cameras", spec.get("camera", ""))


@register.filter
def mood_title(spec: Spec) -> str:
    """As ``camera_title``, for the light mood."""
    return _chosen(spec, "moods", spec.get("mood", ""))


@register.filter
def what_changed(version: ShotVersion) -> list[str]:
    """What a version changed against its parent; for the first one, that it is what the shoot made."""
    if scenes.is_generated(version.spec):
        instruction = version.spec.get("generated", {}).get("instruction", "")
        return [instruction] if instruction else []
    if version.parent is None:
        return [_("as the shoot made it")]
    told = _changes(version.spec, version.parent.spec)
    now, before = _cutout_of(version), _cutout_of(version.parent)
    if now and before and now != before:
        told.append(_("another cutout"))
    told = told or [_("nothing changed")]
    if version.parent.number == version.number - 1:
        return told
    return [_("from version %(number)s") % {"number": version.parent.number}, *told]


def _cutout_of(version: ShotVersion) -> str:
    """The cutout that the version's job was given; empty where the job is not known any more."""
    return str(version.job.params.get("cutout", "")) if version.job else ""


def _changes(spec: Spec, before: Spec) -> list[str]:
    wish, wished = specs.as_wish(spec), specs.as_wish(before)
    now, was = wish["edits"], wished["edits"]
    told = [
        *(say(wish) for key, say in PARTS.items() if wish.get(key) != wished.get(key)),
        *(_edit(name, now.get(name)) for name in (*KNOB_WORDS, *SWITCH_WORDS) if now.get(name) != was.get(name)),
        *_companion_changes(spec.get("companion"), before.get("companion")),
    ]
    return [words for words in dict.fromkeys(told) if words]


def _edit(name: str, value: Any) -> str:
    if name in SWITCH_WORDS:
        return str(SWITCH_WORDS[name][0 if value else 1])
    return KNOB_WORDS[name].say(name, KNOBS[name].neutral if value is None else float(value))


def _moved(offset: list[float] | None) -> str:
    """``offset`` in shares of the picture's width: x to the right, y down, which on a support is nearer."""
    across, nearer = offset or (0.0, 0.0)
    if not across and not nearer:
        return _("back at its place")
    side = _("%(n)s to the right") if across > 0 else _("%(n)s to the left")
    depth = _("%(n)s nearer") if nearer > 0 else _("%(n)s further back")
    parts = [words % {"n": f"{abs(part):.1%}"} for words, part in ((side, across), (depth, nearer)) if part]
    return _("moved %(where)s") % {"where": ", ".join(parts)}


def _companion_changes(now: Mapping[str, Any] | None, was: Mapping[str, Any] | None) -> list[str]:
    if now == was:
        return []
    if now is None:
        return [_("no second product any more")]
    if was is None or now["product"] != was["product"]:
        return [_("a second product beside it")]
    return [_("second product placed differently")]


def _chosen(spec: Spec, group: str, name: str) -> str:
    try:
        offered: tuple[Choice, ...] = getattr(catalogue.get_set(spec["set"]), group)
    except InvalidInput:
        return name
    found = [choice for choice in offered if choice.name == name] or list(offered[:1])
    return catalogue.title(found[0].titles) if found else name


def _palette(spec: Spec) -> str:
    if not spec.get("palette"):
        return _("the set's own colours")
    return _("palette %(name)s") % {"name": palette_title(spec["palette"])}


PARTS: Mapping[str, Callable[[Spec], str]] = {
    "set": lambda spec: _("set %(name)s") % {"name": set_title(spec["set"])},
    "camera": lambda spec: _("camera %(name)s") % {"name": camera_title(spec)},
    "mood": lambda spec: _("light mood %(name)s") % {"name": mood_title(spec)},
    "palette": _palette,
    "details": lambda spec: _("colours of details"),
    "format": lambda spec: _("format %(name)s") % {"name": spec["format"]},
    "enlarge": lambda wish: _("file %(times)s× as large") % {"times": f"{wish['enlarge']:g}"},
    "seed": lambda spec: _("variation %(number)s") % {"number": spec["seed"] + 1},
    "offset": lambda spec: _moved(spec.get("offset")),
    "scale": lambda spec: _("usual size %(n)s") % {"n": WRITTEN["times"](spec.get("scale", 1.0))},
}
"""What is told of a part of a wish (``specs.as_wish``) that differs."""
