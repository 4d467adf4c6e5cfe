"""From a set definition to Mitsuba scenes: geometry and materials once, one scene a light."""

from __future__ import annotations

from typing import Any

import numpy as np

from inference.engines.studio_sets.render import shapes, textures
from inference.engines.studio_sets.render.definition import Camera, Light, Material, SetDefinition, Shape, hex_to_linear
from inference.engines.studio_sets.render.meshes import MeshData
from inference.engines.studio_sets.render.mitsuba_runtime import mitsuba

BLACK = "black"


def bsdf(material: Material) -> Any:
    """The surface of a material: Disney's principled BSDF, bump-mapped where asked, or clear glass."""
    mi = mitsuba()
    if material.glass:
        return mi.load_dict({"type": "dielectric", "int_ior": 1.5, "specular_transmittance": _color(material)})
    description: dict[str, Any] = {
        "type": "principled",
        "base_color": _color(material),
        "roughness": material.roughness,
        # The principled model reaches F0 = 0.08 at specular = 1 (Burley 2012).
        "specular": material.reflectance / 0.08,
        "metallic": material.metallic,
        "clearcoat": material.clearcoat,
        "clearcoat_gloss": 0.97,
    }
    if "roughness_variation" in material.texture:
        description["roughness"] = _bitmap(textures.roughness(material), material.texture)
    if material.bump:
        # A relief that repeats its texture needs only a depth.
        relief = material.bump if "size_m" in material.bump else {**material.texture, **material.bump}
        bump = _bitmap(textures.bump(relief), relief)
        description = {"type": "bumpmap", "arbitrary": bump, "scale": relief["depth_m"], "bsdf": description}
    return mi.load_dict({"type": "twosided", "bsdf": description})


def _color(material: Material) -> Any:
    if material.texture.get("kind"):
        return _bitmap(textures.albedo(material), material.texture)
    return {"type": "rgb", "value": list(hex_to_linear(material.hex))}


def _bitmap(pixels: np.ndarray, placement: dict[str, Any]) -> dict[str, Any]:
    """A texture that covers `size_m` = [u, v] metres around the origin of a mesh's uv, repeated beyond."""
    mi = mitsuba()
    size_u, size_v = placement["size_m"]
    return {
        "type": "bitmap",
        "bitmap": mi.Bitmap(np.ascontiguousarray(pixels, dtype=np.float32)),
        "raw": True,
        "to_uv": mi.ScalarTransform3f().translate([0.5, 0.5]).scale([1 / size_u, 1 / size_v]),
    }


def mesh(name: str, data: MeshData, surface: Any, to_world: Any, glows: bool = False) -> Any:
    """A Mitsuba mesh in world space with the surface attached; one that `glows` emits radiance 1."""
    mi = mitsuba()
    properties = mi.Properties()
    properties["mesh_bsdf"] = surface
    if glows:
        properties["mesh_emitter"] = mi.load_dict({"type": "area", "radiance": {"type": "rgb", "value": 1.0}})
    result = mi.Mesh(name, len(data.vertices), len(data.faces), properties, True, True)
    matrix = np.array(to_world.matrix, dtype=float).reshape(4, 4)
    parameters = mi.traverse(result)
    parameters["vertex_positions"] = _flat(data.vertices @ matrix[:3, :3].T + matrix[:3, 3])
    parameters["vertex_normals"] = _flat(data.normals @ matrix[:3, :3].T)
    parameters["vertex_texcoords"] = _flat(data.uv)
    parameters["faces"] = data.faces.astype(np.uint32).ravel()
    parameters.update()
    return result


def _flat(values: np.ndarray) -> Any:
    return mitsuba().Float(np.ascontiguousarray(values, dtype=np.float32).ravel())


def placement(shape: Shape) -> Any:
    """Tilt about x, turn about z, then move."""
    transform = mitsuba().ScalarTransform4f
    moved = transform().translate(list(shape.position))
    return moved @ transform().rotate([0, 0, 1], shape.turn_z_deg) @ transform().rotate([1, 0, 0], shape.tilt_x_deg)


def world(definition: SetDefinition) -> Any:
    """From the definition's axes to the studio's: see definition._turned."""
    upright = mitsuba().ScalarTransform4f
    return upright().rotate([1, 0, 0], 90) if definition.top_down else upright()


def seen_by(solids: dict[str, Any], definition: SetDefinition, light: str | None) -> dict[str, Any]:
    """The shapes that stand in the plate of `light`; None: those that the camera's geometry pass sees."""
    flags = {f"{n:03d}_{shape.material}": shape.lights for n, shape in enumerate(definition.shapes)}
    return {key: solid for key, solid in solids.items() if not flags[key] or light in flags[key]}


def solids(definition: SetDefinition, glowing: str = "") -> dict[str, Any]:
    """All shapes of a set as Mitsuba objects, keyed "<number>_<material>"; those of material `glowing` emit 1."""
    mi = mitsuba()
    surfaces = {material.name: bsdf(material) for material in definition.materials}
    surfaces[BLACK] = mi.load_dict({"type": "diffuse", "reflectance": {"type": "rgb", "value": 0.0}})
    made = {}
    for number, shape in enumerate(definition.shapes):
        data = shapes.build(shape.kind, shape.params)
        to_world = world(definition) @ placement(shape)
        shines = shape.material == glowing
        made[f"{number:03d}_{shape.material}"] = mesh(shape.kind, data, surfaces[shape.material], to_world, shines)
    return made


def lamp(light: Light) -> dict[str, Any]:
    """The light of radiance 1 as a part of a scene; shapes that glow are in the scene already."""
    return {} if light.kind == "glow" else {"light": emitter(light, 1.0)}


def emitter(light: Light, radiance: float) -> dict[str, Any]:
    """A light of neutral colour."""
    mi = mitsuba()
    if light.kind == "environment":
        rows = np.linspace(1, -1, 32)[:, None, None]
        sky = radiance * np.where(rows > 0, 0.7 + 0.3 * rows, light.ground * (0.7 + 0.0 * rows))
        pixels = np.broadcast_to(sky, (32, 64, 3)).astype(np.float32)
        # Maps are painted with y up.
        upright = mi.ScalarTransform4f().rotate([1, 0, 0], 90 if light.sky[2] > 0.5 else 180)
        return {"type": "envmap", "bitmap": mi.Bitmap(pixels.copy()), "to_world": upright}
    center, half_u, half_v = rectangle(light)
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 3] = half_u, half_v, center
    matrix[:3, 2] = np.cross(half_u, half_v) / np.linalg.norm(np.cross(half_u, half_v))
    return {
        "type": "rectangle",
        "to_world": mi.ScalarTransform4f(matrix),
        "bsdf": {"type": "diffuse", "reflectance": {"type": "rgb", "value": 0.0}},
        "emitter": {"type": "area", "radiance": {"type": "rgb", "value": radiance}},
    }


def rectangle(light: Light) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centre and half-extent vectors of a softbox; u x v points at the target."""
    center, target = np.asarray(light.center), np.asarray(light.target)
    facing = (target - center) / np.linalg.norm(target - center)
    up = np.array([0.0, 0.0, 1.0]) if abs(facing[2]) < 0.99 else np.array([0.0, 1.0, 0.0])
    across = np.cross(up, facing)
    across /= np.linalg.norm(across)
    return center, across * light.size[0] / 2, np.cross(facing, across) * light.size[1] / 2


def sensor(camera: Camera, size: int, pinhole: bool = False) -> Any:
    """The camera with a square film of `size` pixels and a box filter: a wider one leaves the denoiser nothing."""
    mi = mitsuba()
    origin, target = np.asarray(camera.origin), np.asarray(camera.target)
    description: dict[str, Any] = {
        "type": "perspective",
        "fov": camera.fov_x_deg,
        "fov_axis": "x",
        "near_clip": 0.01,
        "to_world": mi.ScalarTransform4f().look_at(origin=list(origin), target=list(target), up=[0, 0, 1]),
        "film": {
            "type": "hdrfilm",
            "width": size,
            "height": size,
            "rfilter": {"type": "box"},
            "pixel_format": "rgb",
            "component_format": "float32",
        },
        "sampler": {"type": "independent"},
    }
    if camera.aperture_radius_m > 0 and not pinhole:
        forward = (target - origin) / np.linalg.norm(target - origin)
        description["type"] = "thinlens"
        description["aperture_radius"] = camera.aperture_radius_m
        description["focus_distance"] = float(forward @ (np.asarray(camera.focus_point) - origin))
    return mi.load_dict(description)
