"""Words of Studio that depend on what people have judged."""

from __future__ import annotations

import pytest

from apps.studio.models import CutoutState, Product
from apps.studio.templatetags.studio_words import confidence_words


@pytest.mark.parametrize(
    ("confidence", "tone", "figure"), [(0.9, "ok", "90%"), (0.6, "warn", "60%"), (0.2, "warn", "20%")]
)
def test_an_engine_says_how_sure_it_is(confidence: float, tone: str, figure: str) -> None:
    words = confidence_words(Product(cutout_state=CutoutState.READY, cutout_confidence=confidence))
    assert (words.tone, words.figure) == (tone, figure)


def test_nobody_doubts_a_cutout_that_a_person_has_accepted() -> None:
    words = confidence_words(Product(cutout_state=CutoutState.ACCEPTED, cutout_confidence=0.2))
    assert (words.tone, words.figure) == ("ok", "")
