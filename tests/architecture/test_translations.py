"""Whatever people can read exists in English and in Simplified Chinese, completely."""

from __future__ import annotations

import polib
import pytest

from infra.local.messages import CATALOGUES, Text, complaints, extract, merge, texts_of_module, texts_of_template
from tests.architecture.sources import ROOT, name_of, templates
from tests.architecture.untranslated import bare_texts

CHINESE = CATALOGUES / "zh_Hans" / "LC_MESSAGES" / "django.po"


def test_every_text_is_translated_into_chinese() -> None:
    assert complaints(polib.pofile(str(CHINESE)), extract()) == []


def test_there_is_one_catalogue_for_the_whole_site() -> None:
    ours = [path for folder in ("apps", "templates", "inference") for path in (ROOT / folder).rglob("*.po")]
    assert ours == [CHINESE]


def test_no_two_chinese_words_for_the_same_thing() -> None:
    """The glossary's words, where an English word has exactly one translation."""
    one_word = {"workspace": "工作区", "cutout": "抠图", "product": "商品"}
    wrong = []
    for entry in polib.pofile(str(CHINESE)):
        chinese = "".join([entry.msgstr, *entry.msgstr_plural.values()])
        words = entry.msgid.lower().replace(".", " ").replace(",", " ").split()
        for english, expected in one_word.items():
            choices = (expected,) if isinstance(expected, str) else expected
            if english in words and not any(choice in chinese for choice in choices):
                wrong.append((entry.msgid, chinese))
    assert wrong == []


@pytest.mark.parametrize("path", templates(), ids=name_of)
def test_templates_have_no_text_outside_translation_tags(path: object) -> None:
    assert bare_texts(path.read_text()) == []  # type: ignore[attr-defined]


def test_a_bare_text_is_found_wherever_it_hides() -> None:
    source = """{% load i18n %}<h1>Hello</h1><p>{% translate "fine" %} but {{ name }}</p>
    <img alt="A pot" title="{% translate 'fine' %}"><input placeholder="Name" value="{{ value }}">
    {% blocktranslate %}fine{% endblocktranslate %}<span lang="en">English</span>{# a note #}
    {% comment %}fine{% endcomment %}<b aria-label="Close">x</b><i>7 %</i><script src="a.js"></script>VisualForge"""
    assert bare_texts(source) == ["Hello", "but", "A pot", "Name", "Close", "x"]


def test_texts_are_found_in_every_spelling() -> None:
    module = 'a = _("one"); b = ngettext("two", "twos", 2); c = pgettext_lazy("verb", "three"); d = t.gettext("four")'
    found = [(text.context, text.message, text.plural) for text in texts_of_module(module, "m.py")]
    assert found == [("", "one", ""), ("", "two", "twos"), ("verb", "three", ""), ("", "four", "")]
    template = """{% load i18n %}{% translate "one" %}{% translate "it's" context "two" %}{{ _("three")|upper }}
    {% blocktranslate count n=items|length trimmed %}four {{ n }}{% plural %}fours {{ n }}{% endblocktranslate %}"""
    found = [(text.context, text.message, text.plural) for text in texts_of_template(template, "t.html")]
    assert found == [("", "one", ""), ("two", "it's", ""), ("", "three", ""), ("", "four %(n)s", "fours %(n)s")]


def test_a_text_that_is_no_literal_is_refused() -> None:
    with pytest.raises(ValueError, match="literal"):
        list(texts_of_module("_(name)", "m.py"))


def test_a_catalogue_that_is_not_complete_is_refused() -> None:
    texts = {
        ("", message): Text(message, places=["here"]) for message in ("new", "empty", "old %(n)s", "fuzzy", "good")
    }
    catalogue = polib.POFile()
    catalogue += [
        polib.POEntry(msgid="empty"),
        polib.POEntry(msgid="old %(n)s", msgstr="旧 %(m)s"),
        polib.POEntry(msgid="fuzzy", msgstr="模糊", flags=["fuzzy"]),
        polib.POEntry(msgid="good", msgstr="好"),
        polib.POEntry(msgid="gone", msgstr="走了"),
    ]
    assert complaints(catalogue, texts) == [
        "fuzzy: 'fuzzy'",
        "no longer in the code: 'gone'",
        "not in the catalogue: 'new' (here)",
        "not translated: 'empty'",
        "other placeholders in '旧 %(m)s' than in 'old %(n)s'",
    ]
    merge(catalogue, texts)
    assert {entry.msgid: entry.msgstr for entry in catalogue}["good"] == "好"
    assert {entry.msgid for entry in catalogue} == {"new", "empty", "old %(n)s", "fuzzy", "good"}
