"""Rules and their failures as a person reads them: what is asked, what the file has, what to do next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.studio.exports.profiles import Profile
from inference.pipelines.rules import REQUIRED

Text = str | Promise


@dataclass(frozen=True)
class Words:
    """``rule`` may show ``needed``; ``failed`` may show ``needed`` and ``found``."""

    rule: Text
    failed: Text
    next_step: Text


_LARGER = _("Upload a larger photo, or export again with “Enlarge small photos”.")
_OURS = _("Export it again; if that does not help, tell your administrator.")
_OTHER_SIZE = _("Choose a profile whose size fits.")

WORDS: Mapping[str, Words] = {
    "formats": Words(_("File type: %(needed)s"), _("The file is %(found)s; %(needed)s is taken."), _OURS),
    "max_bytes": Words(
        _("At most %(needed)s"),
        _("The file has %(found)s; at most %(needed)s is taken."),
        _("Choose a profile with a smaller picture; the quality is not lowered any further."),
    ),
    "longest_min": Words(
        _("At least %(needed)s on the longest side"),
        _("Photo too small: %(needed)s on the longest side needed, yours gives %(found)s."),
        _LARGER,
    ),
    "zoom_longest": Words(
        _("Zoom needs at least %(needed)s on the longest side"),
        _("Photo too small for zoom: %(needed)s needed, yours gives %(found)s."),
        _LARGER,
    ),
    "longest_max": Words(
        _("At most %(needed)s on the longest side"),
        _("Too large: at most %(needed)s is taken, this one has %(found)s."),
        _OTHER_SIZE,
    ),
    "shortest_min": Words(
        _("At least %(needed)s on the shortest side"),
        _("Photo too small: %(needed)s on the shortest side needed, yours gives %(found)s."),
        _LARGER,
    ),
    "width_min": Words(
        _("At least %(needed)s wide"),
        _("Photo too small: %(needed)s wide needed, yours gives %(found)s."),
        _LARGER,
    ),
    "pixels_max": Words(
        _("At most %(needed)s"), _("Too large: at most %(needed)s is taken, this one has %(found)s."), _OTHER_SIZE
    ),
    "size": Words(_("Exactly %(needed)s"), _("The picture has %(found)s; exactly %(needed)s is asked for."), _LARGER),
    "ratio": Words(_("Ratio %(needed)s"), _("The picture is %(found)s; the ratio has to be %(needed)s."), _OTHER_SIZE),
    "white_border": Words(
        _("Pure white (255) for %(needed)s around the edge"),
        _("The white border is only %(found)s wide; something reaches the edge of the picture."),
        _("Look at the cutout: remove what does not belong to the product."),
    ),
    "fill_min": Words(
        _("The product fills at least %(needed)s of the picture"),
        _("The product fills %(found)s of the picture; at least %(needed)s is asked for."),
        _("A product as white as the background can not be told from it: export with the shadow switched on."),
    ),
    "fill_max": Words(
        _("The product fills at most %(needed)s of the picture"),
        _("The product fills %(found)s of the picture; at most %(needed)s is taken."),
        _("Look at the cutout: remove what does not belong to the product."),
    ),
    "transparent": Words(
        _("Transparent background"),
        _("Nothing in the picture is transparent."),
        _("Cut the product out again."),
    ),
    "quality_min": Words(
        _("JPEG quality of at least %(needed)s"),
        _("The JPEG quality is %(found)s; at least %(needed)s is advised."),
        _("Choose a profile with a smaller picture."),
    ),
    "corners_clear": Words(
        _("The product stays %(needed)s away from the corners, where badges lie"),
        _("The product comes to within %(found)s of a corner; badges lie on %(needed)s of it."),
        _("Move the product, or make it smaller, and export again."),
    ),
    "name_pattern": Words(
        _("Named after the product's GTIN with 14 digits"),
        _("The file is called “%(found)s”, but its name has to be a GTIN with 14 digits."),
        _("Write the GTIN (EAN or UPC) into the product's SKU field and export again."),
    ),
    "name_ascii": Words(
        _("File name in plain letters"),
        _("The file name “%(found)s” has letters that are not taken."),
        _("Choose another pattern for the file names."),
    ),
    "name_max": Words(
        _("File name of at most %(needed)s characters"),
        _("The file name has %(found)s characters; at most %(needed)s are taken."),
        _("Choose another pattern for the file names."),
    ),
    "layers_match": Words(
        _("Layers and preview show the shot itself"),
        _("Layers and preview differ from the shot (%(found)s)."),
        _OURS,
    ),
    "readable": Words(_("The file can be opened"), _("The written file could not be read again."), _OURS),
    "suffix": Words(_("Suffix and content agree"), _("The suffix “%(found)s” does not fit the content."), _OURS),
    "one_picture": Words(_("One picture"), _("The file holds %(found)s pictures."), _OURS),
    "rgb8": Words(_("RGB with 8 bits"), _("The file is %(found)s instead of RGB with 8 bits."), _OURS),
    "srgb": Words(_("sRGB profile embedded"), _("The sRGB profile is not in the file."), _OURS),
    "source_type": Words(
        _("Says how it was made (IPTC digital source type)"),
        _("The IPTC source type in the file is “%(found)s”; how this picture was made asks for “%(needed)s”."),
        _OURS,
    ),
    "credentials": Words(
        _("Signed content credentials (C2PA)"), _("The content credentials do not hold (%(found)s)."), _OURS
    ),
    "product_size": Words(
        _("The product is not enlarged"),
        _("The product is shown at %(found)s of the photo's size."),
        _("Upload a larger photo for a sharper picture."),
    ),
    "product_kept": Words(
        _("The product looks as in the lossless picture"),
        _("The compression changed the product (%(found)s)."),
        _("Choose a profile that allows a larger file."),
    ),
}

CONFIDENCE: Mapping[str, Text] = {
    "official": _("official page"),
    "third_party": _("third party"),
    "disputed": _("sources disagree"),
    "unchecked": _("not verified"),
}

MARKETPLACES: Mapping[str, Text] = {
    "amazon": "Amazon",
    "shopify": "Shopify",
    "ebay": "eBay",
    "etsy": "Etsy",
    "walmart": "Walmart",
    "google": "Google Merchant Center",
    "mercado-libre": "Mercado Libre",
    "taobao": _("Taobao and Tmall"),
    "jd": _("JD"),
    "pinduoduo": _("Pinduoduo"),
    "douyin": _("Douyin"),
    "originals": _("Originals"),
}


@dataclass(frozen=True)
class Finding:
    """One line of the table: ``tone`` is ok, warn or error."""

    tone: str
    rule: str
    sentence: str
    next_step: str


def rule_sentence(name: str, value: Any) -> str:
    return str(WORDS[name].rule) % {"needed": figure(name, value)}


def finding(check: Mapping[str, Any]) -> Finding:
    """What a stored check says to a person."""
    name = check["rule"]
    words, rule = WORDS[name], rule_sentence(name, check["needed"])
    if check["passed"]:
        return Finding("ok", rule, figure(name, check["found"]), "")
    values = {"needed": figure(name, check["needed"]), "found": figure(name, check["found"])}
    tone = "error" if check["level"] == REQUIRED else "warn"
    return Finding(tone, rule, str(words.failed) % values, str(words.next_step))


def findings(verdict: Mapping[str, Any]) -> list[Finding]:
    """What failed first, then what is only advised, then the rest."""
    order = {"error": 0, "warn": 1, "ok": 2}
    return sorted((finding(check) for check in verdict.get("checks", [])), key=lambda item: order[item.tone])


def profile_title(profile: Profile, language: str | None) -> str:
    return profile.titles.get(language or "en") or profile.titles["en"]


def figure(name: str, value: Any) -> str:
    """A needed or found value with its unit; empty for plain yes and no."""
    if value is None or isinstance(value, bool):
        return ""
    show = _FIGURES.get(name, lambda plain: ", ".join(map(str, plain)) if isinstance(plain, list) else str(plain))
    return show(value)


def file_size(size_bytes: float) -> str:
    """In the decimal units that marketplaces count in."""
    if size_bytes >= 1_000_000:
        return f"{number_format(size_bytes / 1_000_000, decimal_pos=1).rstrip('0').rstrip('.,')} MB"
    return f"{number_format(round(size_bytes / 1000))} KB"


def _pixels(value: Any) -> str:
    return f"{value} px"


def _share(value: Any) -> str:
    return f"{number_format(value * 100, decimal_pos=1).rstrip('0').rstrip('.,')} %"


def _formats(value: Any) -> str:
    names = [str(item).upper() for item in (value if isinstance(value, list) else [value])]
    return gettext(" or ").join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _border(value: Any) -> str:
    return _share(value) if isinstance(value, float) else _pixels(value)


def _difference(value: Any) -> str:
    if isinstance(value, dict) and "delta_e" in value:
        return (
            f"ΔE {number_format(value['delta_e'], decimal_pos=2)}, SSIM {number_format(value['ssim'], decimal_pos=3)}"
        )
    if isinstance(value, dict):
        return gettext("preview %(preview)s, layers %(layers)s of 255") % value
    return str(value)


_FIGURES: Mapping[str, Callable[[Any], str]] = {
    "formats": _formats,
    "max_bytes": file_size,
    "pixels_max": lambda value: f"{number_format(value / 1_000_000, decimal_pos=1)} MP",
    "size": lambda value: f"{value[0]} × {value[1]} px",
    "ratio": lambda value: gettext(" or ").join(value) if isinstance(value, list) else str(value),
    "white_border": _border,
    "fill_min": _share,
    "fill_max": _share,
    "product_size": _share,
    "product_kept": _difference,
    "layers_match": _difference,
    **dict.fromkeys(
        ("longest_min", "longest_max", "zoom_longest", "shortest_min", "width_min", "corners_clear"), _pixels
    ),
}
