"""Changing a part of a generated picture by an instruction: what a form asks for, and the spec of the version it makes.

The spec of such a version is the shot's, with ``generated`` in mode ``edit`` (``instruction``, ``strength``, and
``region`` where a box was drawn) and ``changed`` = what the picture was before: the version's number, and how its
product came there; where the part was painted, also its ``strokes`` (``inference.ops.strokes``, pixels of the picture).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import QueryDict

from apps.core.errors import Conflict, InvalidInput
from apps.jobs import stations
from apps.jobs.stations import Offer
from apps.studio import scenes
from apps.studio.abilities import EDITS, abilities, can
from apps.studio.models import Shot
from apps.studio.specs import Spec
from inference.errors import InputRejected
from inference.ops.stroke_share import painted_share
from inference.ops.strokes import Brush, parse_strokes

CANDIDATES = 2
LEAST_SHARE = 0.0004
"""Of the picture that has to be painted: less is a slip of the finger (24 x 24 px of 1200 x 1200)."""
PAINT, ERASE = "keep", "remove"
FIELD_OF = {"generated.no_instruction": "instruction", "scene.no_region": "boxes", "scene.bad_box": "boxes"}


def require_generated(shot: Shot) -> None:
    """Raises Conflict: ``scene.generated_only`` for a shot of a set, ``studio.shot_not_ready`` without a picture."""
    if not scenes.is_generated(shot.spec):
        raise Conflict("scene.generated_only")
    if shot.asset_id is None:
        raise Conflict("studio.shot_not_ready")


def is_reimagined(spec: Spec) -> bool:
    """Whether the product in the picture was drawn, now or before a change."""
    mode = spec.get("changed", {}).get("mode") or spec["generated"]["mode"]
    return bool(mode == "reimagined")


def models() -> Sequence[Offer]:
    """Living models that can change a part of a picture and keep the rest."""
    return [offer for offer in stations.offers() if _can_change(offer.name)]


def _can_change(name: str) -> bool:
    """Models that keep a part of a picture, and editors, whose picture is pasted where it may change."""
    return bool(abilities(name) & {"mask", EDITS})


def is_guided(spec: Spec) -> bool:
    """Whether a shot's drawing is guided by its palette."""
    means = spec["generated"].get("palette_means", {})
    return bool(spec["palette"]) and means.get("pull", 0.0) > 0


def read_change(data: QueryDict, shot: Shot) -> Spec:
    """The spec of the version that somebody asks for.

    Raises:
        InvalidInput: with the library's code, ``scene.no_region`` without a box, ``change.nothing_painted``,
            ``change.too_small``, ``strokes.*``, or ``scene.count``.
    """
    is_painted = data.get("where") == "paint"
    strokes = _strokes(data.get("strokes", ""), shot) if is_painted else []
    before: Mapping[str, Any] = shot.spec["generated"]
    model = data.get("model", "") or before["model"]
    asked = {
        **before,
        "mode": "edit",
        "instruction": data.get("instruction", "").strip(),
        "region": None if is_painted else _region(data.get("boxes", "")),
        "strength": scenes.whole(data.get("strength", "80"), 10, 100) / 100,
        "model": model,
        "candidates": CANDIDATES,
        **_left_out(before, model),
    }
    mode = "reimagined" if is_reimagined(shot.spec) else "exact"
    changed: dict[str, Any] = {"number": shot.version, "mode": mode, **({"strokes": strokes} if strokes else {})}
    spec = {**shot.spec, "changed": changed}
    if asked["model"] != before["model"]:  # an adapter works on the model that it was trained on
        asked |= {"adapters": [], "trigger": ""}
        spec.pop("adapter", None)
    return {**spec, "generated": scenes.checked_spec(asked)}


def _left_out(before: Mapping[str, Any], model: str) -> dict[str, Any]:
    """What the picture was made with and the model of the change can not do; the form says so beside the model."""
    if can(model, "palette"):
        return {}
    return {"palette_means": {**before.get("palette_means", {}), "pull": 0.0}}


def _region(text: str) -> list[float]:
    try:
        boxes = json.loads(text) if text.strip() else []
        region = [float(value) for value in boxes[0]["box"]]
    except (ValueError, LookupError, TypeError) as error:
        raise InvalidInput("scene.no_region") from error
    return region


def _strokes(text: str, shot: Shot) -> list[dict[str, Any]]:
    """What was painted, checked: it can be read, and it leaves enough of the picture painted."""
    size = shot.spec["width"], shot.spec["height"]
    try:
        strokes = parse_strokes(json.loads(text) if text.strip() else [], size=size)
    except ValueError as error:
        raise InvalidInput("strokes.unreadable") from error
    except InputRejected as error:
        raise InvalidInput(error.code, **error.params) from error
    if any(isinstance(stroke, Brush) and stroke.tool not in (PAINT, ERASE) for stroke in strokes):
        raise InvalidInput("strokes.unknown_tool")
    share = painted_share(strokes, size)
    if share == 0.0:
        raise InvalidInput("change.nothing_painted")
    if share < LEAST_SHARE:
        raise InvalidInput("change.too_small")
    return [stroke.as_dict() for stroke in strokes]


def field_of(code: str) -> str:
    """The field of the form that an error is about; empty where it is about the whole."""
    if code.startswith(("strokes.", "change.")):
        return "boxes"
    return "instruction" if code.startswith("prompt.") else FIELD_OF.get(code, "")
