"""What a shot was asked to look like, as it is stored with the shot, posted by the edit page and told to the library.

A spec holds ``set``, ``palette``, ``format``, ``width``, ``height``, ``seed`` and, where they were chosen, ``camera``,
``mood``, ``details``, ``scale``, ``offset``, ``edits`` and ``companion``. What is absent is as the set makes it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from apps.core.errors import InvalidInput
from apps.studio import catalogue, companions, offers
from inference.edits import LARGEST_SCALE, SMALLEST_SCALE, EditProblem, Edits
from inference.pipelines.catalogue import Choice, SetInfo

if TYPE_CHECKING:
    from inference.types import ShotSpec

Spec = dict[str, Any]
ENLARGEMENTS = (1.0, 1.5, 2.0)
MAX_OFFSET = 0.6
MAX_SEED = 2**31
MOST_PX = 4096
MOST_PLATE_PX = 20_000
_RATIO = re.compile(r"^([1-9]\d?):([1-9]\d?)$")
WIDEST = 3.0
FREE_AREA_PX = 1200 * 1200


def to_shot_spec(spec: Spec) -> ShotSpec:
    """The library's request; the only place that makes one from a stored spec."""
    from inference.types import CameraLock, CompanionSpec, ShotSpec

    beside = spec.get("companion")

    return ShotSpec(
        set_name=spec["set"],
        width=spec["width"],
        height=spec["height"],
        palette=catalogue.fitting_palette(spec["set"], spec["palette"], spec.get("details", ())),
        seed=spec["seed"],
        scale=spec.get("scale", 1.0),
        offset=tuple(spec.get("offset", (0.0, 0.0))),
        camera=spec.get("camera", ""),
        mood=spec.get("mood", ""),
        edits=Edits.from_dict(spec.get("edits", {})),
        lock=CameraLock.from_dict(spec["lock"]) if spec.get("lock") else None,
        companion=CompanionSpec.from_dict(beside) if beside else None,
        enlarged=enlargement(spec),
    )


def read_wish(wish: Any) -> Spec:
    """A spec that somebody's browser sent, checked. Absent parts are as the set makes them.

    Raises:
        InvalidInput: ``studio.edit_unreadable``, an unknown set, camera, mood, format or palette, or a number out of
            its range (``shot.edit_out_of_range``).
    """
    if not isinstance(wish, dict):
        raise InvalidInput("studio.edit_unreadable")
    info = catalogue.get_set(_text(wish, "set"))
    size = picture_size(_text(wish, "format"), _number(wish.get("enlarge", 1)))
    spec: Spec = {
        "set": info.name,
        "palette": _palette(wish.get("palette", [])),
        **size,
        "seed": int(_number(wish.get("seed", 0), 0, MAX_SEED)),
    }
    chosen = {
        "camera": pick(wish.get("camera", ""), info.cameras),
        "mood": pick(wish.get("mood", ""), info.moods),
        "details": _details(wish.get("details", []), info),
        "scale": round(_number(wish.get("scale", 1), SMALLEST_SCALE, LARGEST_SCALE), 4),
        "offset": _offset(wish.get("offset", (0, 0))),
        "edits": read_edits(wish.get("edits", {})),
        "lock": _lock(wish.get("lock")),
        "companion": companions.read(wish.get("companion")),
    }
    neutral = {"camera": "", "mood": "", "details": [], "scale": 1.0, "offset": [0.0, 0.0], "edits": {}}
    return spec | {key: value for key, value in chosen.items() if value != neutral.get(key)}


def read_edits(raw: Any) -> dict[str, Any]:
    """The library's edits, checked, only what is changed. Raises InvalidInput."""
    if not isinstance(raw, dict):
        raise InvalidInput("studio.edit_unreadable")
    try:
        return Edits.from_dict(raw).as_dict()
    except EditProblem as problem:
        raise InvalidInput(problem.code, **problem.params) from problem


def picture_size(key: str, enlarge: float = 1.0) -> dict[str, Any]:
    """``format``, ``width`` and ``height`` of an offered format or of any ratio such as ``2:3``.

    Raises InvalidInput ``studio.format_unknown``.
    """
    if enlarge not in ENLARGEMENTS:
        raise InvalidInput("studio.edit_unreadable")
    if key in offers.FORMATS:
        width, height = offers.FORMATS[key].width, offers.FORMATS[key].height
    else:
        width, height = _free_size(key)
    size = (min(MOST_PX, round(width * enlarge)), min(MOST_PX, round(height * enlarge)))
    return {"format": key, "width": size[0], "height": size[1]}


def enlargement(spec: Spec) -> float:
    """How many times larger than its format a shot is made; 1 where its format is not known any more."""
    try:
        usual = picture_size(spec["format"])["width"]
    except InvalidInput:
        return 1.0
    return min(ENLARGEMENTS, key=lambda factor: abs(factor - spec["width"] / usual))


def as_wish(spec: Spec) -> Spec:
    """What the edit page starts from: the spec, with the enlargement instead of pixels."""
    kept = {key: value for key, value in spec.items() if key not in ("width", "height")}
    return kept | {"palette": list(spec["palette"]), "enlarge": enlargement(spec), "edits": spec.get("edits", {})}


def _free_size(key: str) -> tuple[int, int]:
    match = _RATIO.match(key)
    ratio = int(match[1]) / int(match[2]) if match else 0.0
    if not 1 / WIDEST <= ratio <= WIDEST:
        raise InvalidInput("studio.format_unknown", name=key[:20])
    width = 2 * round((FREE_AREA_PX * ratio) ** 0.5 / 2)
    return width, 2 * round(width / ratio / 2)


def _palette(raw: Any) -> list[str]:
    if not isinstance(raw, list):
        raise InvalidInput("studio.edit_unreadable")
    return list(offers.parse_palette(",".join(str(colour) for colour in raw))) if raw else []


def _details(raw: Any, info: SetInfo) -> list[str]:
    """Colours for the set's details, in their order; empty where a detail keeps its own."""
    if not isinstance(raw, list) or not all(isinstance(colour, str) for colour in raw):
        raise InvalidInput("studio.edit_unreadable")
    unreadable = [colour for colour in raw if colour and not offers.HEX.match(colour)]
    if unreadable:
        raise InvalidInput("studio.palette_unreadable", text=unreadable[0][:60])
    own = [item.default_hex.lower() for item in info.surfaces if item.detail]
    chosen = ["" if colour == usual else colour for colour, usual in zip(raw, own, strict=False)]
    return chosen if any(chosen) else []


def pick(name: Any, offered: Sequence[Choice]) -> str:
    """A camera or mood of the set's; empty for its first one, also where the set has none of that name."""
    if not isinstance(name, str):
        raise InvalidInput("studio.edit_unreadable")
    return name if name in {choice.name for choice in offered[1:]} else ""


def _offset(raw: Any) -> list[float]:
    if not isinstance(raw, (list, tuple)) or len(raw) != 2:
        raise InvalidInput("studio.edit_unreadable")
    return [round(_number(value, -MAX_OFFSET, MAX_OFFSET), 4) + 0.0 for value in raw]


def _lock(raw: Any) -> dict[str, Any] | None:
    """The camera of a look; whether it fits the set and the format is the library's to say."""
    if raw is None:
        return None
    if not isinstance(raw, dict) or not isinstance(raw.get("window"), list) or not isinstance(raw.get("base"), list):
        raise InvalidInput("studio.edit_unreadable")
    window = [int(_number(value, 0, MOST_PLATE_PX)) for value in raw["window"]]
    base = [round(_number(value, -1, 2), 5) for value in raw["base"]]
    if len(window) != 4 or len(base) != 2:
        raise InvalidInput("studio.edit_unreadable")
    mirrored = raw.get("mirrored")
    if mirrored is not None and not isinstance(mirrored, bool):
        raise InvalidInput("studio.edit_unreadable")
    return {"window": window, "base": base} | ({} if mirrored is None else {"mirrored": mirrored})


def _text(wish: Mapping[str, Any], key: str) -> str:
    value = wish.get(key)
    if not isinstance(value, str):
        raise InvalidInput("studio.edit_unreadable")
    return value


def _number(value: Any, low: float = 0.0, high: float = float("inf")) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise InvalidInput("studio.edit_unreadable")
    return float(value)
