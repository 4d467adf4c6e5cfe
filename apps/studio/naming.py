"""A product's name and SKU from the name of the file that it came in."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from django.utils.translation import gettext

_SKU = re.compile(r"^(?=[^\s]*\d)[A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+)*$")
_CAMERA = re.compile(
    r"^(img|dsc|dscn|dscf|pxl|image|photo|screenshot|mvimg|wechatimg|微信图片)[-_ ]?[\d_\-. ]*$", re.IGNORECASE
)
_SEPARATORS = re.compile(r"[\s_]+|(?<=\D)-(?=\D)")
_FIRST_WORD = re.compile(r"[\s_]+")
_COPY_MARK = re.compile(r"(\s*\(\d+\)|\s+-?\s*(copy|副本))$", re.IGNORECASE)


def name_and_sku(file_name: str) -> tuple[str, str]:
    """``"AB-1234_red-mug.jpg"`` -> ``("Red mug", "AB-1234")``; camera names such as ``IMG_1234`` give no SKU.

    A folder path may stand before the name. The result always has a name.
    """
    stem = PurePosixPath(file_name.replace("\\", "/")).stem.strip()
    stem = _COPY_MARK.sub("", stem)
    if not stem or _CAMERA.match(stem):
        return (stem or gettext("New product"))[:120], ""
    head, *others = _FIRST_WORD.split(stem, maxsplit=1)
    rest = others[0] if others else ""
    if _SKU.match(head) and any(c.isdigit() for c in head):
        words = _SEPARATORS.sub(" ", rest).strip()
        return _sentence_case(words or head)[:120], head[:64]
    return _sentence_case(_SEPARATORS.sub(" ", stem).strip())[:120], ""


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]
