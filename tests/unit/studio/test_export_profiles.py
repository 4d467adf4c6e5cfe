"""Profiles: complete, sourced, and able to be met by what they tell us to make."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest

from apps.studio.exports import words
from apps.studio.exports.names import TOKENS, checked_template
from apps.studio.exports.profiles import FOLDER, Profile, profiles, read_profile
from inference.pipelines.file_check import _MEASURES
from inference.pipelines.rules import REQUIRED, RULES, STANDING

ALL = list(profiles().values())
MARKETPLACES = {"amazon", "shopify", "ebay", "etsy", "walmart", "google", "mercado-libre", "taobao", "jd"}


def test_every_marketplace_has_a_profile() -> None:
    assert {profile.marketplace for profile in ALL} >= MARKETPLACES | {"pinduoduo", "douyin", "originals"}
    assert len(ALL) == len(list(FOLDER.glob("*.toml"))) == 22


def test_a_shot_in_a_scene_can_leave_for_every_marketplace() -> None:
    takes_scenes = {profile.marketplace for profile in ALL if profile.target["kind"] == "scene"}
    assert takes_scenes >= MARKETPLACES | {"pinduoduo", "douyin"}
    strict = [
        profile.key
        for profile in ALL
        if profile.target["kind"] == "scene"
        for item in profile.rules
        if item.rule.name == "white_border" and item.rule.level == REQUIRED
    ]
    assert strict == [], "a scene has no white border"


@pytest.mark.parametrize("profile", ALL, ids=lambda profile: profile.key)
def test_a_profile_is_complete(profile: Profile) -> None:
    assert re.fullmatch(r"2026-11(\.[2-9])?", profile.version)
    assert profile.marketplace in words.MARKETPLACES
    assert checked_template(profile.template) == profile.template
    for item in profile.rules:
        assert item.source.url.startswith("https://")
        assert datetime.date(2026, 1, 1) <= item.source.checked
        assert item.source.confidence in words.CONFIDENCE
        assert words.rule_sentence(item.rule.name, item.rule.value)
    values = dict.fromkeys(TOKENS, "a")
    assert profile.template.format(**values)


@pytest.mark.parametrize("profile", ALL, ids=lambda profile: profile.key)
def test_what_a_profile_makes_can_meet_its_own_rules(profile: Profile) -> None:
    target = profile.target
    needed = {item.rule.name: item.rule.value for item in profile.rules if item.rule.level == REQUIRED}
    sides = (target["width"], target["height"]) if "width" in target else (target.get("longest", 0),)
    if sides[0]:
        assert max(sides) >= max(needed.get("longest_min", 0), needed.get("zoom_longest", 0))
        assert max(sides) <= needed.get("longest_max", 10**6)
        assert min(sides) >= needed.get("shortest_min", 0)
        assert sides[0] >= needed.get("width_min", 0)
    if "size" in needed:
        assert list(sides) == needed["size"]
    assert target.get("max_bytes", 0) <= needed.get("max_bytes", 10**9)
    asked = [item.rule.value for item in profile.rules if item.rule.name == "max_bytes"]
    assert target.get("aim_bytes", min(asked, default=0)) == min(asked, default=0)
    if "fill_min" in needed:
        assert needed["fill_min"] <= target["fill"] <= needed.get("fill_max", 1)
    if "white_border" in needed:
        assert target["kind"] == "white"
        assert target["border"] >= needed["white_border"]
    assert profile.as_target().file_format == target["format"]


def test_every_rule_is_measured_and_has_words() -> None:
    assert set(_MEASURES) == set(RULES) - {"readable"}
    assert set(words.WORDS) == set(RULES)
    assert {rule.name for rule in STANDING} <= set(RULES)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('key = "amazon-main"', 'key = "other"'),
        ("checked = 2026-11-21", 'checked = "soon"'),
        ('url = "https://', 'url = "'),
        ('confidence = "official"', 'confidence = "certain"'),
        ('name = "zoom_longest"', 'name = "zoom"'),
        ("value = 1000", 'value = "1000"'),
        ('source = "amazon3"', 'source = "amazon"'),
        ('source = "amazon"', 'source = "nobody"'),
        ('kind = "white"', 'kind = "grey"'),
        ('format = "jpeg"', 'format = "webp"'),
        ("width = 2000\n", ""),
        ("width = 2000", "widht = 2000"),
        ("zh-hans = ", "zh-hant = "),
        ('level = "advised"', 'level = "nice"'),
        ('purpose = "main"', 'purpose = "fun"'),
    ],
)
def test_a_profile_with_a_fault_is_refused_with_the_files_name(tmp_path: Path, old: str, new: str) -> None:
    text = (FOLDER / "amazon-main.toml").read_text(encoding="utf-8")
    assert old in text
    broken = tmp_path / "amazon-main.toml"
    broken.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ValueError, match=r"amazon-main\.toml: "):
        read_profile(broken)
