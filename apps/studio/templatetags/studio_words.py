"""What Studio's figures and codes mean, in the words of the trade: words first, numbers second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.errors import InvalidInput
from apps.studio import catalogue, offers, scenes
from apps.studio.finished import is_cut_off
from apps.studio.models import CutoutState, Product, Shot

register = template.Library()

SURE, FAIRLY_SURE = 0.8, 0.55
CLEAN_EDGE_DELTA_E = 3.0
TRUE_COLOUR_DELTA_E = 3.0
UPSCALED = "shot.product_upscaled"
PALETTE_KEPT = 0.6  # share of the coloured area of a generated picture that is near the palette
SOFT_FROM = 1.1  # enlarged less than this, a product looks as sharp as before

ENGINES = {
    "alpha": gettext_lazy("the transparency that came with the photo"),
    "classical": gettext_lazy("the built-in engine, without a trained model"),
    "cutout_net": gettext_lazy("the built-in network, trained on our own renderings"),
    "guided": gettext_lazy("the built-in engine with its own network"),
    "rembg": gettext_lazy("a trained model (rembg)"),
}


@dataclass(frozen=True)
class Finding:
    """One line of a report: a tone (ok, warn, error), a sentence, and the figure behind it."""

    tone: str
    sentence: str
    figure: str = ""


def whole(number: float) -> str:
    """``214300`` as ``214,300``, in the reader's notation."""
    return str(number_format(round(number), use_l10n=True, force_grouping=True))


@register.filter
def set_title(name: str) -> str:
    """The title of a set in the reader's language; the plain name for a set that no longer exists."""
    if name == scenes.GENERATED:
        return _("Generated scene")
    try:
        return catalogue.title(catalogue.get_set(name).titles)
    except InvalidInput:
        return name


@register.filter
def score(shot: Shot) -> int:
    """0 to 100, never rounded up: 75 is what the queue's filter calls 75 and more."""
    return int(100 * float(shot.gate["score"]) + 1e-6)


@register.filter
def palette_title(colours: list[str]) -> str:
    """The name of a ready palette, else its colours."""
    for palette in offers.PALETTES.values():
        if list(palette.colours) == list(colours):
            return str(palette.title)
    return " ".join(colours)


@register.filter
def engine_words(name: str) -> str:
    return str(ENGINES.get(name.split(":", maxsplit=1)[0], name))


@register.filter
def confidence_words(product: Product) -> Finding:
    """How sure the cutout is, and what to do about it; no figure once a person has judged."""
    confidence = product.cutout_confidence or 0.0
    figure = f"{confidence:.0%}"
    if product.cutout_state == CutoutState.ACCEPTED:
        return Finding("ok", _("Accepted. New shots use this cutout."))
    if confidence >= SURE:
        return Finding("ok", _("The outline is clear. A quick look is enough."), figure)
    if confidence >= FAIRLY_SURE:
        return Finding("warn", _("Fairly sure. Look along the edge before you accept."), figure)
    return Finding("warn", _("Not sure. If something is missing, draw a box around the product."), figure)


@register.filter
def cutout_window(product: Product) -> list[int]:
    """Where the cutout lies in the photo: left, top, width, height in pixels; all of the photo where nobody knows."""
    whole_photo = [0, 0, product.photo.blob.width, product.photo.blob.height]
    return product.cutout.recipe.get("window", whole_photo) if product.cutout else whole_photo


@register.filter
def starting_box(product: Product) -> list[int]:
    """The box to begin drawing with: the last one, else around the cutout, else the middle of the photo."""
    if product.cutout_box:
        return list(product.cutout_box)
    if product.cutout:
        return cutout_window(product)
    width, height = product.photo.blob.width, product.photo.blob.height
    return [round(width * 0.15), round(height * 0.15), round(width * 0.7), round(height * 0.7)]


@register.filter
def gate_findings(shot: Shot) -> list[Finding]:
    """What the product gate measured, as sentences."""
    gate = shot.gate
    if not gate:
        return []
    if "pixels_compared" not in gate:
        return [*_drawn_anew_finding(gate), *_measured_findings(gate)]
    times, second_times = _enlarged_each(shot)
    second = gate.get("companion")
    if second:
        return [
            *_warnings(shot, max(times, second_times)),
            _product_finding(_unless_changed(gate), times),
            _shadow_finding(gate, _("The other product's shadow falls on this one")),
            *_edge_finding(gate),
            _second_finding(second, second_times),
            _shadow_finding(second, _("This product's shadow falls on the other one")),
            *_colour_finding(gate),
        ]
    return [
        *_warnings(shot, times),
        _product_finding(gate, times),
        *_change_finding(gate),
        *_edge_finding(gate),
        *_colour_finding(gate),
        *_measured_findings(gate),
    ]


def _drawn_anew_finding(gate: dict[str, Any]) -> list[Finding]:
    """A product that a model drew: said first, because it is what the picture has to be labelled as."""
    if gate.get("label") != "product_reimagined":
        return []
    words = _("The product was drawn anew and may differ from the photo")
    return [Finding("warn", words, _("Labelled as generated in every file that leaves here."))]


def _measured_findings(gate: dict[str, Any]) -> list[Finding]:
    """What was measured of a generated picture beside the product gate."""
    measures = gate.get("measures", {})
    return [*_palette_finding(measures), *_extension_finding(measures), *_outside_finding(measures)]


def _palette_finding(measures: dict[str, float]) -> list[Finding]:
    """How much of the scene has the colours of the palette, and how much had them before the grade."""
    if "palette_coverage" not in measures:
        return []
    share, drawn = measures["palette_coverage"], measures.get("drawn_coverage", measures["palette_coverage"])
    is_kept = share >= PALETTE_KEPT
    words = _("Scene colours match the palette") if is_kept else _("Scene colours differ from the palette")
    figure = _("%(share)s of the coloured area; %(drawn)s as it was drawn")
    return [Finding("ok" if is_kept else "warn", words, figure % {"share": f"{share:.0%}", "drawn": f"{drawn:.0%}"})]


def _extension_finding(measures: dict[str, float]) -> list[Finding]:
    if "extension_iou" not in measures:
        return []
    figure = _("outlines agree by %(share)s") % {"share": f"{measures['extension_iou']:.1%}"}
    return [Finding("ok", _("Nothing was drawn onto the product"), figure)]


def _outside_finding(measures: dict[str, float]) -> list[Finding]:
    """Of a change: everything outside its box."""
    if "outside_max_abs_diff" not in measures:
        return []
    most = measures["outside_max_abs_diff"]
    if most == 0:
        return [Finding("ok", _("Outside that part nothing changed"), _("0 pixels differ"))]
    return [
        Finding(
            "warn",
            _("Something outside the box changed"),
            _("largest difference %(most)s of 255") % {"most": whole(most)},
        )
    ]


@register.filter
def enlarged(shot: Shot) -> float:
    """How many times a product had to be enlarged for this shot, the one that was most; 0 where nobody would see it."""
    return max(_enlarged_each(shot))


def _enlarged_each(shot: Shot) -> tuple[float, float]:
    """``enlarged`` of the product and of the one beside it."""
    recipe = _recipe(shot)
    if UPSCALED not in recipe.get("warnings", ()):
        return 0.0, 0.0
    placed = recipe["parameters"]
    return _visibly_enlarged(placed["placement"]), _visibly_enlarged(placed.get("companion", {}))


def _visibly_enlarged(placed: dict[str, Any]) -> float:
    times = float(placed.get("scale", 0.0))
    return times if times >= SOFT_FROM else 0.0


register.filter("is_cut_off", is_cut_off)


def _recipe(shot: Shot) -> dict[str, Any]:
    return shot.asset.recipe if shot.asset else {}


def _warnings(shot: Shot, times: float) -> list[Finding]:
    """What should be known before anything else; ``times`` as ``enlarged`` gives it."""
    findings = []
    if is_cut_off(shot):
        advice = _("Make it smaller or move it, unless you want it so.")
        findings.append(Finding("warn", _("A part of the product lies outside of the picture"), advice))
    if times:
        words = _("Enlarged %(times)s times: the product looks soft") % {"times": number_format(times, decimal_pos=1)}
        advice = _("Take a photo in which the product is larger, or use the shot small.")
        findings.append(Finding("warn", words, advice))
    return findings


def _product_finding(gate: dict[str, Any], times: float) -> Finding:
    compared = whole(gate["pixels_compared"])
    if gate["max_abs_diff"] == 0:
        words = _("Enlarged, otherwise untouched") if times else _("Product untouched")
        if gate.get("product_delta_e") is not None:
            words = _("Product's own pixels, changed only as asked")
        return Finding("ok", words, _("%(count)s pixels compared, 0 differ") % {"count": compared})
    return Finding(
        "error",
        _("The product was altered"),
        _("%(count)s pixels compared, largest difference %(most)s of 255")
        % {"count": compared, "most": gate["max_abs_diff"]},
    )


def _unless_changed(gate: dict[str, Any]) -> dict[str, Any]:
    """A shadow that changes no colour is no change."""
    return gate if gate.get("product_delta_e") else {**gate, "product_delta_e": None}


def _second_finding(gate: dict[str, Any], times: float) -> Finding:
    found = _product_finding(_unless_changed(gate), times)
    return Finding(found.tone, _("Second product: %(sentence)s") % {"sentence": found.sentence}, found.figure)


def _shadow_finding(gate: dict[str, Any], words: str) -> Finding:
    """What another product's shadow, and exposure and white balance where they were asked for, changed."""
    figure = _("mean ΔE %(mean)s, 95%% below %(p95)s") % {
        "mean": number_format(gate["product_delta_e"], decimal_pos=2),
        "p95": number_format(gate["product_delta_e_p95"], decimal_pos=2),
    }
    return Finding("ok", words, figure)


def _change_finding(gate: dict[str, Any]) -> list[Finding]:
    """Exposure and white balance that a person asked for: said, and how far they went."""
    mean = gate.get("product_delta_e")
    if mean is None:
        return []
    figure = _("mean ΔE %(mean)s, 95%% below %(p95)s") % {
        "mean": number_format(mean, decimal_pos=2),
        "p95": number_format(gate["product_delta_e_p95"], decimal_pos=2),
    }
    return [Finding("warn", _("Product colour changed as asked"), figure)]


def _edge_finding(gate: dict[str, Any]) -> list[Finding]:
    """What is measured are colours. Whether the outline is right only a person can see."""
    delta_e = gate.get("edge_delta_e")
    if delta_e is None:
        return []
    figure = f"ΔE {number_format(delta_e, decimal_pos=2)}"
    if delta_e <= CLEAN_EDGE_DELTA_E:
        return [Finding("ok", _("No colour of the old background along the edge"), figure)]
    return [Finding("warn", _("The edge shows traces of the old background"), figure)]


def _colour_finding(gate: dict[str, Any]) -> list[Finding]:
    delta_e = gate.get("set_delta_e")
    if delta_e is None:
        return []
    figure = f"ΔE {number_format(delta_e, decimal_pos=2)}"
    if delta_e <= TRUE_COLOUR_DELTA_E:
        return [Finding("ok", _("Scene colours match the palette"), figure)]
    return [Finding("warn", _("Light shifts the palette a little in this scene"), figure)]


@register.filter
def photo_in_shot(shot: Shot) -> dict[str, Any] | None:
    """Where the original photo lies on the shot's canvas so that the product covers itself: x, y, width, height in px.

    None for recipes that do not say where they placed the product.
    """
    if shot.asset is None:
        return None
    recipe: dict[str, Any] = shot.asset.recipe
    placement = recipe.get("parameters", {}).get("placement")
    window = recipe.get("source", {}).get("window")
    if not placement or not window:
        return None
    if "turn" in recipe["parameters"]:
        return _turned_photo(recipe["parameters"]["turn"], placement, window, shot)
    scale, blob = placement["scale"], shot.product.photo.blob
    return {
        "x": round(placement["x"] - (placement["source_x"] + window[0]) * scale, 3),
        "y": round(placement["y"] - (placement["source_y"] + window[1]) * scale, 3),
        "width": round(blob.width * scale, 3),
        "height": round(blob.height * scale, 3),
    }


def _turned_photo(turn: list[float], placement: dict[str, float], window: list[int], shot: Shot) -> dict[str, Any]:
    """The photo at its own size under an SVG ``transform`` that turns and places it as the product was."""
    scale, (a, c, e, b, d, f) = placement["scale"], turn
    left, top = window[0], window[1]
    across = placement["x"] + scale * (e - a * left - c * top - placement["source_x"])
    down = placement["y"] + scale * (f - b * left - d * top - placement["source_y"])
    numbers = (scale * a, scale * b, scale * c, scale * d, across, down)
    blob = shot.product.photo.blob
    transform = f"matrix({' '.join(f'{number:.5f}' for number in numbers)})"
    return {"x": 0.0, "y": 0.0, "width": blob.width, "height": blob.height, "transform": transform}
