"""The virtual studio sets as Studio offers them, with titles in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from apps.core.errors import InvalidInput
from apps.studio.models import Viewpoint
from apps.studio.offers import READY
from inference.pipelines.catalogue import MaterialInfo, SetInfo, list_sets


@lru_cache(maxsize=1)
def sets() -> Mapping[str, SetInfo]:
    """All sets by name, in the library's order."""
    return {info.name: info for info in list_sets()}


def get_set(name: str) -> SetInfo:
    """Raises InvalidInput ``studio.set_unknown``."""
    if name not in sets():
        raise InvalidInput("studio.set_unknown", name=name[:60])
    return sets()[name]


PITCH_DEG: Mapping[str, tuple[float, float]] = {Viewpoint.SIDE: (0.0, 35.0), Viewpoint.ABOVE: (60.0, 90.0)}
"""How far from above, degrees from the horizon, the camera is that a viewpoint stands for."""


def fits(viewpoint: str, info: SetInfo) -> bool:
    """Whether a photo taken from there looks right in the set, by the pitches that the set allows.

    Where nobody knows a photo's viewpoint, it is not kept from anywhere.
    """
    if viewpoint not in PITCH_DEG:
        return True
    (low, high), (lowest, highest) = PITCH_DEG[viewpoint], info.pitch_deg
    return low < highest and lowest < high


# Which colour of a ready palette a surface gets: background, ground, support, accent. What is not here, such as wood,
# keeps its own colour: a blue table would be nobody's wish.
PART_OF = {"wall": 0, "sweep": 0, "backdrop": 0, "floor": 1, "plinth": 2, "ceramic": 2, "props": 3}


def fitting_palette(name: str, palette: Sequence[str], details: Sequence[str] = ()) -> tuple[str, ...]:
    """The colours for the set's recolourable surfaces, in the set's order.

    A ready palette is given out by the part that a surface plays; a person's own colours go to the surfaces in their
    order, as many as there are surfaces: one palette serves many sets. ``details`` are colours for the set's details,
    which no palette reaches; an empty one leaves its detail as it is.
    """
    surfaces = [item for item in get_set(name).surfaces if not item.detail]
    colours = _fitting(surfaces, palette)
    if not any(details):
        return colours
    missing = ("",) * (len(surfaces) - len(colours))
    return (*colours, *missing, *details)


def _fitting(surfaces: Sequence[MaterialInfo], palette: Sequence[str]) -> tuple[str, ...]:
    if tuple(palette) not in READY:
        return tuple(palette[: len(surfaces)])
    return tuple(
        palette[PART_OF[surface.name]] if surface.name in PART_OF else surface.default_hex.lower()
        for surface in surfaces
    )


@dataclass(frozen=True)
class Family:
    """Sets that belong together, as people read it. ``hint`` says for which photos, where that matters."""

    key: str
    title: str | Promise
    hint: str | Promise = ""


FAMILIES = (
    Family("sweep", _("Sweeps")),
    Family("plinth", _("Plinths and steps")),
    Family("table", _("Wood in window light")),
    Family("bath", _("Marble bath")),
    Family("kitchen", _("Kitchen")),
    Family("stone", _("Stone and sand")),
    Family("fabric", _("Fabric")),
    Family("shelf", _("Shelves")),
    Family("concrete", _("Concrete")),
    Family("glow", _("Glass and glow")),
    Family("seasonal", _("Seasonal")),
    Family("flatlay", _("Flat lay"), _("For photos taken from above. Photos taken from the side look wrong here.")),
)


def by_family() -> list[tuple[Family, list[SetInfo]]]:
    """The sets in the order of their families, the plainest first; a family that nobody named comes last."""
    known = {family.key: family for family in FAMILIES}
    others = sorted({info.family for info in sets().values()} - set(known))
    ordered = [*FAMILIES, *(Family(key, key.capitalize()) for key in others)]
    plainest = sorted(sets().values(), key=lambda info: len(info.materials))
    grouped = [(family, [info for info in plainest if info.family == family.key]) for family in ordered]
    return [(family, members) for family, members in grouped if members]


def offered() -> tuple[str, ...]:
    """The names of all sets in the order in which people see them."""
    return tuple(info.name for _, members in by_family() for info in members)


def title(titles: Mapping[str, str]) -> str:
    """The title in the active language, else in English."""
    return titles.get(get_language() or "en") or titles["en"]
