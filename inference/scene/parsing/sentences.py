"""What a parser understood of a sentence, before it becomes a graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from inference.scene.choices import LightFrom, View
from inference.scene.graph import RelationName


@dataclass(frozen=True)
class Thing:
    """Something that was named.

    Attributes:
        label: its words as they stand in the text, without article and number.
        attributes: words before the noun, and its number.
        is_product: whether the product is meant.
        is_surface: whether things stand on it.
    """

    label: str
    attributes: tuple[str, ...] = ()
    is_product: bool = False
    is_surface: bool = False

    @property
    def noun(self) -> str:
        """What it is called for short: the last word, or the one before "of"; in Chinese all of it."""
        words = self.label.lower().partition(" of ")[0].split()
        return words[-1] if words else self.label


@dataclass(frozen=True)
class Statement:
    """``subjects`` are ``relation`` ``target``. Things are compared by label."""

    subjects: tuple[Thing, ...]
    relation: RelationName
    target: Thing


@dataclass
class Understood:
    """Collects what sentences say."""

    things: dict[str, Thing] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)
    light: str = ""
    light_from: LightFrom = "all"
    camera: str = ""
    view: View | None = None
    copy_space: str = "none"

    def name(self, things: Sequence[Thing]) -> None:
        """Remember things; the product is nobody's neighbour yet."""
        for thing in map(self.known, things):
            if not thing.is_product:
                self.things.setdefault(thing.label.lower(), thing)

    def known(self, thing: Thing) -> Thing:
        """The thing that was named before and is now called by its noun alone: "the candle" after "a lit candle"."""
        label = thing.label.lower()
        if thing.is_product or label in self.things:
            return thing
        same = (one for one in reversed(self.things.values()) if _is_short_for(label, one))
        return next(same, thing)

    def state(self, subjects: Sequence[Thing], relation: RelationName, target: Thing) -> None:
        """Remember a relation and the things in it."""
        target = self.known(target)
        others = tuple(self.known(one) for one in subjects)
        others = tuple(subject for subject in others if subject.label.lower() != target.label.lower())
        self.name((*others, target))
        if others:
            self.statements.append(Statement(others, relation, target))


def _is_short_for(label: str, thing: Thing) -> bool:
    return label == thing.noun if label.isascii() else thing.label.endswith(label)


def first_of(text: str, words: Mapping[str, str]) -> str | None:
    """What the first word of ``words`` in ``text`` means."""
    places = {word: text.find(word) for word in words if word in text}
    return words[min(places, key=lambda word: places[word])] if places else None
