"""One device, many who ask: requests that may share a pass are drawn together, whoever they belong to.

    desk = DrawingDesk(draw, most=8)
    with desk.sit() as seat:                      # in each thread that works on something
        pictures = seat.draw(model, request, on_progress=report)
    seat.device_ms                                # its share of the device's time

Threads that ask wait; one thread of the desk's own draws. Requests are taken in the order in which they came, and what
has the same ``generation.batch_key`` joins the oldest one, up to ``most`` pictures. Before a pass the desk waits for
those who sit here and have not asked yet, because they soon will: never when nobody else is here, and never longer than
a part of what a pass takes. So a lone request loses no time, and many meet.

A shared pass ends for one of its members without the others noticing: who no longer wants a picture leaves, and only
when all have left the pass stops (within one step). A shared pass that fails is drawn again, each request alone: nobody
fails for what a neighbour asked.

Work that is no drawing (a step of a training) gets the device between two passes: ``lend``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TypeVar

from inference.errors import Cancelled
from inference.generation import GeneratedPicture, GenerateRequest, batch_key
from inference.types import Progress, no_progress

Result = TypeVar("Result")
Draw = Callable[[str, GenerateRequest, Progress], tuple[GeneratedPicture, ...]]
"""(model, request, on_progress) -> the pictures, in the items' order; raises as ``pipelines.generate.generate``."""

WINDOW_SHARE = 0.25
"""The longest wait for company, as a share of what a pass took lately."""

LONGEST_WINDOW_S = 0.5
_LOOK_EVERY_S = 0.05
_FORGETTING = 0.3


class _Ticket:
    """One request that waits or is drawn. Its owner reads ``progress``; the desk sets how it ended."""

    def __init__(self, model: str, request: GenerateRequest) -> None:
        self.model, self.request = model, request
        self.key = batch_key(model, request)
        self.progress: tuple[str, float] = ("wait", 0.0)
        self.left = False
        self.ended = threading.Event()
        self.pictures: tuple[GeneratedPicture, ...] = ()
        self.error: BaseException | None = None
        self.device_ms = 0.0

    @property
    def size(self) -> int:
        return len(self.request.items)


@dataclass
class DeskFigures:
    """What the desk did so far: passes, pictures in them, shared passes, and what one takes lately."""

    passes: int = 0
    pictures: int = 0
    shared_passes: int = 0
    pass_s: float = 0.0


@dataclass(frozen=True)
class Pulse:
    """Something runs on the device: for how long already, and for how long without a word of progress (seconds)."""

    age_s: float
    silent_s: float


class DrawingDesk:
    """See the module. ``draw`` is called in one thread only."""

    def __init__(self, draw: Draw, *, most: int) -> None:
        self._draw, self._most = draw, most
        self._changed = threading.Condition()
        self._waiting: list[_Ticket] = []
        self._seated = 0
        self._asking = 0
        self._turns = ThreadPoolExecutor(1, thread_name_prefix="desk")
        self._device = ThreadPoolExecutor(1, thread_name_prefix="device")
        self._since: float | None = None
        self._heard = 0.0
        self.figures = DeskFigures()

    @contextmanager
    def sit(self) -> Iterator[Seat]:
        """A place for somebody who will ask for pictures; while it is taken, others wait a little for company."""
        with self._changed:
            self._seated += 1
        try:
            yield Seat(self)
        finally:
            with self._changed:
                self._seated -= 1
                self._changed.notify_all()

    def ask(self, ticket: _Ticket, on_progress: Progress) -> None:
        """Wait until ``ticket`` has ended. What ``on_progress`` raises ends the wait."""
        with self._changed:
            self._waiting.append(ticket)
            self._asking += 1
            self._changed.notify_all()
        self._turns.submit(self._take_turn)
        try:
            while not ticket.ended.wait(_LOOK_EVERY_S):
                on_progress(*ticket.progress)
        finally:
            with self._changed:
                self._asking -= 1
                ticket.left = True
                self._changed.notify_all()

    def lend(self, work: Callable[[], Result], *, on_wait: Callable[[], None]) -> Result:
        """Run ``work`` in the thread that draws, after the pass that runs now. It should be short: others wait for it.

        ``on_wait`` is called every ``_LOOK_EVERY_S`` until the work is done. What it raises ends the wait: work that
        has not begun is not done any more, work that has begun is finished first.
        """
        lent = self._device.submit(self._working, work)
        try:
            while not wait([lent], timeout=_LOOK_EVERY_S).done:
                on_wait()
        finally:
            if not lent.cancel():
                wait([lent])
        return lent.result()

    def lend_later(self, work: Callable[[], None]) -> Future[None]:
        """The same without waiting for it."""
        return self._device.submit(self._working, work)

    def pulse(self) -> Pulse | None:
        """How it goes with what runs on the device now, drawn or lent; None while nothing does."""
        since, now = self._since, time.monotonic()
        return None if since is None else Pulse(now - since, now - max(since, self._heard))

    def _working(self, work: Callable[[], Result]) -> Result:
        """``work`` in the device's thread."""
        self._since = time.monotonic()
        try:
            return work()
        finally:
            self._since = None

    def _tell(self, group: Sequence[_Ticket], stage: str, fraction: float) -> None:
        self._heard = time.monotonic()
        if all(ticket.left for ticket in group):
            raise Cancelled("nobody waits for these pictures any more")
        for ticket in group:
            ticket.progress = (stage, fraction)

    def _take_turn(self) -> None:
        """One pass for the oldest request and those that fit it; nothing when an earlier turn took them along."""
        group = self._gather()
        if not group:
            return
        if self._pass(group) or len(group) == 1:
            return
        for ticket in group:
            if not ticket.left:
                self._pass([ticket])

    def _gather(self) -> list[_Ticket]:
        until = time.monotonic() + min(LONGEST_WINDOW_S, WINDOW_SHARE * self.figures.pass_s)
        with self._changed:
            while self._waiting and self._may_wait(until):
                self._changed.wait(max(0.0, until - time.monotonic()))
            self._waiting = [ticket for ticket in self._waiting if not ticket.left]
            group = self._fitting()
            self._waiting = [ticket for ticket in self._waiting if ticket not in group]
            return group

    def _may_wait(self, until: float) -> bool:
        """Whether company may still come: somebody sits here who does not ask yet, and the pass has room."""
        has_room = sum(ticket.size for ticket in self._fitting()) < self._most
        return has_room and self._seated > self._asking and time.monotonic() < until

    def _fitting(self) -> list[_Ticket]:
        if not self._waiting:
            return []
        alike = [ticket for ticket in self._waiting if ticket.key == self._waiting[0].key]
        ends = accumulate(ticket.size for ticket in alike)
        return [
            ticket
            for place, (ticket, end) in enumerate(zip(alike, ends, strict=True))
            if not place or end <= self._most
        ]

    def _pass(self, group: Sequence[_Ticket]) -> bool:
        """Draw a group. False: it failed; a lone request then has its error, the others have none yet."""
        started = time.monotonic()
        model, request = group[0].model, _merged(group)
        drawn = self._device.submit(
            self._working, lambda: self._draw(model, request, lambda *now: self._tell(group, *now))
        )
        error = drawn.exception()
        took_s = time.monotonic() - started
        if error is None:
            self._note(group, took_s)
            _hand_out(group, drawn.result(), 1000 * took_s)
        elif len(group) == 1:
            group[0].error = error
            group[0].ended.set()
        return error is None

    def _note(self, group: Sequence[_Ticket], took_s: float) -> None:
        figures = self.figures
        figures.passes += 1
        figures.shared_passes += len(group) > 1
        figures.pictures += sum(ticket.size for ticket in group)
        figures.pass_s += (took_s - figures.pass_s) * (_FORGETTING if figures.pass_s else 1.0)


class Seat:
    """Somebody's place at the desk. ``device_ms`` is the device's time that went into what was asked for here."""

    def __init__(self, desk: DrawingDesk) -> None:
        self._desk = desk
        self.device_ms = 0.0

    def draw(
        self, model: str, request: GenerateRequest, on_progress: Progress = no_progress
    ) -> tuple[GeneratedPicture, ...]:
        """The pictures of ``request``, perhaps drawn together with somebody else's.

        ``on_progress`` is called in this thread every ``_LOOK_EVERY_S``, also while the request waits (stage ``wait``).

        Raises:
            Cancelled, or whatever else ``on_progress`` raises.
            InferenceError: as the engine.
        """
        ticket = _Ticket(model, request)
        try:
            self._desk.ask(ticket, on_progress)
        finally:
            self.device_ms += ticket.device_ms
        if ticket.error is not None:
            raise ticket.error
        return ticket.pictures


def _merged(group: Sequence[_Ticket]) -> GenerateRequest:
    """One request of all items. Keys are equal, so all the rest is."""
    return replace(group[0].request, items=tuple(item for ticket in group for item in ticket.request.items))


def _hand_out(group: Sequence[_Ticket], pictures: Sequence[GeneratedPicture], took_ms: float) -> None:
    first = 0
    for ticket in group:
        ticket.pictures = tuple(pictures[first : first + ticket.size])
        ticket.device_ms = took_ms * ticket.size / len(pictures)
        first += ticket.size
        ticket.ended.set()
