"""The generators of a GPU worker's process: told by the settings, loaded before it takes work, shared at one desk.

Everything here that draws runs in GPU workers alone; ``options`` and ``states`` are cheap and good in any process.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import TracebackType
from typing import Any, TypeVar

from django.conf import settings
from django.utils import timezone

from apps.jobs.pace import fitted
from inference.errors import EngineFailed, InferenceError
from inference.generation import GeneratedPicture, GenerateOptions, GenerateRequest, Generator
from inference.pipelines import adapters as adapter_files
from inference.pipelines import generate as generators
from inference.pipelines.drawing import DrawingDesk, Seat
from inference.pipelines.generate import ModelState
from inference.ports import EngineStatus
from inference.types import Progress

logger = logging.getLogger(__name__)
OUT_OF_MEMORY = "generate.out_of_memory"
MOST_OUT_OF_MEMORY = 2
WITHIN_S = 600.0
LATEST = 12
STILL_AFTER_S = 300.0
"""What has not moved for so long gets no more work: a step takes seconds, the first one of a size a minute or two."""
HUNG_AFTER_S = 1200.0
"""What has not moved for so long never will; a scene's deadline is shorter."""
LOOK_EVERY_S = 3.0
EX_SOFTWARE = 70
Result = TypeVar("Result")


def options() -> GenerateOptions:
    """What the settings say of generators."""
    return GenerateOptions(
        weights_dir=settings.GENERATOR_WEIGHTS_DIR,
        accepted_licences=frozenset(settings.GENERATOR_LICENCES),
        pinned_code=tuple(sorted(settings.GENERATOR_PINNED_CODE.items())),
        adapters_dir=settings.GENERATOR_ADAPTERS_DIR,
        adapters_cache=settings.GENERATOR_ADAPTERS_CACHE,
        device=settings.GENERATOR_DEVICE,
        dtype=settings.GENERATOR_DTYPE,
        max_batch=settings.GENERATOR_MAX_BATCH,
        compile=settings.GENERATOR_COMPILE,
        planner=settings.GENERATOR_PLANNER,
    )


def states() -> tuple[ModelState, ...]:
    """Every model and whether it can run on this machine; looks at settings and folders only."""
    return generators.models(options())


def wanted() -> list[ModelState]:
    """The models that a worker here offers: those that the settings name, else the first one that can run."""
    found = states()
    if settings.GENERATOR_MODELS:
        by_name = {state.card.name: state for state in found}
        return [by_name[name] for name in settings.GENERATOR_MODELS if name in by_name]
    return [state for state in found if state.status.available][:1]


def warm() -> list[dict[str, Any]]:
    """Load what is wanted. Returns ``Station.offers``: each model, and why one is not ready."""
    return [_warmed(state) for state in wanted()]


def _warmed(state: ModelState) -> dict[str, Any]:
    card = state.card
    told = {"name": card.name, "title": card.title, "licence": card.licence, "is_commercial": card.is_commercial}
    if not state.status.available:
        status = state.status
        return {**told, "is_ready": False, "code": status.code, "reason": status.reason, "next_step": status.next_step}
    started = time.monotonic()
    try:
        generators.warm(card.name, options())
    except InferenceError as error:
        logger.warning("%s is not loaded: %s", card.name, error.message)
        return {**told, "is_ready": False, "code": error.code, "reason": error.message, "next_step": ""}
    logger.info("%s is loaded after %.1f s", card.name, time.monotonic() - started)
    learning = adapter_files.can_learn(card.name, options())
    if not learning.available:
        logger.info("%s can not be trained here: %s", card.name, learning.reason)
    revision = generators.revision(card.name, options())
    return {**told, "is_ready": True, "revision": revision, "can_learn": learning.available}


def with_adapters(offers: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The offers, each with the adapters that lie here for its model now; a damaged file hides itself alone."""
    found: dict[str, list[str]] = {}
    for name in adapter_files.adapter_names(options()):
        try:
            card = adapter_files.adapter(name, options())
        except InferenceError as error:
            logger.warning("the adapter %s is not offered: %s", name, error.message)
            continue
        found.setdefault(card.model, []).append(name)
    return [{**offer, "adapters": found.get(offer["name"], [])} for offer in offers]


def obstacles(offers: Sequence[dict[str, Any]]) -> str:
    """Why nothing of this can be offered, in one line."""
    if not offers:
        return "none of the models can run here; the page Settings, Engines says what each one needs"
    return "; ".join(f"{one['title']}: {one['reason']}; {one['next_step']}".rstrip("; ") for one in offers)


def device() -> dict[str, Any]:
    """``Station.device``: what is drawn on, and its memory now."""
    return dict(generators.device_state(options()).__dict__)


@cache
def desk() -> DrawingDesk:
    """The one desk of this process."""
    return DrawingDesk(_draw, most=settings.GENERATOR_MAX_BATCH)


_shots: dict[str, deque[tuple[float, float]]] = {}


def note_shot(model: str, effort: float, seconds: float) -> None:
    """A shot of ``effort`` (``GeneratedSpec.effort``) took ``seconds`` from the claim to the last byte."""
    _shots.setdefault(model, deque(maxlen=LATEST)).append((effort, seconds))


def figures() -> dict[str, Any]:
    """``Station.figures``: what was drawn here since the start, how long shots take lately, by model, and the pulse."""
    paces = {model: fitted(tuple(shots)) for model, shots in _shots.items()}
    pulse = desk().pulse()
    now = {} if pulse is None else {"age_s": round(pulse.age_s, 1), "silent_s": round(pulse.silent_s, 1)}
    pace = {model: [pace.unit_s, pace.base_s] for model, pace in paces.items()}
    return {**desk().figures.__dict__, "pace": pace, **now}


def stands_still(for_s: float = STILL_AFTER_S) -> bool:
    """Whether something runs on the device and has not moved for so long."""
    pulse = desk().pulse()
    return pulse is not None and pulse.silent_s > for_s


class Seated:
    """A loaded model as one job sees it: what it asks for is drawn at the desk, perhaps with others."""

    def __init__(self, engine: Generator, seat: Seat) -> None:
        self.name, self.licence, self.card = engine.name, engine.licence, engine.card
        self._engine, self._seat = engine, seat

    def status(self) -> EngineStatus:
        return self._engine.status()

    def warm(self) -> None:
        self._engine.warm()

    def check(self, request: GenerateRequest) -> None:
        self._engine.check(request)

    def generate(self, request: GenerateRequest, *, on_progress: Progress) -> tuple[GeneratedPicture, ...]:
        return self._seat.draw(self.name, request, on_progress)


def seated(model: str, seat: Seat) -> Generator:
    """See ``generation.Generator``; raises as ``generators.loaded``."""
    return Seated(generators.loaded(model, options()), seat)


def _draw(model: str, request: GenerateRequest, on_progress: Progress) -> tuple[GeneratedPicture, ...]:
    return watched(lambda: generators.generate(model, request, options=options(), on_progress=on_progress))


def watched(work: Callable[[], Result]) -> Result:
    """Use the device, and watch over it: what broke it for good ends the process, whose supervisor starts a new one."""
    with _Watch():
        return work()


class _Watch:
    def __enter__(self) -> None:
        """Nothing yet."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            return
        if isinstance(error, EngineFailed):
            note_fault(error.message)
        elif not isinstance(error, InferenceError):
            note_fault(_told(error))
        if not isinstance(error, InferenceError) or (error.code == OUT_OF_MEMORY and _too_often()):
            start_afresh()


def _told(error: BaseException) -> str:
    """What may be shown to everybody: words of libraries about the device, but no others, which could be a prompt's."""
    name = type(error).__name__
    return f"{name}: {generators.first_line(error)}" if isinstance(error, generators.LOADING_FAULTS) else name


@dataclass
class _Trouble:
    """What broke in this process last, and whether it ends by that."""

    fault: str = ""
    at: datetime | None = None
    is_ending: bool = False


_trouble = _Trouble()


def note_fault(what: str) -> None:
    """Remember what broke, for the sign of life."""
    _trouble.fault, _trouble.at = what, timezone.now()


def fault() -> dict[str, Any]:
    """``Station.fault`` and ``Station.fault_at``."""
    return {"fault": _trouble.fault, "fault_at": _trouble.at}


def last_word() -> str:
    """What this process ends by; empty where it was told to end."""
    return _trouble.fault if _trouble.is_ending else ""


_ran_out: deque[float] = deque(maxlen=MOST_OUT_OF_MEMORY)


def _too_often() -> bool:
    """Note that memory ran out; True when that happens too often for memory that is only in pieces."""
    _ran_out.append(time.monotonic())
    return len(_ran_out) == MOST_OUT_OF_MEMORY and _ran_out[-1] - _ran_out[0] < WITHIN_S


def start_afresh() -> None:
    """End this worker as if it was told to: its jobs go back to the queue."""
    _trouble.is_ending = True
    logger.error("the device is not as it should be; this worker ends, to be started again: %s", _trouble.fault)
    os.kill(os.getpid(), signal.SIGTERM)


def watch_over_device(grace_s: float) -> None:
    """Return once this process ends: also because the device has stood still for so long that nothing will move it.

    Every job that it could be for has passed its deadline then. What hangs in a driver hears nothing: ``grace_s`` after
    the process was asked to end it does, without it. The heart can not look after this: it asks the device itself.
    """
    pause = threading.Event()
    while not _trouble.is_ending and not stands_still(HUNG_AFTER_S):
        pause.wait(LOOK_EVERY_S)
    if _trouble.is_ending:
        return
    note_fault(f"what ran on the device had not moved for {HUNG_AFTER_S / 60:g} minutes")
    insist = threading.Timer(grace_s, os._exit, (EX_SOFTWARE,))
    insist.daemon = True
    insist.start()
    start_afresh()
