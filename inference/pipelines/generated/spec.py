"""What is asked for when a shot is generated, as JSON and as arrays.

Imports nothing heavy: a web page checks with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

from inference.errors import InputRejected
from inference.models import model_card, model_cards
from inference.scene import NO_SCENE, SceneForm, check_prompt
from inference.scene.form import MAX_LABEL, Fractions, check_box, read_fractions
from inference.types import U8, Cutout

if TYPE_CHECKING:
    from inference.ops.placement import Placement

Mode = Literal["exact", "reimagined", "edit"]
MODES: tuple[Mode, ...] = get_args(Mode)
MIN_SIDE_PX, MAX_SIDE_PX = 64, 4096
MAX_CANDIDATES = 8
MAX_INSTRUCTION = 600
MAX_TRIGGER = 60
MAX_SEED = 2**53 - 1
# The full picture starts from its preview, so that it is the picture that was chosen: finer, not another one.
REFINE_STRENGTH = 0.6
# What decoding forth and back makes of the steps, counted in operations (tests/checkpoints/pull_effort.py): 1.2 times
# (klein, 5B Base) to 3.0 times (SeFi 1B Turbo at 1024 px). One factor for all models, and operations are not time.
PULL_EFFORT = 2.0


@dataclass(frozen=True)
class PaletteMeans:
    """How the palette of a scene is brought about, in the order in which the means are to be preferred.

    Attributes:
        words: colours are named in the prompt.
        rank: candidates are ranked by their palette, too.
        grade: how far the finished plate is graded towards the palette, 0..1 of what the cap allows.
        pull: how far each sampling step is pulled, in standard deviations of the latents; 0 = not.
    """

    words: bool = True
    rank: bool = True
    grade: float = 0.6
    pull: float = 0.0


@dataclass(frozen=True)
class GeneratedSpec:
    """Everything that decides how a generated shot looks, besides the pictures that go in.

    Attributes:
        mode: ``exact``: a scene is drawn around the product and the photo's pixels are pasted last. ``reimagined``: the
            product itself is drawn anew (to be labelled). ``edit``: a part of a picture is changed by an instruction.
        product_label: what the product is in a prompt.
        scene: the scene; ``edit`` uses its palette only.
        model: a name of ``inference.models``; empty = the default one.
        width, height: of the finished picture, pixels.
        seed: of the first candidate; the others count on from it.
        candidates: how many are drawn at ``preview_px`` (the longer side) and ranked; the best one is drawn in full.
            Editors draw all of them in full.
        steps, guidance: None = the model's own.
        strength: ``reimagined``: 0 = faithful to the photo, 1 = free (editors are always free). ``edit``: how much may
            change, for models that have degrees of it (``ModelCard.can``); the others change what they are told to.
        style_strength: how far the meaning of a style picture holds the scene, 0..1 (with ``style`` only).
        layout_share: share of the steps in which objects are held to their boxes.
        shadow: strength of the contact and cast shadow added below the product, 0..1 (``exact`` only).
        adapters: trained for a brand or a product and added to the weights, (name, weight).
        trigger: the words that the adapters learned by; they stand before the prompt.
        instruction: what to change (``edit`` only).
        region: where to change it, in fractions of the picture (``edit`` only; a mask says it more exactly).
    """

    mode: Mode
    product_label: str = ""
    scene: SceneForm = NO_SCENE
    model: str = ""
    width: int = 1024
    height: int = 1024
    seed: int = 0
    candidates: int = 4
    preview_px: int = 512
    steps: int | None = None
    guidance: float | None = None
    strength: float = 0.6
    style_strength: float = 0.5
    layout_share: float = 0.4
    shadow: float = 0.6
    palette_means: PaletteMeans = PaletteMeans()
    adapters: tuple[tuple[str, float], ...] = ()
    trigger: str = ""
    instruction: str = ""
    region: Fractions | None = None

    def checked(self) -> GeneratedSpec:
        """The same with the scene checked and the model named.

        Raises:
            InputRejected: ``generated.bad_mode``, ``generated.bad_size``, ``generated.bad_number`` (``name``, ``low``,
                ``high``), ``generated.no_label``, ``generated.no_instruction``, ``generate.unknown_model``,
                ``prompt.<category>``, and as ``SceneForm.checked``.
        """
        if self.mode not in MODES:
            raise InputRejected("generated.bad_mode", f"a mode is one of {', '.join(MODES)}, not {self.mode!r}")
        if not all(MIN_SIDE_PX <= side <= MAX_SIDE_PX for side in (self.width, self.height)):
            raise InputRejected(
                "generated.bad_size",
                f"a picture is {MIN_SIDE_PX} to {MAX_SIDE_PX} px on each side, not {self.width}x{self.height}",
                width=self.width,
                height=self.height,
            )
        for name, low, high in _RANGES:
            _check_number(name, getattr(self, name), low, high)
        for name in ("grade", "pull"):
            _check_number(name, getattr(self.palette_means, name), 0, 1)
        scene, model = self.scene.checked(), self.model or model_cards()[0].name
        model_card(model)
        self._check_words()
        return GeneratedSpec(**{**self.__dict__, "scene": scene, "model": model})

    @property
    def effort(self) -> float:
        """Megapixels that go through a model's steps: the candidates small, then the best one in full through the part
        of the steps that it takes; an editor's candidates in full. What time a shot takes beside its fixed part grows
        with it."""
        longest, card = max(self.width, self.height), model_card(self.model or model_cards()[0].name)
        full = min(longest, card.max_px)
        preview = full if card.kind == "edit" else min(self.preview_px, full)
        passes = self.candidates * preview**2 + (REFINE_STRENGTH * full**2 if full > preview else 0.0)
        if self.scene.palette and self.palette_means.pull > 0:
            passes *= PULL_EFFORT
        return passes * min(self.width, self.height) / longest / 1e6

    def _check_words(self) -> None:
        if self.mode == "edit":
            if not 0 < len(self.instruction.strip()) <= MAX_INSTRUCTION:
                raise InputRejected(
                    "generated.no_instruction", f"say in 1 to {MAX_INSTRUCTION} characters what to change"
                )
            if self.region is not None:
                check_box(self.region, "region")
        elif not 0 < len(self.product_label.strip()) <= MAX_LABEL:
            raise InputRejected("generated.no_label", f"name the product in 1 to {MAX_LABEL} characters")
        if len(self.trigger) > MAX_TRIGGER:
            raise InputRejected("generated.bad_spec", f"a trigger has up to {MAX_TRIGGER} characters")
        drawn = " ".join(box.object for box in self.scene.boxes)
        for text in (self.product_label, self.scene.words, self.instruction, self.trigger, drawn):
            check_prompt(text)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            **self.__dict__,
            "scene": self.scene.to_json(),
            "palette_means": dict(self.palette_means.__dict__),
            "adapters": [list(pair) for pair in self.adapters],
            "region": None if self.region is None else list(self.region),
        }

    @classmethod
    def from_json(cls, raw: Any) -> GeneratedSpec:
        """Read and check what ``to_json`` wrote, or what a browser sent.

        Raises:
            InputRejected: ``generated.bad_spec`` for anything of another shape, and as ``checked``.
        """
        if not isinstance(raw, Mapping):
            raise InputRejected("generated.bad_spec", "a request is an object")
        known = {field.name: field for field in fields(cls)}
        if unknown := sorted(str(key) for key in set(raw) - set(known)):
            raise InputRejected("generated.bad_spec", f"a request has no {unknown[0]!r}")
        values: dict[str, Any] = {name: _plain(name, known[name].type, value) for name, value in raw.items()}
        if "mode" not in values:
            raise InputRejected("generated.bad_spec", "a request needs a mode")
        if "scene" in values:
            values["scene"] = SceneForm.from_json(values["scene"])
        if "palette_means" in values:
            values["palette_means"] = _means(values["palette_means"])
        if "adapters" in values:
            values["adapters"] = _adapters(values["adapters"])
        if values.get("region") is not None:
            values["region"] = read_fractions(values["region"])
        return cls(**values).checked()


@dataclass(frozen=True, eq=False)
class GeneratedInputs:
    """The pictures that go in.

    Attributes:
        photo_rgb: uint8 (H, W, 3), the product's photo; all modes but ``edit`` need it.
        cutout: of that photo.
        style: uint8 (h, w, 3) of any size: a picture whose scene or style is to be followed.
        picture: uint8 (H, W, 3) of the request's size: what to edit.
        mask: uint8 (H, W), 255 = may change (``edit``).
        placement: where the product is in ``picture``; with photo and cutout it makes an edit keep it, measured.
    """

    photo_rgb: U8 | None = None
    cutout: Cutout | None = None
    style: U8 | None = None
    picture: U8 | None = None
    mask: U8 | None = None
    placement: Placement | None = None


_RANGES: tuple[tuple[str, float, float], ...] = (
    ("candidates", 1, MAX_CANDIDATES),
    ("preview_px", 64, 1536),
    ("seed", 0, MAX_SEED),
    ("strength", 0, 1),
    ("style_strength", 0, 1),
    ("layout_share", 0, 1),
    ("shadow", 0, 1),
)


def _check_number(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InputRejected(
            "generated.bad_number",
            f"{name} lies between {low:g} and {high:g}, not {value:g}",
            name=name,
            low=low,
            high=high,
        )


def _plain(name: str, kind: Any, value: Any) -> Any:
    """``value`` if it has the JSON type that the field's annotation means."""
    wanted: tuple[type, ...] = {
        "int": (int,),
        "float": (int, float),
        "str": (str,),
        "Mode": (str,),
        "int | None": (int, type(None)),
        "float | None": (int, float, type(None)),
        "SceneForm": (Mapping,),
        "PaletteMeans": (Mapping,),
        "Fractions | None": (list, tuple, type(None)),
        "tuple[tuple[str, float], ...]": (list, tuple),
    }[str(kind)]
    if not isinstance(value, wanted) or isinstance(value, bool):
        raise InputRejected("generated.bad_spec", f"{name} is of the wrong kind")
    return value


def _adapters(raw: Sequence[Any]) -> tuple[tuple[str, float], ...]:
    """Pairs of a name and a weight; which names there are is for the model to say."""
    for pair in raw:
        shaped = isinstance(pair, list | tuple) and len(pair) == 2 and isinstance(pair[0], str)
        if not shaped or not isinstance(pair[1], int | float) or isinstance(pair[1], bool):
            raise InputRejected("generated.bad_spec", "adapters are pairs of a name and a weight")
    return tuple((name, float(weight)) for name, weight in raw)


def _means(raw: Mapping[str, Any]) -> PaletteMeans:
    kinds: Mapping[str, tuple[type, ...]] = {
        "words": (bool,),
        "rank": (bool,),
        "grade": (int, float),
        "pull": (int, float),
    }
    for name, value in raw.items():
        if name not in kinds or not isinstance(value, kinds[name]):
            raise InputRejected("generated.bad_spec", f"palette_means has no {name!r} of that kind")
    return PaletteMeans(**raw)
