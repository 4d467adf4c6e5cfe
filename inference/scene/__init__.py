"""Scenes in words and fields: the form, the scene graph, the solver of places, the policy.

Needs no model and no torch."""

from inference.scene.choices import FIELDS, SceneChoice, choices_version, scene_choice, scene_choices
from inference.scene.compiling import CompiledScene, compile_scene
from inference.scene.form import NO_SCENE, PRODUCT, DrawnBox, SceneForm
from inference.scene.graph import Relation, SceneCamera, SceneGraph, SceneLight, SceneObject, schema
from inference.scene.policy import Refusal, check_prompt, find_refusal, policy_version
from inference.scene.solver import Arranged, Extent, Violation, Wishes, arrange

__all__ = [
    "FIELDS",
    "NO_SCENE",
    "PRODUCT",
    "Arranged",
    "CompiledScene",
    "DrawnBox",
    "Extent",
    "Refusal",
    "Relation",
    "SceneCamera",
    "SceneChoice",
    "SceneForm",
    "SceneGraph",
    "SceneLight",
    "SceneObject",
    "Violation",
    "Wishes",
    "arrange",
    "check_prompt",
    "choices_version",
    "compile_scene",
    "find_refusal",
    "policy_version",
    "scene_choice",
    "scene_choices",
    "schema",
]
