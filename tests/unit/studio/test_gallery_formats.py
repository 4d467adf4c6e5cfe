"""The gallery lays its rows out before any picture is there: its style sheet knows the ratio of every format."""

from __future__ import annotations

import re

from django.conf import settings

from apps.studio.offers import FORMATS

RULE = re.compile(r'\.shot\[data-format="([^"]+)"\] \{\s*--ratio: ([\d.]+);')
COLUMN = re.compile(
    r'\.gallery:has\(> \.shot\[data-format="([^"]+)"\]\) \{\s*--column: calc\(([\d.]+) \* var\(--row\)\);'
)
ALIKE = re.compile(r'\.gallery:not\(:has\(> \.shot:not\(\[data-format="([^"]+)"\]\)\)\)[,\s]')


def style_sheet() -> str:
    return (settings.BASE_DIR / "static" / "css" / "studio-shoot.css").read_text()


def test_the_gallery_knows_the_ratio_of_every_format() -> None:
    ratios = {"1:1": 1.0} | {key: float(ratio) for key, ratio in RULE.findall(style_sheet())}
    expected = {key: round(each.width / each.height, 4) for key, each in FORMATS.items()}
    assert ratios == expected


def test_shots_of_one_format_stand_in_columns_whichever_it_is() -> None:
    css = style_sheet()
    assert set(ALIKE.findall(css)) == set(FORMATS)
    assert COLUMN.findall(css) == RULE.findall(css)
