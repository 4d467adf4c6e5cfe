"""Rules for Chinese: clauses, 在…上 and …旁边有…, measure words, 的. No segmentation, no model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from inference.scene.choices import LightFrom, View
from inference.scene.graph import MAX_ATTRIBUTE, MAX_ATTRIBUTES, MAX_LABEL, RelationName
from inference.scene.parsing.lexicon import lexicon
from inference.scene.parsing.sentences import Thing, Understood, first_of

_CLAUSES = re.compile(r"[。；，,;.！!？?\n]+")
_LIST = re.compile(r"[、和与及]|以及|还有")
_COPY = re.compile(r"(左|右|上|下)(?:侧|边|方|面)?(?:留白|留出空间|留空|空白)")
_SIDES = {"左": "left", "右": "right", "上": "top", "下": "bottom"}
_FROM: Mapping[str, str] = {
    "左": "left",
    "右": "right",
    "逆光": "behind",
    "背光": "behind",
    "背后": "behind",
    "顶光": "above",
    "上方": "above",
    "正午": "above",
}
_VIEWS: Mapping[str, str] = {
    "平铺": "top_down",
    "正上方": "top_down",
    "俯拍": "top_down",
    "微俯": "high",
    "低角度": "low",
    "仰拍": "low",
    "平视": "eye_level",
}


def read_chinese(text: str, product: str, found: Understood) -> None:
    """Add what ``text`` says to ``found``. ``product`` is what the product is called."""
    reader = _Reader(product, found)
    copy = _COPY.search(text)
    if copy is not None:
        found.copy_space = _SIDES[copy.group(1)]
    for clause in _CLAUSES.split(_COPY.sub("，", text)):
        reader.read(clause.strip())


class _Reader:
    """Reads clause after clause; knows what the last one was about."""

    def __init__(self, product: str, found: Understood) -> None:
        self.words, self.found = lexicon("chinese"), found
        self.product = Thing(product, is_product=True)
        self.about: tuple[Thing, ...] = (self.product,)
        self.meaning = dict(self.words.relations)
        where = "|".join(re.escape(written) for written, _ in self.words.relations)
        verb = "|".join(self.words.longest_first("verbs"))
        self.stands_at = re.compile(rf"^(?P<who>.*?)(?:{verb})?在(?P<what>.+?)的?(?P<where>{where})(?:{verb})?$")
        self.has_there = re.compile(rf"^(?P<what>.*?)的?(?P<where>{where})(?:{verb})(?P<who>.+)$")
        self.that_of = re.compile(rf"^(?P<what>.+?)(?P<where>{where})的(?P<who>.+)$")
        self.counted_there = re.compile(rf"^(?P<what>.*?)的?(?P<where>{where})(?P<who>(?:{self._number()}).+)$")

    def read(self, clause: str) -> None:
        """Light, camera and manner are told apart first; everything else is about things."""
        if not clause:
            return
        if self.words.mentions("light", clause):
            self.found.light = self.found.light or clause
            self.found.light_from = cast(LightFrom, first_of(clause, _FROM) or self.found.light_from)
        elif self.words.mentions("camera", clause):
            self.found.camera = self.found.camera or clause
            self.found.view = cast(View | None, first_of(clause, _VIEWS) or self.found.view)
        elif not self.words.mentions("manner", clause):
            self._things(clause)

    def _things(self, clause: str) -> None:
        patterns = (self.stands_at, self.has_there, self.that_of, self.counted_there)
        match = next((found for pattern in patterns if (found := pattern.match(clause))), None)
        if match is None:
            things = self._phrases(clause)
            self.found.name(things)
            self.about = things or self.about
            return
        relation, who = self.meaning[match["where"]], self._phrases(match["who"]) or self.about
        what = self._phrases(match["what"])
        target = what[0] if what else self.product
        if relation.startswith("~") or self._is_setting(target):
            self.found.name(who)
        else:
            self.found.state(who, cast(RelationName, relation), target)
        self.about = who

    def _phrases(self, text: str) -> tuple[Thing, ...]:
        things = (self._thing(part.strip()) for part in _LIST.split(text))
        return tuple(thing for thing in things if thing is not None)

    def _thing(self, text: str) -> Thing | None:
        bare = self._without_verbs(text)
        number = re.match(self._number(), bare)
        counted = [number.group()] if number else []
        label = bare[number.end() :] if number else bare
        label = label[:MAX_LABEL].strip("的 ")
        if not label:
            return None
        noun = label.removesuffix("子")
        if noun in self.product.label and self.product.label.endswith(noun):
            return self.product
        if label in self.product.label or self.product.label.endswith(label) or label.endswith(self.product.label):
            return self.product
        if any(label.endswith(pronoun) for pronoun in self.words.words["pronouns"]):
            return self.product
        attributes = tuple(word[:MAX_ATTRIBUTE] for word in (*counted, *self._attributes(label)))[:MAX_ATTRIBUTES]
        surface = any(label.endswith(word) for word in self.words.words["surfaces"])
        return None if self._is_setting(Thing(label)) else Thing(label, attributes, is_surface=surface)

    def _without_verbs(self, text: str) -> str:
        for verb in self.words.longest_first("verbs"):
            text = text.removeprefix(verb).removesuffix(verb)
        return text.removeprefix("在")

    def _attributes(self, label: str) -> list[str]:
        """Known words from the front, with or without 的; what stands before the last 的 counts wholly."""
        found: list[str] = []
        rest = label
        while True:
            rest = rest.removeprefix("的")
            known = next((word for word in self.words.longest_first("attributes") if rest.startswith(word)), None)
            if known is None or known == rest:
                break
            found.append(known)
            rest = rest[len(known) :]
        before, of, _ = rest.rpartition("的")
        return [*found, before] if of and before else found

    def _number(self) -> str:
        numbers, measures = ("|".join(self.words.longest_first(kind)) for kind in ("numbers", "measures"))
        return rf"(?:(?:{numbers}|\d+)+(?:{measures}))|一些|几"

    def _is_setting(self, thing: Thing) -> bool:
        return any(thing.label.endswith(word) for word in self.words.words["settings"])
