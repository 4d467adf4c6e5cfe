"""Boxes for a scene graph: a small constraint solver.

Boxes that are there (the placed product, what a person drew) stay. Every other object takes, in turn, the place of
least violation among all places of a grid and a few sizes, until nothing moves; then once more on a finer grid around
where it stands. Constraints are distances (fractions of the picture) by which a relation is missed, so what can not be
satisfied is missed by as little as possible and reported. Deterministic; objects that stand on the ground do so by
their lower edge, and what is lower in the picture is nearer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from inference.errors import InputRejected
from inference.scene.constraints import COPY_SPACES, Amounts, Boxes, coverage, missed, overlap
from inference.scene.form import Fractions
from inference.scene.graph import Relation, SceneGraph, SceneObject

_MARGIN = 0.02
_PLACES = 33
_SCALES = (1.0, 0.8, 0.62, 0.48)
_SWEEPS = 8
_TOLERANCE = 0.02
_TOUCHING: frozenset[str] = frozenset({"on", "under", "behind", "in front of"})
_W_RELATION, _W_COPY, _W_OVERLAP, _W_GROUND, _W_SMALLER, _W_FAR = 12.0, 6.0, 5.0, 8.0, 0.5, 0.2


@dataclass(frozen=True)
class Extent:
    """How large an object should be. ``height`` in fractions of the picture; ``shape`` is width / height in pixels."""

    height: float = 0.25
    shape: float = 1.0


@dataclass(frozen=True)
class Violation:
    """A wish that could not be met: by how much of the picture it is missed. ``object`` is empty for copy space."""

    subject: str
    wish: str
    object: str
    amount: float


@dataclass(frozen=True)
class Arranged:
    """A graph in which every object has a box and a depth, and what could not be satisfied."""

    graph: SceneGraph
    violations: tuple[Violation, ...]


@dataclass(frozen=True)
class Wishes:
    """What is asked for beside the relations.

    Attributes:
        aspect: width / height of the picture.
        extents: by id; what is not there takes the default.
        ground: ids of surfaces that things stand on; they take the lower part of the picture.
        ground_top: where that part begins, in fractions of the height; 0 = all of it, as in a flat lay.
        copy_space: the side to keep free.
    """

    aspect: float = 1.0
    extents: Mapping[str, Extent] = field(default_factory=dict)
    ground: frozenset[str] = frozenset()
    ground_top: float = 0.62
    copy_space: str = "none"


def arrange(graph: SceneGraph, wishes: Wishes, *, strict: bool = False) -> Arranged:
    """Give every object a box.

    Args:
        strict: refuse what can not be satisfied instead of reporting it.

    Raises:
        InputRejected: ``scene.cannot_be_arranged`` (``strict`` only), with ``subject``, ``wish``, ``object``.
    """
    boxes = _Search(graph, wishes).solved()
    placed = replace(graph, objects=tuple(replace(one, box=boxes[one.id]) for one in graph.objects))
    violations = tuple(_violations(placed, wishes))
    if strict and violations:
        worst = max(violations, key=lambda violation: violation.amount)
        raise InputRejected(
            "scene.cannot_be_arranged",
            f"{worst.subject} can not be {worst.wish} {worst.object}; take one wish back or draw a box".replace(
                "  ", " "
            ),
            subject=worst.subject,
            wish=worst.wish,
            object=worst.object,
        )
    return Arranged(replace(placed, objects=_in_depth(placed, wishes)), violations)


class _Search:
    """Coordinate descent over places."""

    def __init__(self, graph: SceneGraph, wishes: Wishes) -> None:
        self.graph, self.wishes = graph, wishes
        self.boxes: dict[str, Fractions] = {one.id: one.box for one in graph.objects if one.box is not None}
        self.fixed = frozenset(self.boxes)
        for identifier in wishes.ground - self.fixed:
            self.boxes[identifier] = (0.0, wishes.ground_top, 1.0, round(1.0 - wishes.ground_top, 4))
        self.free = [one for one in graph.objects if one.id not in self.boxes]
        self.free.sort(key=self._links, reverse=True)
        self.touching = {
            frozenset((relation.subject, relation.object))
            for relation in graph.relations
            if relation.relation in _TOUCHING
        }

    def solved(self) -> dict[str, Fractions]:
        """Boxes of all objects."""
        for one in self.free:
            self.boxes[one.id] = self._best(one, self._everywhere(one))
        for _ in range(_SWEEPS):
            moved = [self._moved(one, self._everywhere(one)) for one in self.free]
            if not any(moved):
                break
        for _ in range(2):
            for one in self.free:
                self._moved(one, self._around(one))
        return self.boxes

    def _links(self, one: SceneObject) -> tuple[int, int]:
        """What is tied to something that has a place comes first, then what much depends on."""
        tied = [r for r in self.graph.relations if one.id in (r.subject, r.object)]
        return sum(bool({r.subject, r.object} & self.fixed) for r in tied), len(tied)

    def _moved(self, one: SceneObject, places: Boxes) -> bool:
        before = self.boxes[one.id]
        current = np.asarray([before], np.float32)
        after = self._best(one, np.concatenate([current, places]))
        self.boxes[one.id] = after
        return after != before

    def _best(self, one: SceneObject, places: Boxes) -> Fractions:
        chosen = places[int(np.argmin(self._cost(one, places)))]
        left, top, width, height = (round(float(value), 4) for value in chosen)
        return left, top, width, height

    def _everywhere(self, one: SceneObject) -> Boxes:
        steps = np.linspace(0.0, 1.0, _PLACES, dtype=np.float32)
        return _placed([self._size(one, scale) for scale in _SCALES], steps, steps)

    def _around(self, one: SceneObject) -> Boxes:
        left, top, width, height = self.boxes[one.id]
        near = np.linspace(-1.0, 1.0, 9, dtype=np.float32) / (_PLACES - 1)
        x, y = np.meshgrid(left + near, top + near)
        across, down = np.clip(x, 0.0, 1.0 - width).ravel(), np.clip(y, 0.0, 1.0 - height).ravel()
        return np.stack([across, down, np.full_like(across, width), np.full_like(down, height)], axis=1)

    def _size(self, one: SceneObject, scale: float) -> tuple[float, float]:
        extent = self.wishes.extents.get(one.id, Extent())
        height = extent.height * scale
        width = height * extent.shape / self.wishes.aspect
        fit = min(1.0, (1 - 2 * _MARGIN) / width, (1 - 2 * _MARGIN) / height)
        return width * fit, height * fit

    def _cost(self, one: SceneObject, places: Boxes) -> Amounts:
        cost: Amounts = np.zeros(len(places), np.float32)
        for relation in self.graph.relations:
            if one.id == relation.subject and relation.object in self.boxes:
                cost += _W_RELATION * self._missed(relation, places, self._box(relation.object))
            elif one.id == relation.object and relation.subject in self.boxes:
                cost += _W_RELATION * self._missed(relation, self._box(relation.subject), places)
        for other in self.boxes.keys() - {one.id} - self.wishes.ground:
            if frozenset((one.id, other)) not in self.touching:
                cost += _W_OVERLAP * overlap(places, self._box(other))
        cost += _W_COPY * coverage(places, COPY_SPACES[self.wishes.copy_space])
        cost += _W_GROUND * self._off_ground(one, places)
        size = self._size(one, 1.0)[1]
        middle = np.abs(places[:, 0] + places[:, 2] / 2 - 0.5) + np.abs(places[:, 1] + places[:, 3] / 2 - 0.6)
        return np.asarray(cost + _W_SMALLER * (1 - places[:, 3] / size).clip(0) + _W_FAR * middle, np.float32)

    def _missed(self, relation: Relation, subject: Boxes, other: Boxes) -> Amounts:
        return missed(relation.relation, subject, other, ground=relation.object in self.wishes.ground)

    def _off_ground(self, one: SceneObject, places: Boxes) -> Amounts:
        """Things stand on the ground unless a relation lifts them; how far their lower edge is above it."""
        lifted = any(r.subject == one.id and r.relation in ("above", "on", "under") for r in self.graph.relations)
        lifted |= any(r.object == one.id and r.relation in ("under",) for r in self.graph.relations)
        if lifted or not self.wishes.ground:
            return np.zeros(len(places), np.float32)
        top = min(self.boxes[identifier][1] for identifier in self.wishes.ground)
        return np.asarray((top + _MARGIN - places[:, 1] - places[:, 3]).clip(0), np.float32)

    def _box(self, identifier: str) -> Boxes:
        return np.asarray([self.boxes[identifier]], np.float32)


def _placed(sizes: Sequence[tuple[float, float]], across: Boxes, down: Boxes) -> Boxes:
    """All places of boxes of these sizes inside the frame. (len(sizes) * len(across) * len(down), 4)."""
    parts = []
    for width, height in sizes:
        x, y = np.meshgrid(across, down)
        left = _MARGIN + x.ravel() * (1 - 2 * _MARGIN - width)
        top = _MARGIN + y.ravel() * (1 - 2 * _MARGIN - height)
        parts.append(np.stack([left, top, np.full_like(left, width), np.full_like(top, height)], axis=1))
    return np.concatenate(parts).astype(np.float32)


def _violations(graph: SceneGraph, wishes: Wishes) -> list[Violation]:
    boxes = {one.id: np.asarray([one.box], np.float32) for one in graph.objects}
    found = []
    for relation in graph.relations:
        amount = missed(
            relation.relation,
            boxes[relation.subject],
            boxes[relation.object],
            ground=relation.object in wishes.ground,
        )
        if float(amount[0]) > _TOLERANCE:
            found.append(Violation(relation.subject, relation.relation, relation.object, round(float(amount[0]), 3)))
    for one in graph.objects:
        share = float(coverage(boxes[one.id], COPY_SPACES[wishes.copy_space])[0])
        if one.id not in wishes.ground and share > 0.05:
            found.append(Violation(one.id, f"outside the copy space ({wishes.copy_space})", "", round(share, 3)))
    return found


def _in_depth(graph: SceneGraph, wishes: Wishes) -> tuple[SceneObject, ...]:
    """Objects with ``z``: the ground 0; then by lower edge, what relations say coming first."""
    rank = {one.id: float(one.box[1] + one.box[3]) for one in graph.objects if one.box is not None}
    for _ in graph.relations:
        for relation in graph.relations:
            nearer, further = relation.subject, relation.object
            if relation.relation in ("behind", "under"):
                nearer, further = further, nearer
            if relation.relation in _TOUCHING and rank[nearer] <= rank[further]:
                rank[nearer] = rank[further] + 1e-3
    order = sorted((one for one in graph.objects if one.id not in wishes.ground), key=lambda one: rank[one.id])
    depth = {one.id: place + 1 for place, one in enumerate(order)}
    return tuple(replace(one, z=depth.get(one.id, 0)) for one in graph.objects)
