"""Free words, English or Chinese, to things and relations, by rules alone.

The rules know prepositions, articles, numbers, colours and materials (``lexicon.toml``); a noun that they do not know
is still an object. They are forgiving: what they do not understand stays in the prompt, it only gets no place of its
own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from inference.scene.form import PRODUCT
from inference.scene.graph import MAX_OBJECTS, Relation, SceneCamera, SceneGraph, SceneLight, SceneObject
from inference.scene.parsing.chinese import read_chinese
from inference.scene.parsing.english import read_english
from inference.scene.parsing.lexicon import size_of
from inference.scene.parsing.sentences import Thing, Understood
from inference.scene.solver import Extent

_HAN = re.compile(r"[\u4e00-\u9fff]")
_SOFT = 0.7
_VAGUE = "near"


@dataclass(frozen=True)
class ParsedPrompt:
    """What free words say.

    Attributes:
        graph: without boxes; the product is in it.
        extents: how large things are, in heights of the product.
        ground: ids of surfaces that things stand on.
        copy_space: the side that was asked to stay free, or ``"none"``.
    """

    graph: SceneGraph
    extents: dict[str, Extent]
    ground: frozenset[str]
    copy_space: str = "none"


def parse_prompt(text: str, product_label: str, *, most: int = MAX_OBJECTS) -> ParsedPrompt:
    """Read a prompt. Never fails: words without meaning to it are left alone.

    Args:
        product_label: what the product is called; it, "it" and "the product" are one thing.
        most: objects, the product included; later ones are left out.
    """
    found = Understood()
    reader = read_chinese if _HAN.search(text) else read_english
    reader(text, product_label, found)
    things = list(found.things.values())[: most - 1]
    ids = {thing.label.lower(): _identifier(thing, number) for number, thing in enumerate(things)}
    ids[product_label.lower()] = PRODUCT
    objects = [SceneObject(PRODUCT, product_label, source="product")]
    objects += [SceneObject(ids[thing.label.lower()], thing.label, thing.attributes) for thing in things]
    graph = SceneGraph(
        tuple(objects),
        tuple(_relations(found, ids)),
        SceneCamera(found.view or "eye_level", 50, found.camera[:120]),
        SceneLight(found.light_from, _SOFT, found.light[:120]),
    )
    extents = {ids[thing.label.lower()]: size_of(thing.label) for thing in things if not thing.is_surface}
    ground = _ground(things, ids, graph.relations)
    return ParsedPrompt(graph.checked(), extents, ground, found.copy_space)


def _ground(things: Sequence[Thing], ids: dict[str, str], relations: Sequence[Relation]) -> frozenset[str]:
    """Surfaces that the product stands on, or else the first surface."""
    surfaces = [ids[thing.label.lower()] for thing in things if thing.is_surface]
    below = [
        one.object for one in relations if one.subject == PRODUCT and one.relation == "on" and one.object in surfaces
    ]
    return frozenset(below or surfaces[:1])


def _relations(found: Understood, ids: dict[str, str]) -> list[Relation]:
    """Every relation once, between things that have a place; the first of two that contradict each other.

    "Near" is what "with" means, and contradicts nothing: whatever else is said of the same two says it better.
    """
    relations: dict[tuple[str, str], Relation] = {}
    for statement in found.statements:
        target = ids.get(statement.target.label.lower())
        for subject in statement.subjects:
            identifier = ids.get(subject.label.lower())
            if not identifier or not target or identifier == target:
                continue
            known = relations.get((identifier, target))
            if known is None or known.relation == _VAGUE:
                relations[identifier, target] = Relation(identifier, statement.relation, target)
    return list(relations.values())


def _identifier(thing: Thing, number: int) -> str:
    letters = re.sub(r"[^a-z0-9]+", "-", thing.label.lower()).strip("-")
    return f"{letters[:30]}-{number}" if letters[:1].isalpha() else f"thing-{number}"
