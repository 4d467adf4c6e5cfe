"""The sizes that workers are warmed at are those that Studio asks for."""

from __future__ import annotations

import pytest

from apps.studio.offers import FORMATS
from inference.models import ModelCard, model_cards
from inference.pipelines.generated.canvas import drawn_size
from inference.pipelines.generated.spec import GeneratedSpec


@pytest.mark.parametrize("card", model_cards(), ids=lambda card: card.name)
def test_every_format_is_drawn_at_sizes_that_are_warm(card: ModelCard) -> None:
    candidate_px = GeneratedSpec.preview_px
    candidates = [drawn_size(card, one.width, one.height, longest_px=candidate_px) for one in FORMATS.values()]
    full = [drawn_size(card, one.width, one.height) for one in FORMATS.values()]
    assert set(card.sizes) == {*candidates, *full}
    assert set(card.sizes[: len(candidates)]) == set(candidates)
