"""Every error that a person can meet has a sentence of its own, in every language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from apps.core.sentences import SENTENCES, sentence

ROOT = Path(__file__).resolve().parents[3]
RAISED = re.compile(r"(?:InputRejected|EngineUnavailable|EngineFailed)\(\s*\"([a-z]+\.[a-z_]+)\"")
# What only the command line and our own callers can cause: no person can send it through the site.
# Certificates are the operator's: the system check, the command that makes one and the log speak of them in full.
NOT_FROM_THE_SITE = {"cli", "photo", "verify", "certificate"}
OURS = {"shot.bad_size", "shot.bad_scale", "shot.size_mismatch", "shot.unknown_option"}


def _behind_no_page() -> set[str]:
    """Generators are a library without a job kind; from the moment that the site calls them, their codes count."""
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "apps").rglob("*.py"))
    return set() if any("pipelines.generate" in source for source in sources) else {"generate", "generated", "scene"}


def codes_of_the_library() -> set[str]:
    found = {
        code for path in (ROOT / "inference").rglob("*.py") for code in RAISED.findall(path.read_text(encoding="utf-8"))
    }
    unseen = NOT_FROM_THE_SITE | _behind_no_page()
    return {code for code in found if code.split(".")[0] not in unseen} - OURS


def test_the_library_raises_codes_that_this_test_can_see() -> None:
    assert {"cutout.nothing_found", "cutout.box_outside", "shot.unknown_set"} <= codes_of_the_library()


def test_every_code_of_the_imaging_library_has_a_sentence() -> None:
    assert codes_of_the_library() - set(SENTENCES) == set()


def test_a_sentence_shows_its_values() -> None:
    text = sentence("cutout.too_small", {"width": 20, "height": 18})
    assert "20 × 18" in text


@pytest.mark.parametrize("params", [None, {}, {"width": 20}])
def test_missing_values_never_break_the_page(params: dict[str, object] | None) -> None:
    assert sentence("cutout.too_small", params) == sentence("internal")


def test_an_unknown_code_reads_like_a_fault_of_ours() -> None:
    assert sentence("nobody.knows") == sentence("internal")
