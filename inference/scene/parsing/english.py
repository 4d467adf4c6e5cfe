"""Rules for English: clauses, noun phrases, prepositions. No model, no grammar: what a product scene needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from inference.scene.choices import LightFrom, View
from inference.scene.graph import MAX_ATTRIBUTE, MAX_ATTRIBUTES, MAX_LABEL, RelationName
from inference.scene.parsing.lexicon import Lexicon, lexicon
from inference.scene.parsing.sentences import Thing, Understood, first_of

_CLAUSES = re.compile(r"[.;,\n!?]+|\band (?=there\b)|\bwhile\b|\bwhere\b")
_LIST = re.compile(r"\s+and\s+|\s*&\s*|\s+plus\s+")
_COPY = re.compile(
    r"(?:empty|negative|copy|blank|free|white) space\b.*?\b(left|right|top|bottom)"
    r"|room for (?:text|copy)\b.*?\b(left|right|top|bottom)"
)
# "on the right" of nothing means of the product.
_SIDE = re.compile(
    r"\b(?:on|to|at) (?:the|its) (?:far )?(left|right)(?:[- ]hand)?(?: side)?\b(?! (?:side )?of\b)", re.IGNORECASE
)
_FROM: Mapping[str, str] = {
    "from the left": "left",
    "from the right": "right",
    "from behind": "behind",
    "backlit": "behind",
    "backlight": "behind",
    "from above": "above",
    "overhead": "above",
    "noon": "above",
    "left": "left",
    "right": "right",
}
_VIEWS: Mapping[str, str] = {
    "flat lay": "top_down",
    "top-down": "top_down",
    "top down": "top_down",
    "straight above": "top_down",
    "bird": "top_down",
    "overhead": "top_down",
    "low angle": "low",
    "from below": "low",
    "slightly above": "high",
    "high angle": "high",
    "eye level": "eye_level",
    "eye-level": "eye_level",
}


def read_english(text: str, product: str, found: Understood) -> None:
    """Add what ``text`` says to ``found``. ``product`` is what the product is called."""
    reader = _Reader(product, found)
    copy = _COPY.search(text.lower())
    if copy is not None:
        found.copy_space = copy.group(1) or copy.group(2)
    for clause in _CLAUSES.split(_COPY.sub(" ", text)):
        reader.read(clause.strip())


class _Reader:
    """Reads clause after clause; knows what the last one was about."""

    def __init__(self, product: str, found: Understood) -> None:
        self.words: Lexicon = lexicon("english")
        self.found = found
        self.product = Thing(product, is_product=True)
        self.product_noun = product.lower().split()[-1]
        self.about: tuple[Thing, ...] = (self.product,)
        written = "|".join(re.escape(words) for words, _ in self.words.relations)
        self.relation = re.compile(rf"\b(?:{written})\b", re.IGNORECASE)
        self.meaning = dict(self.words.relations)

    def read(self, clause: str) -> None:
        """Light, camera and manner are told apart first; everything else is about things."""
        lowered = clause.lower()
        if not lowered:
            return
        if self._has_word("light", lowered):
            self.found.light = self.found.light or clause
            self.found.light_from = cast(LightFrom, first_of(lowered, _FROM) or self.found.light_from)
        elif self._has_word("camera", lowered) and not self._has_things(lowered):
            self.found.camera = self.found.camera or clause
            self.found.view = cast(View | None, first_of(lowered, _VIEWS) or self.found.view)
        elif not self._has_word("manner", lowered):
            self._things(clause)

    def _has_word(self, kind: str, lowered: str) -> bool:
        pattern = "|".join(re.escape(word) for word in self.words.longest_first(kind))
        return (
            re.search(rf"\b(?:{pattern})\b|\d\s?mm\b" if kind == "camera" else rf"\b(?:{pattern})\b", lowered)
            is not None
        )

    def _has_things(self, lowered: str) -> bool:
        """``photo of a mug on a table``: a camera's word that only introduces things."""
        return re.match(r"(?:a |the )?(?:\w+ )*(?:photo|photograph|shot|picture)s? of\b", lowered) is not None

    def _things(self, clause: str) -> None:
        clause = _SIDE.sub(r"to the \1 of it", clause)
        clause = re.sub(r"^(?:an? |the )?(?:\w+ )*?(?:photo|photograph|shot|picture)s? of\s+", "", clause, flags=re.I)
        parts, relations = self._cut(clause)
        subjects = self._phrases(parts[0]) if parts[0] else ()
        if subjects:
            self.found.name(subjects)
            self.about = subjects
        for number, (relation, part) in enumerate(zip(relations, parts[1:], strict=True)):
            here, _, later = part.partition(" and ") if number + 1 < len(relations) else (part, "", "")
            self._related(relation, here, bool(subjects))
            # "behind it and a stack of books to the left of": what follows "and" is what the next relation is about.
            following = self._phrases(later)
            if following:
                self.found.name(following)
                self.about = following

    def _cut(self, clause: str) -> tuple[list[str], list[str]]:
        parts, relations, start = [], [], 0
        for match in self.relation.finditer(clause):
            parts.append(clause[start : match.start()].strip())
            relations.append(self.meaning[match.group().lower()])
            start = match.end()
        parts.append(clause[start:].strip())
        return parts, relations

    def _related(self, relation: str, part: str, has_subject: bool) -> None:
        """``subjects REL part``; in ``REL it a vase`` and ``REL the bottle is a vase`` the subject comes last."""
        later = self._subject_behind(part) if not has_subject else None
        if later is not None:
            target, subjects = later
            self.found.name(subjects)
            if not relation.startswith("~"):
                self.found.state(subjects, cast(RelationName, relation), target)
            self.about = subjects
            return
        things = self._phrases(part)
        if not things:
            return
        if relation == "~with":
            others = [thing for thing in things if not thing.is_product]
            self.found.name(others)
            for thing in others:
                self.found.state((thing,), "near", self.about[0])
            # What follows is said of the things just named: "with a candle behind it".
            self.about = tuple(others) or self.about
        elif relation == "~in":
            self.found.name([thing for thing in things if not self._is_setting(thing)])
        else:
            for thing in things:
                self.found.state(self.about, cast(RelationName, relation), thing)

    def _subject_behind(self, part: str) -> tuple[Thing, tuple[Thing, ...]] | None:
        nouns = [re.escape(thing.noun) for thing in self.found.things.values()]
        named = "|".join([*self.words.longest_first("pronouns"), re.escape(self.product_noun), *nouns])
        match = re.match(rf"^(?:the )?({named})\s+(?!and\b|of\b)(.+)$", part, re.I)
        verb = re.match(r"^(.+?)\s+(?:is|are|stands|lies|sits|there is|there are)\s+(.+)$", part, re.I)
        if match is not None and verb is None:
            target, subjects = self._phrases(match.group(1)), self._phrases(match.group(2))
            return (target[0], subjects) if target and subjects else None
        if verb is not None:
            target, subjects = self._phrases(verb.group(1)), self._phrases(verb.group(2))
            return (target[0], subjects) if target and subjects else None
        return None

    def _phrases(self, text: str) -> tuple[Thing, ...]:
        things = (self._thing(part) for part in _LIST.split(text))
        return tuple(thing for thing in things if thing is not None)

    def _thing(self, text: str) -> Thing | None:
        words = [word for word in re.findall(r"[\w'’%-]+", text) if not self.words.has("verbs", word.lower())]
        counted: list[str] = []
        while words and self._leads(words[0].lower()):
            if self.words.has("numbers", words[0].lower()):
                counted.append(words[0].lower())
            words = words[1:]
        if not words:
            return None
        label, lowered = " ".join(words)[:MAX_LABEL].strip(), [word.lower() for word in words]
        if (
            self.words.has("pronouns", lowered[-1])
            or lowered[-1] == self.product_noun
            or label.lower() == self.product.label.lower()
        ):
            return self.product
        noun = lowered.index("of") if "of" in lowered[1:] else len(lowered) - 1
        before = [word for word in lowered[: max(0, noun)] if self._is_attribute(word)]
        attributes = tuple(word[:MAX_ATTRIBUTE] for word in (*counted, *before))[:MAX_ATTRIBUTES]
        return Thing(label, attributes, is_surface=self.words.has("surfaces", lowered[-1]))

    def _leads(self, word: str) -> bool:
        return (
            self.words.has("determiners", word) or self.words.has("numbers", word) or word in ("of", "pair", "couple")
        )

    def _is_attribute(self, word: str) -> bool:
        if any(self.words.has("attributes", part) for part in word.split("-")):
            return True
        return word.endswith(tuple(self.words.words["attribute_endings"])) and len(word) > 4

    def _is_setting(self, thing: Thing) -> bool:
        return self.words.has("settings", thing.label.lower().split()[-1])
