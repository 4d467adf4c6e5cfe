"""Rules and their failures as a person reads them: what is asked, what the file has, what to do next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from apps.studio.exports.profiles import Profile
from inference.pipelines.rules import REQUIRED

Text = str | Promise


@dataclass(frozen=True)
class Words:
    """``rule`` may show ``needed``; ``failed`` may show ``needed`` and ``found``."""

    rule: Text
    failed: Text
    next_step: Text


_LARGER = lazy("Upload a larger photo, or export again with “Enlarge small photos”.")
_OURS = lazy("Export it again; if that does not help, tell your administrator.")
_OTHER_SIZE = lazy("Choose a profile whose size fits.")

WORDS: Mapping[str, Words] = {
    "formats": Words(lazy("File type: %(needed)s"), lazy("The file is %(found)s; %(needed)s is taken."), _OURS),
    "max_bytes": Words(
        lazy("At most %(needed)s"),
        lazy("The file has %(found)s; at most %(needed)s is taken."),
        lazy("Choose a profile with a smaller picture; the quality is not lowered any further."),
    ),
    "longest_min": Words(
        lazy("At least %(needed)s on the longest side"),
        lazy("Photo too small: %(needed)s on the longest side needed, yours gives %(found)s."),
        _LARGER,
    ),
    "zoom_longest": Words(
        lazy("Zoom needs at least %(needed)s on the longest side"),
        lazy("Photo too small for zoom: %(needed)s needed, yours gives %(found)s."),
        _LARGER,
    ),
    "longest_max": Words(
        lazy("At most %(needed)s on the longest side"),
        lazy("Too large: at most %(needed)s is taken, this one has %(found)s."),
        _OTHER_SIZE,
    ),
    "shortest_min": Words(
        lazy("At least %(needed)s on the shortest side"),
        lazy("Photo too small: %(needed)s on the shortest side needed, yours gives %(found)s."),
        _LARGER,
    ),
    "width_min": Words(
        lazy("At least %(needed)s wide"),
        lazy("Photo too small: %(needed)s wide needed, yours gives %(found)s."),
        _LARGER,
    ),
    "pixels_max": Words(
        lazy("At most %(needed)s"), lazy("Too large: at most %(needed)s is taken, this one has %(found)s."), _OTHER_SIZE
    ),
    "size": Words(
        lazy("Exactly %(needed)s"), lazy("The picture has %(found)s; exactly %(needed)s is asked for."), _LARGER
    ),
    "ratio": Words(
        lazy("Ratio %(needed)s"), lazy("The picture is %(found)s; the ratio has to be %(needed)s."), _OTHER_SIZE
    ),
    "white_border": Words(
        lazy("Pure white (255) for %(needed)s around the edge"),
        lazy("The white border is only %(found)s wide; something reaches the edge of the picture."),
        lazy("Look at the cutout: remove what does not belong to the product."),
    ),
    "fill_min": Words(
        lazy("The product fills at least %(needed)s of the picture"),
        lazy("The product fills %(found)s of the picture; at least %(needed)s is asked for."),
        lazy("A product as white as the background can not be told from it: export with the shadow switched on."),
    ),
    "fill_max": Words(
        lazy("The product fills at most %(needed)s of the picture"),
        lazy("The product fills %(found)s of the picture; at most %(needed)s is taken."),
        lazy("Look at the cutout: remove what does not belong to the product."),
    ),
    "transparent": Words(
        lazy("Transparent background"),
        lazy("Nothing in the picture is transparent."),
        lazy("Cut the product out again."),
    ),
    "quality_min": Words(
        lazy("JPEG quality of at least %(needed)s"),
        lazy("The JPEG quality is %(found)s; at least %(needed)s is advised."),
        lazy("Choose a profile with a smaller picture."),
    ),
    "name_pattern": Words(
        lazy("Named after the product's GTIN with 14 digits"),
        lazy("The file is called “%(found)s”, but its name has to be a GTIN with 14 digits."),
        lazy("Write the GTIN (EAN or UPC) into the product's SKU field and export again."),
    ),
    "name_ascii": Words(
        lazy("File name in plain letters"),
        lazy("The file name “%(found)s” has letters that are not taken."),
        lazy("Choose another pattern for the file names."),
    ),
    "name_max": Words(
        lazy("File name of at most %(needed)s characters"),
        lazy("The file name has %(found)s characters; at most %(needed)s are taken."),
        lazy("Choose another pattern for the file names."),
    ),
    "layers_match": Words(
        lazy("Layers and preview show the shot itself"),
        lazy("Layers and preview differ from the shot (%(found)s)."),
        _OURS,
    ),
    "readable": Words(lazy("The file can be opened"), lazy("The written file could not be read again."), _OURS),
    "suffix": Words(lazy("Suffix and content agree"), lazy("The suffix “%(found)s” does not fit the content."), _OURS),
    "one_picture": Words(lazy("One picture"), lazy("The file holds %(found)s pictures."), _OURS),
    "rgb8": Words(lazy("RGB with 8 bits"), lazy("The file is %(found)s instead of RGB with 8 bits."), _OURS),
    "srgb": Words(lazy("sRGB profile embedded"), lazy("The sRGB profile is not in the file."), _OURS),
    "source_type": Words(
        lazy("Says how it was made (IPTC digital source type)"), lazy("The IPTC source type is not in the file."), _OURS
    ),
    "credentials": Words(
        lazy("Signed content credentials (C2PA)"), lazy("The content credentials do not hold (%(found)s)."), _OURS
    ),
    "product_size": Words(
        lazy("The product is not enlarged"),
        lazy("The product is shown at %(found)s of the photo's size."),
        lazy("Upload a larger photo for a sharper picture."),
    ),
    "product_kept": Words(
        lazy("The product looks as in the lossless picture"),
        lazy("The compression changed the product (%(found)s)."),
        lazy("Choose a profile that allows a larger file."),
    ),
}

CONFIDENCE: Mapping[str, Text] = {
    "official": lazy("official page"),
    "third_party": lazy("third party"),
    "disputed": lazy("sources disagree"),
    "unchecked": lazy("not verified"),
}

MARKETPLACES: Mapping[str, Text] = {
    "amazon": "Amazon",
    "shopify": "Shopify",
    "ebay": "eBay",
    "etsy": "Etsy",
    "walmart": "Walmart",
    "google": "Google Merchant Center",
    "mercado-libre": "Mercado Libre",
    "taobao": lazy("Taobao and Tmall"),
    "jd": lazy("JD"),
    "pinduoduo": lazy("Pinduoduo"),
    "douyin": lazy("Douyin"),
    "originals": lazy("Originals"),
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
    return _(" or ").join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _border(value: Any) -> str:
    return _share(value) if isinstance(value, float) else _pixels(value)


def _difference(value: Any) -> str:
    if isinstance(value, dict) and "delta_e" in value:
        return (
            f"ΔE {number_format(value['delta_e'], decimal_pos=2)}, SSIM {number_format(value['ssim'], decimal_pos=3)}"
        )
    if isinstance(value, dict):
        return _("preview %(preview)s, layers %(layers)s of 255") % value
    return str(value)


_FIGURES: Mapping[str, Callable[[Any], str]] = {
    "formats": _formats,
    "max_bytes": file_size,
    "pixels_max": lambda value: f"{number_format(value / 1_000_000, decimal_pos=1)} MP",
    "size": lambda value: f"{value[0]} × {value[1]} px",
    "ratio": lambda value: _(" or ").join(value) if isinstance(value, list) else str(value),
    "white_border": _border,
    "fill_min": _share,
    "fill_max": _share,
    "product_size": _share,
    "product_kept": _difference,
    "layers_match": _difference,
    **dict.fromkeys(("longest_min", "longest_max", "zoom_longest", "shortest_min", "width_min"), _pixels),
}
