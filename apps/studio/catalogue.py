"""The virtual studio sets as Studio offers them, with titles in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from django.utils.translation import get_language

from apps.core.errors import InvalidInput
from inference.pipelines.catalogue import SetInfo, list_sets


@lru_cache(maxsize=1)
def sets() -> Mapping[str, SetInfo]:
    """All sets by name, in the library's order."""
    return {info.name: info for info in list_sets()}


def get_set(name: str) -> SetInfo:
    """Raises InvalidInput ``studio.set_unknown``."""
    if name not in sets():
        raise InvalidInput("studio.set_unknown", name=name[:60])
    return sets()[name]


def fitting_palette(name: str, palette: Sequence[str]) -> tuple[str, ...]:
    """As many of the colours, in their order, as the set has surfaces to recolour: one palette serves many sets."""
    surfaces = sum(material.recolourable for material in get_set(name).materials)
    return tuple(palette[:surfaces])


def title(titles: Mapping[str, str]) -> str:
    """The title in the active language, else in English."""
    return titles.get(get_language() or "en") or titles["en"]
