"""The set definition: one TOML file a set, read into frozen values and checked.

Units: metres, degrees, linear sRGB unless a name says hex. World: z up, right-handed, the camera looks along +y and the
product stands at an anchor. `sets/README.md` explains the keys by example.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from inference.engines.studio_sets.render.choices import (
    VIEWS,
    Mood,
    Shown,
    Vec3,
    View,
    read_cameras,
    read_moods,
    read_views,
)
from inference.engines.studio_sets.render.rigs import with_rig

# Raised whenever the renderer makes different pixels from the same definition: every plate is then rendered again.
RENDERER_VERSION = 1
# The same for the geometry pass alone (coverage, albedo, normals, depth).
GEOMETRY_VERSION = 2
# The same for what follows: denoising and encoding. Nothing is rendered again.
FINISH_VERSION = 1

SETS_DIR = Path(__file__).parent.parent / "sets"
PLATES_DIR = Path(__file__).parent.parent / "plates"

T = TypeVar("T")
LANGUAGES = frozenset({"en", "zh-hans"})


class DefinitionError(ValueError):
    """A set definition that can not be rendered; the message names the file and the key."""


@dataclass(frozen=True)
class Camera:
    """Thin-lens camera: `fov_x_deg` spans the whole square plate, `aperture_radius_m` 0 is a pinhole."""

    origin: Vec3
    target: Vec3
    fov_x_deg: float
    aperture_radius_m: float = 0.0
    focus_point: Vec3 = (0.0, 0.0, 0.1)


@dataclass(frozen=True)
class Material:
    """A surface. `texture` and `bump` are tables, see render/textures.py; `titles` are its names for people.

    A `detail` (leaves, metal, paper) takes a colour only where one is picked for it, after all other surfaces.
    """

    name: str
    titles: dict[str, str]
    hex: str
    roughness: float = 0.6
    reflectance: float = 0.04
    metallic: float = 0.0
    clearcoat: float = 0.0
    glass: bool = False
    recolourable: bool = True
    detail: bool = False
    texture: dict[str, Any] = field(default_factory=dict)
    bump: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Shape:
    """A mesh of render/meshes.py: `kind` picks the builder, `params` are its arguments. Tilted, turned, then moved.

    `lights` names the lights that see the shape (a flag or window before the sun); empty: it is in every plate.
    """

    kind: str
    material: str
    params: dict[str, Any]
    position: Vec3 = (0.0, 0.0, 0.0)
    turn_z_deg: float = 0.0
    tilt_x_deg: float = 0.0
    lights: tuple[str, ...] = ()


@dataclass(frozen=True)
class Light:
    """One light plate: "softbox" is a rectangle at `center` facing `target`, "environment" is all around, and "glow"
    are the shapes of material `material`; what they throw shadows from is the rectangle.

    `share` is the light's part of the exposure in its plate; `color` tints it at run time, plates are neutral.
    `effort` multiplies the samples a pixel: large soft lights need fewer than a small sun.
    """

    name: str
    kind: str
    share: float = 1.0
    color: Vec3 = (1.0, 1.0, 1.0)
    center: Vec3 = (0.0, 0.0, 0.0)
    target: Vec3 = (0.0, 0.0, 0.0)
    size: tuple[float, float] = (1.0, 1.0)
    ground: float = 1.0
    effort: float = 1.0
    material: str = ""
    sky: Vec3 = (0.0, 0.0, 1.0)


@dataclass(frozen=True)
class Anchor:
    """Where a product stands: the middle of its base, and what fits there."""

    name: str
    position: Vec3
    material: str
    natural_height_m: float
    max_height_m: float
    max_width_m: float
    normal: Vec3 = (0.0, 0.0, 1.0)


@dataclass(frozen=True)
class Quality:
    """Pixels along a plate, light samples a pixel before denoising, and strata along each axis of a pixel for coverage.

    `denoiser` is "high", "balanced" (a third of the time) or "fast". `rate` fixes the size of a light plate in
    thousandths of the raw one; 0: as small as it can be without loss that could be seen.
    """

    size: int = 1440
    spp: int = 32
    strata: int = 6
    denoiser: str = "high"
    rate: int = 0


@dataclass(frozen=True)
class SetDefinition:
    """Everything that is needed to render one set."""

    name: str
    titles: dict[str, str]
    family: str
    version: str
    exposure: float
    camera: Camera
    views: tuple[View, ...]
    materials: tuple[Material, ...]
    shapes: tuple[Shape, ...]
    lights: tuple[Light, ...]
    anchors: tuple[Anchor, ...]
    quality: Quality
    moods: tuple[Mood, ...]
    cameras: tuple[Shown, ...]
    kinds: tuple[str, ...]
    top_down: bool
    mirrors: bool
    sha256: str

    def material(self, name: str) -> Material:
        """The material called `name`; DefinitionError where there is none."""
        for material in self.materials:
            if material.name == name:
                return material
        raise DefinitionError(f"{self.name}: no material is called {name!r}")


def load_definition(path: Path) -> SetDefinition:
    """Read and check one definition file. Raises DefinitionError."""
    try:
        raw = with_rig(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DefinitionError(f"{path.name}: {error}") from error
    shaping = [RENDERER_VERSION, GEOMETRY_VERSION, FINISH_VERSION, raw]
    digest = hashlib.sha256(json.dumps(shaping, sort_keys=True).encode()).hexdigest()
    try:
        definition = _read(path.stem, raw, digest)
    except (KeyError, TypeError, ValueError) as error:
        raise DefinitionError(f"{path.name}: {error}") from error
    _check(definition)
    return _turned(definition) if definition.top_down else definition


def _read(name: str, raw: dict[str, Any], digest: str) -> SetDefinition:
    views = raw.get("views", VIEWS)
    lights = tuple(_build(Light, {"name": key, **item}) for key, item in raw["lights"].items())
    return SetDefinition(
        name=name,
        titles=raw["titles"],
        family=raw["family"],
        version=raw["version"],
        exposure=float(raw["exposure"]),
        camera=_build(Camera, raw["camera"]),
        views=read_views(views),
        materials=tuple(_build(Material, {"name": key, **item}) for key, item in raw["materials"].items()),
        shapes=tuple(_shape(item) for item in raw["shapes"]),
        lights=lights,
        anchors=tuple(_build(Anchor, {"name": key, **item}) for key, item in raw["anchors"].items()),
        quality=_build(Quality, raw.get("quality", {})),
        moods=_first(
            raw.get("mood", ""),
            read_moods(raw.get("moods", {}), {light.name: light.color for light in lights}, hex_to_linear),
        ),
        cameras=read_cameras(raw.get("cameras", {}), views),
        kinds=tuple(raw.get("kinds", ())),
        top_down=bool(raw.get("top_down", False)),
        mirrors=bool(raw.get("mirrors", True)),
        sha256=digest,
    )


def _first(name: str, moods: tuple[Mood, ...]) -> tuple[Mood, ...]:
    """The moods with the one called `name` before the others."""
    if name and name not in {mood.name for mood in moods}:
        raise ValueError(f"no mood is called {name!r}")
    return tuple(sorted(moods, key=lambda mood: mood.name != name))


def _turned(definition: SetDefinition) -> SetDefinition:
    """A set seen from straight above, as the studio sees it: the table becomes a wall behind the product.

    Written with the table at z = 0, +y up in the picture and the camera above. (x, y, z) becomes (x, -z, y), so a flat
    product is a card before the camera like any other.
    """

    def turn(v: Vec3) -> Vec3:
        return v[0], -v[2], v[1]

    camera = definition.camera
    return replace(
        definition,
        camera=replace(
            camera, origin=turn(camera.origin), target=turn(camera.target), focus_point=turn(camera.focus_point)
        ),
        lights=tuple(
            replace(light, center=turn(light.center), target=turn(light.target), sky=turn(light.sky))
            for light in definition.lights
        ),
        anchors=tuple(
            replace(anchor, position=turn(anchor.position), normal=turn(anchor.normal)) for anchor in definition.anchors
        ),
    )


def definition_paths(directory: Path = SETS_DIR) -> tuple[Path, ...]:
    """All definition files, by name."""
    return tuple(sorted(directory.glob("*.toml")))


def hex_to_linear(code: str) -> Vec3:
    """sRGB hex such as #E8E2D9 to linear sRGB in 0..1 (IEC 61966-2-1)."""
    digits = code.removeprefix("#")
    if len(digits) != 6:
        raise DefinitionError(f"not a colour: {code!r}")
    encoded = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in encoded)
    return red, green, blue


def _build(kind: type[T], raw: dict[str, Any]) -> T:
    known = {item.name for item in fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(raw) - known)
    if unknown:
        raise DefinitionError(f"{kind.__name__.lower()} does not know {', '.join(unknown)}")
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in raw.items()})


def _shape(raw: dict[str, Any]) -> Shape:
    own = {item.name for item in fields(Shape)} - {"params"}
    placed = {key: value for key, value in raw.items() if key in own}
    return _build(Shape, {**placed, "params": {key: value for key, value in raw.items() if key not in own}})


def _check(definition: SetDefinition) -> None:
    name = definition.name
    for camera in definition.cameras:
        if "hero" not in {view.name for view in camera.views}:
            raise DefinitionError(f"{name}: views.hero is missing")
        for view in camera.views:
            if not view.is_inside:
                raise DefinitionError(f"{name}: view {view.name} of {camera.name} reaches beyond the plate")
    used = [shape.material for shape in definition.shapes] + [anchor.material for anchor in definition.anchors]
    for material in used:
        if material != "black":
            definition.material(material)
    _check_titles(name, "the set", definition.titles)
    for item in definition.materials:
        _check_titles(name, item.name, item.titles)
    total = sum(light.share for light in definition.lights)
    if not definition.moods and abs(total - 1) > 1e-6:
        raise DefinitionError(f"{name}: the shares of the lights sum to {total:g}, not to 1")


def _check_titles(name: str, part: str, titles: dict[str, str]) -> None:
    missing = LANGUAGES - set(titles)
    if missing:
        raise DefinitionError(f"{name}: {part} has no title in {', '.join(sorted(missing))}")
