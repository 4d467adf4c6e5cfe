"""Generated scenes as Studio asks for them: what can be chosen, what a form wants. Who can make them: ``standing``.

A generated shot is a Shot like those of sets. Its spec holds ``set`` = ``GENERATED`` and ``palette``, ``format``,
``width``, ``height``, ``seed`` like every other one; under ``generated`` the library's request (``GeneratedSpec``).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from apps.assets.models import Asset
from apps.core.errors import Conflict, InvalidInput
from apps.studio import adapters, offers
from apps.studio.abilities import can
from apps.studio.models import Adapter, Shot, ShotVersion
from apps.studio.specs import Spec, picture_size
from inference.errors import InputRejected
from inference.pipelines.generated.spec import GeneratedSpec
from inference.scene import SceneForm, scene_choices

KIND = "studio.scene"
GENERATED = "generated"
MOST_SHOTS = 8
CANDIDATES = (1, 2, 4, 8)
PALETTE_PULL = 0.15
"""How far each step is pulled towards the palette, where somebody wants that."""

SEEDS_APART = 8
"""The candidates of a shot have the seeds that follow its own."""

SINGLE = ("setting", "surface", "light", "lens", "mood", "season")
TITLES: dict[str, str | Promise] = {
    "setting": _("Setting"),
    "surface": _("Surface"),
    "light": pgettext_lazy("scene", "Light"),
    "lens": _("Lens"),
    "mood": _("Mood"),
    "season": _("Season"),
    "props": _("Props"),
    "copy_space": _("Room for text"),
}
FIELD_OF = {
    "scene.words_too_long": "words",
    "scene.bad_box": "boxes",
    "scene.bad_form": "boxes",
    "scene.cannot_be_arranged": "boxes",
    "scene.bad_label": "label",
    "generated.no_label": "label",
    "shot.bad_colour": "palette",
    "studio.palette_unreadable": "palette",
    "studio.format_unknown": "format",
    "scene.not_offered": "model",
    "generate.style_not_possible": "style",
    "generate.palette_not_possible": "palette",
    "generate.unknown_model": "model",
    "generate.adapter_missing": "adapter",
    "generate.adapter_not_possible": "adapter",
    "adapter.not_usable": "adapter",
}


@dataclass(frozen=True)
class SceneRequest:
    """What the form asks for: the library's request without size and seed, and how many pictures of which format.

    ``style`` is the id of a shot or of an uploaded picture whose look is followed, ``adapter`` that of one that was
    trained here.
    """

    generated: Mapping[str, Any]
    palette: tuple[str, ...]
    picture_format: str
    count: int
    style: str = ""
    adapter: str = ""

    @property
    def model(self) -> str:
        return str(self.generated["model"])


def is_generated(spec: Spec) -> bool:
    """Whether a shot's spec is one of a generated scene."""
    return bool(spec.get("set") == GENERATED)


def require_set(shot: Shot) -> None:
    """The controls of sets need a set. Raises Conflict ``scene.set_only`` for a generated scene."""
    if is_generated(shot.spec):
        raise Conflict("scene.set_only")


def field_of(code: str, params: Mapping[str, Any]) -> str:
    """The field of the form that an error is about; empty where it is about the whole."""
    if code in ("scene.unknown_choice", "scene.too_many"):
        return str(params.get("field", ""))
    return "words" if code.startswith("prompt.") else FIELD_OF.get(code, "")


def read_request(data: QueryDict) -> SceneRequest:
    """What a browser sent, checked.

    Raises:
        InvalidInput: with the library's code, or ``studio.palette_unreadable``, ``studio.format_unknown``,
            ``scene.count``.
    """
    palette = _palette(data)
    form = {name: data.get(name, "") for name in SINGLE}
    boxes = _boxes(data.get("boxes", ""))
    scene = {
        **form,
        "props": data.getlist("props"),
        "palette": list(palette),
        "copy_space": data.get("copy_space") or "none",
        "words": data.get("words", "").strip(),
        "boxes": boxes,
    }
    model = data.get("model", "")
    generated = {
        "mode": "reimagined" if data.get("mode") == "reimagined" else "exact",
        "product_label": data.get("label", "").strip(),
        "model": model,
        "strength": whole(data.get("strength", "60"), 0, 100) / 100 if not model or can(model, "mask") else 1.0,
        "style_strength": whole(data.get("style_strength", "50"), 10, 100) / 100,
        "candidates": whole(data.get("candidates", "4"), 1, max(CANDIDATES)),
        "adapters": [[name, adapters.WEIGHT] for name in [data.get("adapter", "")] if name and not is_id(name)],
        "scene": scene,
        "palette_means": {"pull": PALETTE_PULL if palette and data.get("guide") else 0.0},
    }
    picture_format = data.get("format", "1:1")
    picture_size(picture_format)
    checked = checked_spec(generated)
    count = whole(data.get("count", "1"), 1, MOST_SHOTS)
    adapter = data.get("adapter", "")
    return SceneRequest(
        checked,
        palette,
        picture_format,
        count,
        style=data.get("style", ""),
        adapter=adapter if is_id(adapter) else "",
    )


def is_id(text: str) -> bool:
    """Adapters that were trained here are asked for by their id, those that an operator put there by their name."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def with_adapter(request: SceneRequest, adapter: Adapter) -> SceneRequest:
    """The same with a trained adapter: its file by its hash, and the word that it learned by before the prompt."""
    assert adapter.blob is not None
    asked = {**request.generated, "adapters": [[adapter.blob.sha256, adapters.WEIGHT]], "trigger": adapter.trigger}
    return replace(request, generated=checked_spec(asked))


def checked_spec(generated: Mapping[str, Any]) -> dict[str, Any]:
    """The library's request, checked and complete. Raises InvalidInput with the library's code."""
    try:
        return GeneratedSpec.from_json(dict(generated)).to_json()
    except InputRejected as error:
        raise InvalidInput(error.code, **error.params) from error


def plan(request: SceneRequest, *, first_seed: int = 0) -> list[Spec]:
    """The specs of a shoot: one scene, ``count`` times, each with seeds of its own."""
    size = picture_size(request.picture_format)
    return [_spec(request, size, first_seed + number * SEEDS_APART) for number in range(request.count)]


def _spec(request: SceneRequest, size: dict[str, Any], seed: int) -> Spec:
    asked = {**request.generated, "width": size["width"], "height": size["height"], "seed": seed}
    named = {name: value for name in ("style", "adapter") if (value := getattr(request, name))}
    return {"set": GENERATED, "palette": list(request.palette), **size, **named, "seed": seed, "generated": asked}


def with_seed(spec: Spec, seed: int) -> Spec:
    """The same scene with one seed only: a candidate at full size."""
    return {**spec, "seed": seed, "generated": {**spec["generated"], "seed": seed, "candidates": 1}}


def fields() -> list[dict[str, Any]]:
    """Everything that can be chosen, in the reader's language."""
    return [
        {"name": name, "title": TITLES[name], "choices": [choice_words(one) for one in choices]}
        for name, choices in scene_choices().items()
    ]


def choice_words(one: Any) -> dict[str, str]:
    return {"name": one.name, "title": one.titles.get(get_language() or "en") or one.titles["en"]}


def candidate_rendition(seed: int) -> str:
    """The name under which a candidate's small picture is kept with the shot's asset."""
    return f"candidate-{seed}"


def origin_of_candidates(shot: Shot) -> Asset | None:
    """The asset whose making drew the candidates that the shot may still be changed to.

    A candidate that was taken has no others of its own: those are its parent's, and so on.
    """
    version = ShotVersion.objects.filter(shot=shot, number=shot.version).select_related("asset", "parent").first()
    while version is not None and version.parent is not None and version.spec["generated"]["candidates"] == 1:
        version = ShotVersion.objects.select_related("asset", "parent").get(pk=version.parent.pk)
    return version.asset if version is not None else shot.asset


def candidates(shot: Shot) -> list[dict[str, Any]]:
    """Everything that was measured of the candidates, the best one first; empty for a shot of a set."""
    asset = origin_of_candidates(shot) if is_generated(shot.spec) else None
    found: list[dict[str, Any]] = asset.recipe.get("measures", {}).get("candidates", []) if asset else []
    return found


def choice_title(field: str, name: str) -> str:
    """A choice's words; its name where it is gone."""
    for one in scene_choices().get(field, ()):  # type: ignore[call-overload]
        if one.name == name:
            return choice_words(one)["title"]
    return name


def starting_values(spec: Spec | None, *, label: str) -> dict[str, Any]:
    """What the form shows at first: nothing chosen, or what an earlier shot was made from."""
    generated = (spec or {}).get("generated", {})
    scene = generated.get("scene", {})
    return {
        "label": generated.get("product_label", label),
        "style": (spec or {}).get("style", ""),
        "adapter": (spec or {}).get("adapter") or next((name for name, _weight in generated.get("adapters", [])), ""),
        "mode": generated.get("mode", "exact"),
        "strength": round(100 * generated.get("strength", 0.6)),
        "style_strength": round(100 * generated.get("style_strength", 0.5)),
        "candidates": generated.get("candidates", 4),
        "count": 1,
        "model": generated.get("model", ""),
        "format": (spec or {}).get("format", "1:1"),
        **_palette_values((spec or {}).get("palette", [])),
        "guide": generated.get("palette_means", {}).get("pull", 0.0) > 0,
        "words": scene.get("words", ""),
        "copy_space": scene.get("copy_space", "none"),
        "props": list(scene.get("props", [])),
        "boxes": json.dumps(scene.get("boxes", [])),
        **{name: scene.get(name, "") for name in SINGLE},
    }


def posted_values(data: QueryDict) -> dict[str, Any]:
    """What somebody had typed and chosen, to be shown again beside what is wrong with it."""
    single = {
        name: data.get(name, "")
        for name in (*SINGLE, "label", "mode", "model", "format", "words", "copy_space", "style", "adapter")
    }
    numbers = {name: data.get(name, "") for name in ("strength", "style_strength", "candidates", "count")}
    palette = {name: data.get(name, "") for name in ("palette", "own_palette", "guide")}
    return {**single, **numbers, **palette, "props": data.getlist("props"), "boxes": data.get("boxes", "[]")}


def _palette(data: QueryDict) -> tuple[str, ...]:
    return offers.parse_palette(data.get("own_palette", "").strip() or data.get("palette", "").strip() or "own")


def _palette_values(colours: Sequence[str]) -> dict[str, str]:
    """The key of a ready palette, or colours of one's own; the first ready one leaves the colours to the model."""
    for palette in offers.PALETTES.values():
        if list(palette.colours) == list(colours):
            return {"palette": palette.key, "own_palette": ""}
    return {"palette": "own", "own_palette": ", ".join(colours)}


def _boxes(text: str) -> Any:
    try:
        return json.loads(text) if text.strip() else []
    except ValueError as error:
        raise InvalidInput("scene.bad_form") from error


def whole(text: str, low: int, high: int) -> int:
    """A number that a form sent. Raises InvalidInput ``scene.count`` outside of its range."""
    if not text.isascii() or not text.isdigit() or not low <= int(text[:6]) <= high:
        raise InvalidInput("scene.count", low=low, high=high)
    return int(text)


def scene_of(spec: Spec) -> SceneForm:
    """The form that a generated shot was made from."""
    return SceneForm.from_json(spec["generated"]["scene"])
