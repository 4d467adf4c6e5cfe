"""What a person says about a scene in fields instead of sentences. Frozen, validated, and plain JSON on the outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from inference.errors import InputRejected
from inference.ops.colour import hex_to_rgb
from inference.scene.choices import Field, scene_choice

PRODUCT = "product"
MAX_PROPS, MAX_COLOURS, MAX_BOXES = 6, 6, 12
MAX_WORDS, MAX_LABEL = 600, 80
_ROUNDING = 1e-6
_TEXTS = ("setting", "surface", "light", "lens", "mood", "season", "copy_space", "words")

Fractions = tuple[float, float, float, float]
"""Left, top, width, height in fractions of the picture."""


@dataclass(frozen=True)
class DrawnBox:
    """Where a person wants an object: it wins over whatever a solver would do.

    Attributes:
        object: ``"product"``, the name of a chosen prop, or words as they stand in the free words.
        box: left, top, width, height in fractions of the picture.
    """

    object: str
    box: Fractions


@dataclass(frozen=True)
class SceneForm:
    """A scene in fields. Single fields and ``props`` hold names of ``choices.scene_choices``; empty = not said.

    ``palette`` are ``#rrggbb``; ``copy_space`` is the side that stays calm for text; ``words`` are free (any language);
    ``boxes`` are what a person drew.
    """

    setting: str = ""
    surface: str = ""
    light: str = ""
    lens: str = ""
    mood: str = ""
    props: tuple[str, ...] = ()
    season: str = ""
    palette: tuple[str, ...] = ()
    copy_space: str = "none"
    words: str = ""
    boxes: tuple[DrawnBox, ...] = ()

    def checked(self) -> SceneForm:
        """The same form with colours as ``#rrggbb`` in small letters and words without outer spaces.

        Raises:
            InputRejected: ``scene.unknown_choice`` (params ``field``, ``name``), ``scene.too_many`` (``field``,
                ``most``), ``scene.words_too_long``, ``scene.bad_box``, ``shot.bad_colour``.
        """
        single: tuple[Field, ...] = ("setting", "surface", "light", "lens", "mood", "season")
        for name in single:
            _check_choice(name, getattr(self, name), optional=True)
        _check_choice("copy_space", self.copy_space, optional=False)
        for prop in self.props:
            _check_choice("props", prop, optional=False)
        for field, most in (("props", MAX_PROPS), ("palette", MAX_COLOURS), ("boxes", MAX_BOXES)):
            if len(getattr(self, field)) > most:
                raise InputRejected("scene.too_many", f"a scene has at most {most} {field}", field=field, most=most)
        if len(self.words) > MAX_WORDS:
            raise InputRejected(
                "scene.words_too_long", f"free words have at most {MAX_WORDS} characters", most=MAX_WORDS
            )
        for drawn in self.boxes:
            check_box(drawn.box, drawn.object)
        return SceneForm(
            **{
                **self.__dict__,
                "palette": tuple(_hex(code) for code in self.palette),
                "props": tuple(dict.fromkeys(self.props)),
                "words": self.words.strip(),
            }
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; what was not said is left out."""
        raw: dict[str, Any] = {
            **self.__dict__,
            "props": list(self.props),
            "palette": list(self.palette),
            "boxes": [{"object": drawn.object, "box": list(drawn.box)} for drawn in self.boxes],
        }
        return {key: value for key, value in raw.items() if value and (key, value) != ("copy_space", "none")}

    @classmethod
    def from_json(cls, raw: Any) -> SceneForm:
        """Read and check what ``to_json`` wrote, or what a browser sent.

        Raises:
            InputRejected: ``scene.bad_form`` for anything of another shape, and as ``checked``.
        """
        if not isinstance(raw, Mapping):
            _no_form("a scene form is an object")
        unknown = sorted(set(raw) - set(cls.__dataclass_fields__))
        if unknown:
            _no_form(f"a scene form has no {unknown[0]!r}")
        said: dict[str, Any] = {name: _text(raw, name, "none" if name == "copy_space" else "") for name in _TEXTS}
        said |= {name: _texts(raw, name) for name in ("props", "palette")}
        return cls(**said, boxes=_boxes(raw.get("boxes", []))).checked()


NO_SCENE = SceneForm()
"""A form in which nothing was said."""


def check_box(box: Sequence[float], name: str) -> None:
    """Raises InputRejected ``scene.bad_box`` unless it lies in the picture and is not empty."""
    left, top, width, height = box
    inside = (
        left >= -_ROUNDING and top >= -_ROUNDING and left + width <= 1 + _ROUNDING and top + height <= 1 + _ROUNDING
    )
    # Written so that NaN fails, too.
    if not (inside and width > 0 and height > 0):
        raise InputRejected(
            "scene.bad_box",
            "a box must lie in the picture, which is 0 to 1 on each side, and not be empty",
            object=name,
        )


def _check_choice(field: Field, name: str, *, optional: bool) -> None:
    if (optional and not name) or scene_choice(field, name) is not None:
        return
    raise InputRejected("scene.unknown_choice", f"there is no {field} called {name!r}", field=field, name=name)


def _hex(code: str) -> str:
    return "#{:02x}{:02x}{:02x}".format(*hex_to_rgb(code))


def _no_form(message: str) -> NoReturn:
    raise InputRejected("scene.bad_form", message)


def _text(raw: Mapping[str, Any], name: str, default: str) -> str:
    value = raw.get(name, default)
    if not isinstance(value, str):
        _no_form(f"{name} is text")
    return value


def _texts(raw: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = raw.get(name, [])
    if not isinstance(value, list | tuple) or not all(isinstance(entry, str) for entry in value):
        _no_form(f"{name} is a list of texts")
    return tuple(value)


def _boxes(raw: Any) -> tuple[DrawnBox, ...]:
    if not isinstance(raw, list | tuple):
        _no_form("boxes is a list")
    return tuple(_box(entry) for entry in raw)


def _box(entry: Any) -> DrawnBox:
    shaped = isinstance(entry, Mapping) and set(entry) == {"object", "box"}
    if not shaped or not isinstance(entry["object"], str) or not 0 < len(entry["object"].strip()) <= MAX_LABEL:
        _no_form("a drawn box has an object and a box")
    return DrawnBox(entry["object"].strip(), read_fractions(entry["box"]))


def read_fractions(raw: Any) -> Fractions:
    """Four numbers. Raises InputRejected ``scene.bad_form`` for anything else."""
    numbers = isinstance(raw, list | tuple) and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in raw
    )
    if not numbers or len(raw) != 4:
        _no_form("a box is four numbers: left, top, width, height in fractions of the picture")
    left, top, width, height = (float(value) for value in raw)
    return left, top, width, height
