"""The prompt of a scene: English sentences in the order in which they matter, then the person's own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from inference.scene.choices import Field, scene_choice
from inference.scene.colour_words import colour_words
from inference.scene.form import Fractions, SceneForm

_NOT_COUNTED = ("a", "an", "the", "two", "three", "fine", "fresh", "wet", "flowing", "mossy")
# Where the middle of a box must lie for a side to be named, as fractions of the picture.
_LEFT_ENDS, _RIGHT_BEGINS = 0.4, 0.6
_NO_PLACES: Mapping[str, str] = MappingProxyType({})


def place_words(box: Fractions) -> str:
    """The side of the picture that a box (left, top, width, height) is on; empty in the middle."""
    middle = box[0] + box[2] / 2
    return "on the left" if middle < _LEFT_ENDS else "on the right" if middle > _RIGHT_BEGINS else ""


def write_prompt(
    form: SceneForm,
    label: str,
    named: Sequence[str],
    *,
    name_colours: bool = True,
    places: Mapping[str, str] = _NO_PLACES,
) -> str:
    """Everything that a form says, in words.

    Args:
        label: the product.
        named: labels of the objects that the free words do not name.
        name_colours: put the palette into words, too.
        places: where objects are, by label, as ``place_words`` says it.
    """
    surface, setting = _words(form, "surface"), _words(form, "setting")
    place = [f"on {_article(surface)}" if surface else "", f"in {setting}" if setting else ""]
    around = [f"{_article(words)} {places.get(words, '')}".rstrip() for words in named if words != surface]
    first = " ".join(["Product photograph of", label, *(part for part in place if part)])
    if around:
        first += f", with {_listed(around)}"
    mood, season = _words(form, "mood"), _words(form, "season")
    feeling = ", ".join(part for part in (f"{mood} mood" if mood else "", f"{season} season" if season else "") if part)
    colours = colour_words(form.palette) if name_colours else ()
    sentences = [
        first,
        _words(form, "light"),
        _words(form, "lens"),
        feeling,
        f"Colour palette of {_listed(colours)}" if colours else "",
        _words(form, "copy_space"),
        form.words,
    ]
    return ". ".join(_capital(sentence.rstrip(".。 ")) for sentence in sentences if sentence) + "."


def _words(form: SceneForm, field: Field) -> str:
    choice = scene_choice(field, getattr(form, field))
    return "" if choice is None else choice.words


def _article(words: str) -> str:
    """``words`` with an article where they are one countable thing."""
    first, last = words.split()[0], words.split()[-1]
    is_many = last.endswith("s") and not last.endswith(("ss", "us"))
    if first.lower() in _NOT_COUNTED or is_many or not words.isascii():
        return words
    if last in ("fabric", "sand", "snow", "ground"):
        return words
    return f"{'an' if words[0].lower() in 'aeiou' else 'a'} {words}"


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
