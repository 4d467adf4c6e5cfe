"""Qwen-Image-Edit, LongCat-Image-Edit and DeepGen behind the port of generators.

Their pipelines are used as they are. None of them takes a batch; progress and cancelling come from a hook on the
transformer, because not all of them call back between steps.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
from diffusers.pipelines.longcat_image.pipeline_longcat_image_edit import split_quotation
from PIL import Image

from inference.engines.diffusion import gate, requests
from inference.engines.diffusion.eight_bit import eight_bit
from inference.engines.diffusion.errors import incompatible
from inference.engines.diffusion.foreign_code import pipeline_file
from inference.engines.diffusion.generator import chosen_device, dtype_name
from inference.engines.diffusion.loading import without_bars
from inference.engines.diffusion.memory import in_shrinking_batches, too_little
from inference.engines.editors.leading import led
from inference.engines.editors.processors import picture_processors
from inference.engines.editors.strength import beginning, steps_of
from inference.errors import EngineUnavailable, InputRejected
from inference.generation import FLOAT8, GeneratedPicture, GenerateItem, GenerateOptions, GenerateRequest
from inference.models import ModelCard
from inference.ports import EngineStatus
from inference.types import Progress, no_progress

# What guidance is called where it is not called guidance_scale; the first that a pipeline knows is used.
_GUIDANCE_NAMES = ("true_cfg_scale", "guidance_scale")
# A pipeline that takes these can be told where to begin.
_BEGINNING = {"latents", "sigmas"}
_CPU_GENERATOR = "cpu"
_UNREADABLE = (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError)


class InstructionEditor:
    """See ``generation.Generator``. Each item's ``prompt`` is the instruction, its ``reference.rgb`` the picture."""

    def __init__(self, card: ModelCard, options: GenerateOptions) -> None:
        self.name, self.licence, self.card = card.name, card.licence, card
        self._options = options
        self._pipeline: Any = None
        self._revision = ""

    def status(self) -> EngineStatus:
        """See ``generation.Generator``."""
        return gate.status_of(self.card, self._options)

    def warm(self) -> None:
        """See ``generation.Generator``."""
        self._loaded()

    def check(self, request: GenerateRequest) -> None:
        """See ``generation.Generator``. Masks are refused."""
        requests.check(self.card, request)
        for item in request.items:
            if item.reference is not None and item.reference.keep is not None:
                raise InputRejected(
                    "generate.mask_not_possible", f"{self.card.title} follows the instruction alone, without a mask"
                )

    def generate(
        self, request: GenerateRequest, *, on_progress: Progress = no_progress
    ) -> tuple[GeneratedPicture, ...]:
        """See ``generation.Generator``."""
        self.check(request)
        steps, guidance = requests.check(self.card, request)
        pipeline = self._loaded()
        for item in request.items:
            _refuse_too_long(pipeline, item.prompt)
        done, total = 0, len(request.items)

        def edit(items: Sequence[GenerateItem]) -> list[GeneratedPicture]:
            nonlocal done
            assert items[0].reference is not None
            own = steps_of(items[0].reference.strength, steps)
            with _StepHook(pipeline.transformer, own, lambda part: on_progress("draw", (done + part) / total)):
                picture = self._edited(pipeline, items[0], request, steps, guidance)
            done += 1
            return [picture]

        pictures, _ = in_shrinking_batches(request.items, 1, edit)
        on_progress("draw", 1.0)
        return tuple(pictures)

    def _edited(
        self, pipeline: Any, item: GenerateItem, request: GenerateRequest, steps: int, guidance: float
    ) -> GeneratedPicture:
        assert item.reference is not None
        begun = time.perf_counter()
        arguments = self._arguments(pipeline, item, request, steps, guidance)
        picture = arguments["image"]
        if item.reference.strength > 0.0:
            with _beginning_led(pipeline, arguments, item.reference.strength):
                picture = pipeline(**arguments).images[0].convert("RGB")
        if picture.size != (request.width, request.height):
            picture = picture.resize((request.width, request.height), Image.Resampling.LANCZOS)
        identity = {
            "engine": self.card.engine,
            "model": self.card.name,
            "revision": self._revision,
            "licence": self.card.licence,
            "dtype": dtype_name(self._options, pipeline.transformer),
        }
        chosen: dict[str, Any] = {"steps": steps, "guidance": guidance, "batch": 1}
        if item.reference.strength < 1.0:
            chosen["strength"] = item.reference.strength
        timings = {"batch_s": round(time.perf_counter() - begun, 3)}
        return GeneratedPicture(np.asarray(picture), item.seed, identity, chosen, timings)

    def _arguments(
        self, pipeline: Any, item: GenerateItem, request: GenerateRequest, steps: int, guidance: float
    ) -> dict[str, Any]:
        """What the pipeline is called with, by the names that it knows."""
        assert item.reference is not None
        known = inspect.signature(pipeline.__call__).parameters
        picture, strength = Image.fromarray(item.reference.rgb), item.reference.strength
        generator = torch.Generator(_CPU_GENERATOR).manual_seed(item.seed)
        arguments: dict[str, Any] = {
            "image": picture,
            "prompt": item.prompt,
            "num_inference_steps": steps,
        }
        arguments |= {"generator": generator} if "generator" in known else {"seed": item.seed}
        arguments[next(name for name in _GUIDANCE_NAMES if name in known)] = guidance
        if "negative_prompt" in known:
            arguments["negative_prompt"] = " "
        if "height" in known:
            arguments |= {"height": request.height, "width": request.width}
        if 0.0 < strength < 1.0 and known.keys() >= _BEGINNING:
            size = request.width, request.height
            arguments |= beginning(pipeline, picture, size, strength, steps, generator)
        return arguments

    def _loaded(self) -> Any:
        if self._pipeline is None:
            folder = gate.require(self.card, self._options)
            device, dtype = chosen_device(self._options)
            shortage = too_little(self.card, folder, device, dtype)
            if shortage is not None:
                raise shortage.error()
            pipeline = _complete(self.card, folder, _load(self.card, folder, dtype).to(device))
            if self._options.dtype == FLOAT8:
                eight_bit(pipeline.transformer, device)
            self._pipeline = pipeline
            self._pipeline.set_progress_bar_config(disable=True)
            self._revision = gate.loaded_revision(folder)
        return self._pipeline


def _beginning_led(pipeline: Any, arguments: dict[str, Any], strength: float) -> AbstractContextManager[None]:
    """What a call needs around it that could not be told where to begin."""
    if strength == 1.0 or arguments.keys() >= _BEGINNING:
        return nullcontext()
    return led(pipeline, arguments["image"], strength)


class _StepHook:
    """Reports before every call of a transformer, as a part of the work; what the report raises ends the work."""

    def __init__(self, transformer: Any, steps: int, report: Callable[[float], None]) -> None:
        self._transformer, self._steps, self._report = transformer, steps, report
        self._calls = 0

    def __enter__(self) -> None:
        self._handle = self._transformer.register_forward_pre_hook(self._called)

    def __exit__(self, *_: object) -> None:
        self._handle.remove()

    def _called(self, *_: object) -> None:
        # With guidance a step is two calls: the part done is then an upper bound that stays below 1.
        self._report(min(self._calls / self._steps, 0.99))
        self._calls += 1


def _refuse_too_long(pipeline: Any, instruction: str) -> None:
    """LongCat's pipeline breaks where it means to cut. It reads what stands in quotes letter by letter.

    Raises:
        InputRejected: ``generate.bad_prompt``.
    """
    if not isinstance(pipeline, diffusers.LongCatImageEditPipeline):
        return
    parts = [part for text, is_quoted in split_quotation(instruction) for part in (text if is_quoted else (text,))]
    tokens = sum(len(pipeline.tokenizer(part, add_special_tokens=False)["input_ids"]) for part in parts)
    most = pipeline.tokenizer_max_length
    if tokens > most:
        raise InputRejected(
            "generate.bad_prompt", f"this model reads {most} tokens, not {tokens}; say it in fewer words"
        )


def _load(card: ModelCard, folder: Path, dtype: torch.dtype) -> Any:
    options: dict[str, Any] = {"dtype": dtype, "local_files_only": True}
    pipeline_class = getattr(diffusers, card.pipeline) if card.pipeline else diffusers.DiffusionPipeline
    if card.needs_remote_code:
        options |= {"trust_remote_code": True, "custom_pipeline": _code_in(folder)}
    try:
        with without_bars():
            return pipeline_class.from_pretrained(folder, **options, **picture_processors(folder))
    except ImportError as error:
        raise _package_missing(card, error) from error
    except _UNREADABLE as error:
        raise incompatible(f"{folder} can not be loaded as {card.title}: {error}") from error


def _complete(card: ModelCard, folder: Path, pipeline: Any) -> Any:
    """The pipeline with all of its parts, once it is known that it can be called as we call it.

    DeepGen's brings its language model with the first picture alone, and may want a package for CUDA then unless it is
    told which attention to use. Brought now, what is missing is said before any work.
    """
    known = inspect.signature(pipeline.__call__).parameters
    needed = (("image",), ("prompt",), ("num_inference_steps",), _GUIDANCE_NAMES, ("generator", "seed"))
    if lacking := [" or ".join(names) for names in needed if not any(name in known for name in names)]:
        raise incompatible(
            f"the pipeline in {folder} takes no {', no '.join(lacking)}; fetch the revision that was pinned"
        )
    bring = getattr(pipeline, "_load_extras", None)
    if bring is None:
        return pipeline
    options = {"attn_implementation": "sdpa"} if "attn_implementation" in inspect.signature(bring).parameters else {}
    try:
        with without_bars():
            bring(**options)
    except ImportError as error:
        raise _package_missing(card, error) from error
    except _UNREADABLE as error:
        raise incompatible(f"{folder} lacks parts of {card.title}, or holds others: {error}") from error
    return pipeline


def _package_missing(card: ModelCard, error: ImportError) -> EngineUnavailable:
    why = f"the code of {card.title} needs a package that is not here: {error}"
    step = "install what generating workers need: python3 -m infra.local.bootstrap base generate"
    return EngineUnavailable("generate.packages_missing", f"{why}; {step}")


def _code_in(folder: Path) -> str:
    """What diffusers wants to be told: the file's name without its end, or the folder where it has the usual name."""
    file = pipeline_file(folder)
    return str(folder) if file is None or file.stem == "pipeline" else file.stem


def editor_engine(card: ModelCard, options: GenerateOptions) -> InstructionEditor:
    """The editor of one model."""
    return InstructionEditor(card, options)
