"""The gallery lays its rows out before any picture is there: its style sheet knows the ratio of every format."""

from __future__ import annotations

import re

from django.conf import settings

from apps.studio.offers import FORMATS

RULE = re.compile(r'\.shot\[data-format="([^"]+)"\] \{\s*--ratio: ([\d.]+);')


def test_the_gallery_knows_the_ratio_of_every_format() -> None:
    css = (settings.BASE_DIR / "static" / "css" / "studio-shoot.css").read_text()
    ratios = {"1:1": 1.0} | {key: float(ratio) for key, ratio in RULE.findall(css)}
    expected = {key: round(each.width / each.height, 4) for key, each in FORMATS.items()}
    assert ratios == expected
