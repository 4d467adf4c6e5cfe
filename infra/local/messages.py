"""The texts of the interface and their translations, without the gettext tools.

    python -m infra.local.messages           add new texts to the catalogues, drop those that are gone
    python -m infra.local.messages --check   say what is missing; exit status 1 when something is

Texts are read from the syntax tree of every module below ``apps/`` and from every template.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polib

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = ROOT / "apps" / "core" / "locale"
SINGULAR = {"_", "gettext", "gettext_lazy", "gettext_noop"}
PLURAL = {"ngettext", "ngettext_lazy"}
WITH_CONTEXT = {"pgettext", "pgettext_lazy"}
PLURAL_WITH_CONTEXT = {"npgettext", "npgettext_lazy"}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-zA-Z]|%%|%[a-zA-Z]")

Key = tuple[str, str]
"""Context (empty for none) and text."""


@dataclass
class Text:
    """One entry of the catalogue as the code needs it."""

    message: str
    plural: str = ""
    context: str = ""
    places: list[str] = field(default_factory=list)

    @property
    def key(self) -> Key:
        return self.context, self.message


def extract(root: Path = ROOT) -> dict[Key, Text]:
    """Every text that the interface asks gettext for.

    Raises ValueError for a call whose text is not a literal: nobody could translate it.
    """
    found: dict[Key, Text] = {}
    for text in (*_from_modules(root), *_from_templates(root)):
        known = found.setdefault(text.key, text)
        if known is not text:
            known.places += text.places
            known.plural = known.plural or text.plural
    return found


def _from_modules(root: Path) -> Iterator[Text]:
    for path in sorted((root / "apps").rglob("*.py")):
        if "migrations" not in path.parts:
            yield from texts_of_module(path.read_text(), str(path.relative_to(root)))


def _from_templates(root: Path) -> Iterator[Text]:
    folders = [root / "templates", *sorted((root / "apps").glob("*/templates"))]
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.is_file()):
        yield from texts_of_template(path.read_text(), str(path.relative_to(root)))


def texts_of_module(source: str, name: str) -> Iterator[Text]:
    """The texts in calls of gettext and its kin."""
    for node in ast.walk(ast.parse(source, name)):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in SINGULAR | PLURAL | WITH_CONTEXT | PLURAL_WITH_CONTEXT:
                yield _text_of_call(called, node, f"{name}:{node.lineno}")


def _text_of_call(called: str, node: ast.Call, place: str) -> Text:
    wanted = 3 if called in PLURAL_WITH_CONTEXT else 1 if called in SINGULAR else 2
    words = [_literal(argument, place) for argument in node.args[:wanted]]
    context = words.pop(0) if called in WITH_CONTEXT | PLURAL_WITH_CONTEXT else ""
    return Text(words[0], words[1] if len(words) > 1 else "", context, [place])


def _literal(node: ast.expr, place: str) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise ValueError(f"{place}: a text for translation has to be a literal")


def texts_of_template(source: str, name: str) -> Iterator[Text]:
    """The texts of translate and blocktranslate tags and of ``_("…")``, read by Django's own lexer."""
    from django.utils.translation.template import templatize

    calls = re.compile(
        r"""\b(gettext|ngettext|pgettext|npgettext|_)\(((?:\s*u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\s*,?)+)""", re.S
    )
    for call in calls.finditer(templatize(source, origin=name)):
        words = ast.literal_eval(f"({call[2].rstrip().rstrip(',')},)")
        context = words[0] if call[1] in ("pgettext", "npgettext") else ""
        message, *plural = words[1:] if context else words
        yield Text(message, plural[0] if plural else "", context, [name])


def merge(catalogue: polib.POFile, texts: dict[Key, Text]) -> None:
    """Make the entries of ``catalogue`` those of ``texts``; translations of texts that stay are kept."""
    import polib

    kept = {(entry.msgctxt or "", entry.msgid): entry for entry in catalogue if not entry.obsolete}
    for key in set(kept) - set(texts):
        catalogue.remove(kept[key])
    for key, text in texts.items():
        entry = kept.get(key)
        if entry is None:
            entry = polib.POEntry(msgid=text.message, msgctxt=text.context or None)
            catalogue.append(entry)
        entry.occurrences = [(place.partition(":")[0], "") for place in dict.fromkeys(text.places)]
        if text.plural:
            entry.msgid_plural = text.plural
            entry.msgstr_plural = {0: entry.msgstr_plural.get(0, "") or entry.msgstr}
            entry.msgstr = ""
        if PLACEHOLDER.search(text.message) and "python-format" not in entry.flags:
            entry.flags.append("python-format")
    catalogue.sort(key=lambda entry: (entry.occurrences[0] if entry.occurrences else ("", ""), entry.msgid))


def complaints(catalogue: polib.POFile, texts: dict[Key, Text]) -> list[str]:
    """What keeps the translation from being complete: missing, empty, fuzzy and broken entries, and leftovers."""
    entries = {(entry.msgctxt or "", entry.msgid): entry for entry in catalogue if not entry.obsolete}
    found = [
        f"not in the catalogue: {text.message!r} ({text.places[0]})"
        for text in texts.values()
        if text.key not in entries
    ]
    found += [f"no longer in the code: {message!r}" for _, message in set(entries) - set(texts)]
    for entry in entries.values():
        found += _complaints_about(entry)
    return sorted(found)


def _complaints_about(entry: polib.POEntry) -> list[str]:
    translations = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
    if not translations or not all(translations):
        return [f"not translated: {entry.msgid!r}"]
    found = [f"fuzzy: {entry.msgid!r}"] if entry.fuzzy else []
    wanted = set(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
    return found + [
        f"other placeholders in {text!r} than in {entry.msgid!r}"
        for text in translations
        if set(PLACEHOLDER.findall(text)) != wanted
    ]


def main(arguments: list[str]) -> int:
    """Update or check every catalogue; asked for anything else, say what there is."""
    if set(arguments) - {"--check"}:
        print(__doc__)
        return 2
    import django
    import polib

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "apps.config.settings.embedded")
    django.setup()
    texts = extract()
    status = 0
    for path in sorted(CATALOGUES.glob("*/LC_MESSAGES/django.po")):
        catalogue = polib.pofile(str(path), wrapwidth=110)
        if "--check" not in arguments:
            merge(catalogue, texts)
            catalogue.save(str(path))
        for complaint in complaints(catalogue, texts):
            print(f"{path.relative_to(ROOT)}: {complaint}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
