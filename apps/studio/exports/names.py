"""File names from a template with tokens, safe on every disk that a merchant or a marketplace may have.

A slash in the template makes a folder; one in a value never does. What is not allowed is replaced, never refused: the
export of five hundred products must not fail over one odd SKU.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from apps.core.errors import InvalidInput

TOKENS = ("sku", "gtin", "name", "set", "camera", "n", "profile", "marketplace", "size", "date")
MAX_TEMPLATE = 160
MAX_FOLDERS = 3
MOST_BYTES = 180
"""Of one part of a path: file systems count bytes, and a Chinese character has three."""

_TOKEN = re.compile(r"\{([^{}]*)\}")
_UNSAFE = re.compile(r"[^\w.\-+() ]+")
_SPACES = re.compile(r"\s+")
_DOUBLED = re.compile(r"([_\-])[_\-]+")
_RESERVED = re.compile(r"^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?$", re.IGNORECASE)


def checked_template(template: str) -> str:
    """A template that a person typed.

    Raises:
        InvalidInput: ``export.token_unknown``, ``export.template_unusable``.
    """
    text = unicodedata.normalize("NFC", template).strip()
    for token in _TOKEN.findall(text):
        if token not in TOKENS:
            raise InvalidInput("export.token_unknown", name=token[:30], known=", ".join(TOKENS))
    rest = _TOKEN.sub("", text)
    if not text or len(text) > MAX_TEMPLATE or "{" in rest or "}" in rest or text.count("/") > MAX_FOLDERS:
        raise InvalidInput("export.template_unusable", most=MAX_TEMPLATE)
    return text


def file_path(template: str, values: Mapping[str, str], *, suffix: str, unicode: bool, max_length: int) -> str:
    """The path inside the archive, for example ``amazon/FC-001_MAIN.jpg``.

    Args:
        values: a text for every token.
        suffix: without the dot.
        unicode: keep letters of all scripts; otherwise accents are dropped, and what has no plain letters at all.
        max_length: characters of the file name with its suffix.
    """
    *folders, last = template.split("/")
    room = max_length - len(suffix) - 1
    parts = [_part(folder, values, unicode, 60) for folder in folders]
    parts = [part for part in parts if part]
    stem = _part(last, values, unicode, room) or _part("{sku}-{n}", values, unicode, room) or "image"
    return "/".join((*parts, f"{stem}.{suffix}"))


def numbered(paths: Iterable[str], *, taken: Iterable[str] = ()) -> list[str]:
    """The same paths, each once: a second ``a.jpg`` becomes ``a_2.jpg``. Case does not tell names apart everywhere.

    Args:
        taken: paths that are given away already.
    """
    used = {path.casefold() for path in taken}
    last: dict[str, int] = {}
    """The number that was tried last, by path: a template without numbers gives thousands the same name."""
    result = []
    for path in paths:
        free, key = path, path.casefold()
        number = last.get(key, 1)
        while free.casefold() in used:
            number += 1
            pure = PurePosixPath(path)
            free = str(pure.with_name(f"{pure.stem}_{number}{pure.suffix}"))
        last[key] = number
        used.add(free.casefold())
        result.append(free)
    return result


def gtin(sku: str) -> str:
    """The 14 digits of a SKU that is a GTIN (8, 12, 13 or 14 digits), else the SKU."""
    digits = sku.replace(" ", "").replace("-", "")
    return digits.zfill(14) if digits.isascii() and digits.isdigit() and len(digits) in (8, 12, 13, 14) else sku


def _part(template: str, values: Mapping[str, str], unicode: bool, room: int) -> str:
    text = _TOKEN.sub(lambda found: safe(values.get(found.group(1), ""), unicode=unicode), template)
    text = _DOUBLED.sub(r"\1", safe(text, unicode=unicode)).strip(" ._-")
    text = text[: max(8, room)].encode()[:MOST_BYTES].decode(errors="ignore").strip(" ._-")
    return f"_{text}" if _RESERVED.match(text) else text


def safe(text: str, *, unicode: bool) -> str:
    """Letters, digits and a few signs; no separators, controls, direction marks, or anything a shell would read."""
    text = unicodedata.normalize("NFC" if unicode else "NFKD", text)
    if not unicode:
        text = text.encode("ascii", "ignore").decode()
    text = "".join(c for c in text if unicodedata.category(c)[0] != "C" or c in "\t\n")
    return _UNSAFE.sub("-", _SPACES.sub(" ", text)).strip(" .-")
