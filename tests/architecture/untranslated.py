"""Finds words in templates that nobody can translate."""

from __future__ import annotations

import re
from html.parser import HTMLParser

SPOKEN_ATTRIBUTES = {"alt", "title", "placeholder", "aria-label", "aria-description", "label", "value", "data-text"}
SILENT_ELEMENTS = {"script", "style", "code", "kbd"}
VOID_ELEMENTS = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
NAMES = {"VisualForge", "px", "px²", "ΔE", "MB", "PNG", "JPEG", "WebP", "ZIP", "SKU", "Esc", "Shift", "Ctrl", "HEX"}
"""Names and units that are the same in every language."""

KEY_OR_COLOUR = re.compile(r"\(?[A-Z]\)?|#[0-9a-fA-F]{3,8},?")
CLASSES = re.compile(r"{%\s*block (?:page|body)_class\s*%}.*?{%\s*endblock", re.S)
TRANSLATED = re.compile(r"{%\s*(blocktrans(?:late)?|comment)\b.*?%}.*?{%\s*end\1\s*%}", re.S)
TAGS = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.S)
WORD = re.compile(r"[^\W\d_]")


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.open: list[tuple[str, bool]] = []

    @property
    def is_silent(self) -> bool:
        """Inside code, or inside something that says which language it is in."""
        return any(silent for _, silent in self.open)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        for name, value in attributes:
            is_label = tag == "input" and given.get("type") in ("submit", "button")
            is_spoken = name in SPOKEN_ATTRIBUTES and (name != "value" or is_label)
            if is_spoken and value:
                self._keep(value)
        if tag not in VOID_ELEMENTS:
            self.open.append((tag, tag in SILENT_ELEMENTS or ("lang" in given and tag != "html")))

    def handle_endtag(self, tag: str) -> None:
        while any(name == tag for name, _ in self.open) and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self.is_silent:
            self._keep(data)

    def _keep(self, text: str) -> None:
        for part in text.split("\0"):
            if any(_is_spoken(word) for word in part.split()):
                self.found.append(" ".join(part.split()))


def _is_spoken(word: str) -> bool:
    return bool(WORD.search(word)) and word.strip("·.,:;()") not in NAMES and not KEY_OR_COLOUR.fullmatch(word)


def bare_texts(source: str) -> list[str]:
    """Texts and spoken attributes of a template that stand outside translate and blocktranslate tags."""
    parser = _Texts()
    parser.feed(TAGS.sub("\0", TRANSLATED.sub("\0", CLASSES.sub("{%", source))))
    parser.close()
    return parser.found
