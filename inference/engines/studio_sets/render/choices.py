"""What people may choose in a set, read from its definition: cameras and light moods, with the titles they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Vec3 = tuple[float, float, float]
LUMINANCE = (0.2126, 0.7152, 0.0722)

CAMERAS = {
    "hero": {"en": "Close", "zh-hans": "近景"},
    "medium": {"en": "Medium", "zh-hans": "中景"},
    "wide-left": {"en": "Wide, space on the left", "zh-hans": "远景（左侧留白）"},
    "wide-right": {"en": "Wide, space on the right", "zh-hans": "远景（右侧留白）"},
}
MOODS = {
    "soft": {"en": "Soft light", "zh-hans": "柔光"},
    "noon": {"en": "Hard noon", "zh-hans": "正午硬光"},
    "evening": {"en": "Evening sun", "zh-hans": "傍晚斜阳"},
    "neon": {"en": "Neon rim", "zh-hans": "霓虹轮廓光"},
}

# Crop windows of a plate in fractions of it: a set that lists none is framed like this. Plates reach far beyond the
# hero view, so that every format and the wide cameras are cut from what was rendered.
VIEWS: dict[str, Any] = {
    "hero": {"width": 0.62},
    "portrait_4x5": {"width": 0.60, "aspect": 0.8},
    "portrait_3x4": {"width": 0.58, "aspect": 0.75},
    "story_9x16": {"width": 0.52, "aspect": 0.5625},
    "wide_16x9": {"width": 0.86, "aspect": 1.7777777777777777},
}
MEDIUM: dict[str, Any] = {
    "hero": {"width": 0.80},
    "portrait_4x5": {"width": 0.74, "aspect": 0.8},
    "portrait_3x4": {"width": 0.70, "aspect": 0.75},
    "story_9x16": {"width": 0.56, "aspect": 0.5625},
    "wide_16x9": {"width": 0.96, "aspect": 1.7777777777777777},
}
WIDE: dict[str, Any] = {
    "hero": {"width": 0.76},
    "portrait_4x5": {"width": 0.68, "aspect": 0.8},
    "portrait_3x4": {"width": 0.66, "aspect": 0.75},
    "story_9x16": {"width": 0.52, "aspect": 0.5625},
    "wide_16x9": {"width": 0.84, "aspect": 1.7777777777777777},
}
PRESETS: dict[str, dict[str, Any]] = {
    "hero": {},
    "medium": {"views": MEDIUM, "fill": 0.76},
    "wide-left": {"views": WIDE, "fill": 0.80, "product_at": 0.66},
    "wide-right": {"views": WIDE, "fill": 0.80, "product_at": 0.34},
}


@dataclass(frozen=True)
class View:
    """A crop window of the plate: centre (u right, v down) and width as fractions, aspect = width / height."""

    name: str
    center: tuple[float, float] = (0.5, 0.5)
    width: float = 1.0
    aspect: float = 1.0

    @property
    def height(self) -> float:
        """Height as a fraction of the plate (plates are square)."""
        return self.width / self.aspect

    @property
    def is_inside(self) -> bool:
        """Whether it lies on the plate."""
        half = (self.width / 2, self.height / 2)
        return all(part - 1e-6 <= at <= 1 - part + 1e-6 for at, part in zip(self.center, half, strict=True))


@dataclass(frozen=True)
class Mood:
    """A mix of lights: each one's part of the exposure, and its tint (linear, of luminance 1)."""

    name: str
    titles: dict[str, str]
    shares: dict[str, float]
    colors: dict[str, Vec3]


@dataclass(frozen=True)
class Shown:
    """A camera as people choose it: windows of a plate ("" = the first), how large the product is and where it stands.

    `fill` is relative to the hero camera, `product_at` across the picture.
    """

    name: str
    titles: dict[str, str]
    views: tuple[View, ...]
    plate: str = ""
    fill: float = 1.0
    product_at: float = 0.5


def read_views(raw: dict[str, Any]) -> tuple[View, ...]:
    """Views by name; KeyError or TypeError for what is no view."""
    made = [{"name": name, **item} for name, item in raw.items()]
    return tuple(View(**{**item, "center": tuple(item.get("center", (0.5, 0.5)))}) for item in made)


def read_cameras(raw: dict[str, Any], views: dict[str, Any]) -> tuple[Shown, ...]:
    """The cameras of a set; without any, the presets on its one plate. `views` are those of the hero camera."""
    cameras = []
    for name, own in (raw or {preset: {} for preset in PRESETS}).items():
        item = {"views": views, **PRESETS.get(name, {}), **own}
        shown = read_views(item.pop("views"))
        cameras.append(Shown(name=name, titles=item.pop("titles", None) or CAMERAS[name], views=shown, **item))
    return tuple(cameras)


def read_moods(raw: dict[str, Any], colors: dict[str, Vec3], hex_to_linear: Any) -> tuple[Mood, ...]:
    """The moods of a set: `light = share` or `light = { share, color }`; `colors` are the lights' own tints."""
    moods = []
    for name, own in raw.items():
        titles = own.get("titles") or MOODS[name]
        lights = {key: item if isinstance(item, dict) else {"share": item} for key, item in own.items()}
        lights.pop("titles", None)
        lights = {key: item for key, item in lights.items() if item["share"] > 0}
        if unknown := sorted(set(lights) - set(colors)):
            raise ValueError(f"mood {name} uses a light that there is not: {', '.join(unknown)}")
        tints = {key: _tint(hex_to_linear(item["color"])) for key, item in lights.items() if "color" in item}
        shares = {key: float(item["share"]) for key, item in lights.items()}
        moods.append(Mood(name, titles, shares, {key: tints.get(key, colors[key]) for key in shares}))
    return tuple(moods)


def _tint(color: Vec3) -> Vec3:
    """A colour as a light of luminance 1."""
    luminance = sum(part * weight for part, weight in zip(color, LUMINANCE, strict=True))
    red, green, blue = (round(part / luminance, 4) for part in color)
    return red, green, blue
