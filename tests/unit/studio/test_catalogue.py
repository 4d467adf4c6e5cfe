"""Sets as Studio offers them: by family, with cameras and moods."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from apps.studio import catalogue, services


def test_a_shoot_is_seen_by_one_camera_in_one_mood_where_the_set_has_them() -> None:
    info = catalogue.get_set("white-sweep")
    first, other = info.cameras[0].name, info.cameras[1].name
    plan: dict[str, Any] = {"sets": ["white-sweep"], "palettes": ["own"], "formats": ["1:1"], "variations": 1}

    [spec] = services.plan_shots(**plan, camera=other, mood=info.moods[1].name)
    assert (spec["camera"], spec["mood"]) == (other, info.moods[1].name)
    for camera in (first, "no-such-camera", ""):
        [usual] = services.plan_shots(**plan, camera=camera)
        assert {"camera", "mood"} & set(usual) == set()


def test_every_set_is_offered_once_under_a_family_with_a_name() -> None:
    grouped = catalogue.by_family()
    names = [info.name for _, members in grouped for info in members]
    assert sorted(names) == sorted(catalogue.sets())
    assert {family.key for family, _ in grouped} <= {family.key for family in catalogue.FAMILIES}


def test_the_plainest_set_comes_first() -> None:
    assert catalogue.offered()[0] == "white-sweep"


def test_a_set_fits_photos_from_where_its_camera_may_be() -> None:
    for info in catalogue.sets().values():
        assert catalogue.fits("above", info) == info.top_down
        assert catalogue.fits("side", info) == (not info.top_down)
        assert catalogue.fits("", info)  # nobody knows
    steep = replace(catalogue.get_set("white-sweep"), pitch_deg=(50.0, 80.0))
    assert catalogue.fits("above", steep)
    assert not catalogue.fits("side", steep)
