"""Reads free words: by rules, or by a language model whose answer is held to the same schema.

A model is an option that is off unless somebody hands one in. What it answers is data from a stranger: it must be one
JSON object that ``SceneGraph.from_json`` takes, with the product in it; anything else is thrown away and the rules
read.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Protocol

from inference.errors import InputRejected
from inference.scene.form import PRODUCT
from inference.scene.graph import RELATIONS, SceneGraph, SceneObject
from inference.scene.parsing import ParsedPrompt, parse_prompt
from inference.scene.parsing.lexicon import lexicon, size_of

_ANSWER_TOKENS = 1200
_TRIES = 2
_EXAMPLE = SceneGraph(
    (SceneObject(PRODUCT, "glass bottle", source="product"), SceneObject("vase", "white vase", ("white",)))
)


class LanguageModel(Protocol):
    """Something that continues a text."""

    name: str

    def complete(self, instruction: str, *, most_tokens: int) -> str:
        """The answer to an instruction, at most ``most_tokens`` long. Deterministic."""


def read_words(text: str, product_label: str, *, model: LanguageModel | None = None) -> ParsedPrompt:
    """What free words say; by ``model`` where there is one and its answer is valid, else by rules."""
    by_rules = parse_prompt(text, product_label)
    if model is None or not text.strip():
        return by_rules
    for _ in range(_TRIES):
        answer = model.complete(instruction(text, product_label), most_tokens=_ANSWER_TOKENS)
        graph = _graph_of(answer, product_label)
        if graph is not None and _only_speaks_of(graph, text):
            return _sized(graph, by_rules)
    return by_rules


def instruction(text: str, product_label: str) -> str:
    """What a language model is told."""
    return (
        "Turn the description of a product photograph into a scene graph. "
        "Answer with one JSON object and nothing else.\n"
        f'The product is {product_label!r} and has the id {PRODUCT!r} and the source "product". Every other object has '
        'the source "generated", an id in small letters, and a label copied letter by letter from the description. '
        f"Set every box to null and every z to 0. Relations are: {', '.join(RELATIONS)}.\n"
        f"Example of the form: {json.dumps(_EXAMPLE.to_json())}\n"
        f"Description: {json.dumps(text, ensure_ascii=False)}\n"
    )


def _graph_of(answer: str, product_label: str) -> SceneGraph | None:
    """The valid graph in an answer, without boxes, with the product's own name; None where there is none."""
    begin, end = answer.find("{"), answer.rfind("}")
    try:
        graph = SceneGraph.from_json(_parsed(answer[begin : end + 1]))
    except InputRejected:
        return None
    if graph.product is None or graph.product.id != PRODUCT:
        return None
    objects = (
        replace(one, label=product_label if one.source == PRODUCT else one.label, box=None, z=0, drawn=False)
        for one in graph.objects
    )
    return replace(graph, objects=tuple(objects))


def _only_speaks_of(graph: SceneGraph, text: str) -> bool:
    """Whether everything but the product is called as in the text: a model is told places by words of the prompt."""
    said = text.lower()
    return all(one.label.lower() in said for one in graph.objects if one.source != PRODUCT)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _sized(graph: SceneGraph, by_rules: ParsedPrompt) -> ParsedPrompt:
    """A model's graph with the sizes that the rules know."""
    known = {kind: lexicon(kind).words["surfaces"] for kind in ("english", "chinese")}
    surfaces = {one.id for one in graph.objects if one.source != PRODUCT and _is_surface(one.label.lower(), known)}
    carrying = {relation.object for relation in graph.relations if relation.relation == "on"}
    ground = frozenset(surfaces & carrying) or frozenset(sorted(surfaces)[:1])
    extents = {one.id: size_of(one.label) for one in graph.objects if one.source != PRODUCT and one.id not in ground}
    return ParsedPrompt(graph, extents, ground, by_rules.copy_space)


def _is_surface(label: str, known: dict[str, frozenset[str]]) -> bool:
    return label.split()[-1] in known["english"] or any(label.endswith(word) for word in known["chinese"])
