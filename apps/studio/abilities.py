"""What the models that draw can do beside drawing: for forms that offer it, and for requests that ask for it."""

from __future__ import annotations

from inference.errors import InputRejected
from inference.models import model_card

PREVIEWS = "previews"
"""Candidates are drawn small and the best one in full; editors draw each of them in full."""

EDITS = "edits"
"""A picture is changed as a whole, by an instruction."""


def abilities(model: str) -> frozenset[str]:
    """``ModelCard.can``, and ``PREVIEWS`` or ``EDITS``; nothing for a name that no model has."""
    try:
        card = model_card(model)
    except InputRejected:
        return frozenset()
    return card.can | {EDITS if card.kind == "edit" else PREVIEWS}


def longest_px(model: str) -> int:
    """The longest side that a model draws; 0 for a name that no model has."""
    try:
        return model_card(model).max_px
    except InputRejected:
        return 0


def can(model: str, ability: str) -> bool:
    return ability in abilities(model)
