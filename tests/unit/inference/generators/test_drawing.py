"""Many who ask, one device: who shares a pass, who waits, who leaves, and who fails alone. No network, no weights."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest

from inference.errors import Cancelled, EngineFailed
from inference.generation import GeneratedPicture, GenerateItem, GenerateRequest
from inference.pipelines.drawing import DrawingDesk, Pulse
from inference.types import Progress

PATIENCE_S = 60.0


def asked(*seeds: int, width: int = 256) -> GenerateRequest:
    return GenerateRequest(tuple(GenerateItem("a mug", seed) for seed in seeds), width, 256)


class Device:
    """Draws a picture whose colour is its seed. With ``gate`` it waits inside a pass until the gate opens."""

    def __init__(self) -> None:
        self.passes: list[list[int]] = []
        self.gate: threading.Event | None = None
        self.inside = threading.Event()
        self.refuses: set[int] = set()

    def draw(self, model: str, request: GenerateRequest, on_progress: Progress) -> tuple[GeneratedPicture, ...]:
        seeds = [item.seed for item in request.items]
        self.passes.append(seeds)
        gate = self.gate
        if gate is not None:
            self.inside.set()
            while not gate.wait(0.01):
                on_progress("draw", 0.5)
        if self.refuses & set(seeds):
            raise EngineFailed("generate.out_of_memory", "too much")
        return tuple(
            GeneratedPicture(np.full((1, 1, 3), seed, np.uint8), seed, {"model": model}, {}, {}) for seed in seeds
        )


@pytest.fixture
def device() -> Device:
    return Device()


@pytest.fixture
def people() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as threads:
        yield threads


def colours(pictures: tuple[GeneratedPicture, ...]) -> list[int]:
    return [int(picture.rgb[0, 0, 0]) for picture in pictures]


def ask(desk: DrawingDesk, request: GenerateRequest, seen: Progress | None = None) -> list[int]:
    with desk.sit() as seat:
        return colours(seat.draw("m", request, seen or (lambda stage, fraction: None)))


def wait_for(true: Callable[[], bool]) -> None:
    """Give other threads their turn until something has happened."""
    pause, left = threading.Event(), PATIENCE_S
    while not true() and left > 0:
        pause.wait(0.005)
        left -= 0.005
    assert true()


def busy(desk: DrawingDesk, device: Device, people: ThreadPoolExecutor) -> tuple[threading.Event, Future[list[int]]]:
    """Let somebody's pass begin and stand still, so that the next ones gather."""
    device.gate = threading.Event()
    first = people.submit(ask, desk, asked(100))
    assert device.inside.wait(PATIENCE_S)
    return device.gate, first


def gathered(desk: DrawingDesk, count: int) -> None:
    wait_for(lambda: len(desk._waiting) == count)


def test_a_lone_request_is_drawn_at_once(device: Device) -> None:
    desk = DrawingDesk(device.draw, most=8)
    assert ask(desk, asked(1, 2)) == [1, 2]
    assert device.passes == [[1, 2]]


def test_what_fits_together_is_drawn_in_one_pass_and_everybody_gets_their_own(
    device: Device, people: ThreadPoolExecutor
) -> None:
    desk = DrawingDesk(device.draw, most=8)
    gate, first = busy(desk, device, people)
    others = []
    for number, request in enumerate((asked(1), asked(2, 3), asked(4, width=512), asked(5)), start=1):
        others.append(people.submit(ask, desk, request))
        gathered(desk, number)
    device.gate = None
    gate.set()
    assert first.result(PATIENCE_S) == [100]
    assert [other.result(PATIENCE_S) for other in others] == [[1], [2, 3], [4], [5]]
    assert device.passes == [[100], [1, 2, 3, 5], [4]]
    assert desk.figures.shared_passes == 1


def test_a_pass_holds_no_more_than_the_device_takes(device: Device, people: ThreadPoolExecutor) -> None:
    desk = DrawingDesk(device.draw, most=3)
    gate, first = busy(desk, device, people)
    others = []
    for number, request in enumerate((asked(1, 2), asked(3, 4), asked(5)), start=1):
        others.append(people.submit(ask, desk, request))
        gathered(desk, number)
    device.gate = None
    gate.set()
    assert [other.result(PATIENCE_S) for other in (first, *others)] == [[100], [1, 2], [3, 4], [5]]
    assert device.passes == [[100], [1, 2], [3, 4, 5]]


def test_a_request_that_is_larger_than_a_pass_goes_alone(device: Device) -> None:
    desk = DrawingDesk(device.draw, most=2)
    assert ask(desk, asked(1, 2, 3)) == [1, 2, 3]


def test_who_leaves_a_shared_pass_takes_nobody_along(device: Device, people: ThreadPoolExecutor) -> None:
    desk = DrawingDesk(device.draw, most=8)
    gate, first = busy(desk, device, people)
    leave = threading.Event()

    def until_told(stage: str, fraction: float) -> None:
        if leave.is_set():
            raise Cancelled

    gone = people.submit(ask, desk, asked(1), until_told)
    gathered(desk, 1)
    stays = people.submit(ask, desk, asked(2))
    gathered(desk, 2)
    second = threading.Event()
    device.gate = second
    device.inside.clear()
    gate.set()
    assert device.inside.wait(PATIENCE_S)
    leave.set()
    with pytest.raises(Cancelled):
        gone.result(PATIENCE_S)  # while the pass that it was in still runs
    assert not second.is_set()
    second.set()
    assert stays.result(PATIENCE_S) == [2]
    assert first.result(PATIENCE_S) == [100]


def test_a_pass_that_nobody_waits_for_is_stopped(device: Device, people: ThreadPoolExecutor) -> None:
    desk = DrawingDesk(device.draw, most=8)
    device.gate = threading.Event()  # never opens: only cancelling ends the pass
    leave = threading.Event()

    def until_told(stage: str, fraction: float) -> None:
        if leave.is_set():
            raise Cancelled

    gone = people.submit(ask, desk, asked(1), until_told)
    assert device.inside.wait(PATIENCE_S)
    leave.set()
    with pytest.raises(Cancelled):
        gone.result(PATIENCE_S)
    device.gate = None
    assert ask(desk, asked(2)) == [2]
    assert desk.figures.passes == 1


def test_who_leaves_before_the_pass_begins_is_not_drawn(device: Device, people: ThreadPoolExecutor) -> None:
    desk = DrawingDesk(device.draw, most=8)
    gate, first = busy(desk, device, people)

    def leave(stage: str, fraction: float) -> None:
        raise Cancelled

    gone = people.submit(ask, desk, asked(1), leave)
    with pytest.raises(Cancelled):
        gone.result(PATIENCE_S)
    device.gate = None
    gate.set()
    assert first.result(PATIENCE_S) == [100]
    assert ask(desk, asked(2)) == [2]
    assert device.passes == [[100], [2]]


def test_a_failed_pass_is_drawn_again_each_request_alone(device: Device, people: ThreadPoolExecutor) -> None:
    desk = DrawingDesk(device.draw, most=8)
    device.refuses = {2}
    gate, first = busy(desk, device, people)
    others = []
    for number in (1, 2, 3):
        others.append(people.submit(ask, desk, asked(number)))
        gathered(desk, number)
    device.gate = None
    gate.set()
    assert others[0].result(PATIENCE_S) == [1]
    with pytest.raises(EngineFailed):
        others[1].result(PATIENCE_S)
    assert others[2].result(PATIENCE_S) == [3]
    assert first.result(PATIENCE_S) == [100]


def test_the_desk_waits_for_those_who_sit_there_and_for_nobody_else(
    device: Device, people: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inference.pipelines.drawing.LONGEST_WINDOW_S", PATIENCE_S)
    desk = DrawingDesk(device.draw, most=8)
    desk.figures.pass_s = 4 * PATIENCE_S  # passes are long, so company is worth the whole window
    with desk.sit() as late:
        early = people.submit(ask, desk, asked(1))
        gathered(desk, 1)
        assert colours(late.draw("m", asked(2))) == [2]
    assert early.result(PATIENCE_S) == [1]
    assert device.passes == [[1, 2]]


def test_everybody_pays_for_their_own_part_of_the_devices_time(device: Device, people: ThreadPoolExecutor) -> None:
    desk = DrawingDesk(device.draw, most=8)
    with desk.sit() as seat:
        seat.draw("m", asked(1))
        once = seat.device_ms
        seat.draw("m", asked(2))
    assert 0 < once < seat.device_ms


def test_the_stage_of_the_pass_reaches_who_asked(device: Device, people: ThreadPoolExecutor) -> None:
    desk = DrawingDesk(device.draw, most=8)
    device.gate = threading.Event()
    heard: set[tuple[str, float]] = set()
    asking = people.submit(ask, desk, asked(1), lambda stage, fraction: heard.add((stage, fraction)))
    wait_for(lambda: ("draw", 0.5) in heard)
    device.gate.set()
    assert asking.result(PATIENCE_S) == [1]


def test_other_work_gets_the_device_between_two_passes(device: Device, people: ThreadPoolExecutor) -> None:
    desk = DrawingDesk(device.draw, most=8)
    gate, first = busy(desk, device, people)
    order: list[str] = []
    step = people.submit(
        desk.lend, lambda: order.append(f"a step after {len(device.passes)} pass"), on_wait=lambda: None
    )
    wait_for(lambda: desk._device._work_queue.qsize() == 1)
    assert order == []
    gate.set()
    step.result(PATIENCE_S)
    assert first.result(PATIENCE_S) == [100]
    assert order == ["a step after 1 pass"]


def test_work_that_was_cancelled_while_it_waited_is_never_begun(device: Device, people: ThreadPoolExecutor) -> None:
    desk = DrawingDesk(device.draw, most=8)
    gate, first = busy(desk, device, people)
    done: list[str] = []

    def no_longer_wanted() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        desk.lend(lambda: done.append("begun"), on_wait=no_longer_wanted)
    gate.set()
    assert first.result(PATIENCE_S) == [100]
    desk.lend_later(lambda: done.append("later")).result(PATIENCE_S)
    assert done == ["later"]


def test_work_that_has_begun_is_finished_before_its_owner_leaves(device: Device) -> None:
    desk = DrawingDesk(device.draw, most=8)
    inside, done = threading.Event(), threading.Event()

    def work() -> None:
        inside.set()
        assert leave.wait(PATIENCE_S)
        done.set()

    leave = threading.Event()

    def cancelled() -> None:
        if inside.is_set():
            leave.set()
            raise Cancelled

    with pytest.raises(Cancelled):
        desk.lend(work, on_wait=cancelled)
    assert done.is_set()


def test_the_pulse_says_how_long_something_runs_and_since_when_nothing_was_heard(
    device: Device, people: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr("inference.pipelines.drawing.time.monotonic", lambda: now[0])
    told, hangs, goes_on = threading.Event(), threading.Event(), threading.Event()

    def draw(model: str, request: GenerateRequest, on_progress: Progress) -> tuple[GeneratedPicture, ...]:
        device.inside.set()
        assert told.wait(PATIENCE_S)
        on_progress("draw", 0.25)
        hangs.set()
        assert goes_on.wait(PATIENCE_S)
        return device.draw(model, request, on_progress)

    desk = DrawingDesk(draw, most=8)
    assert desk.pulse() is None
    asking = people.submit(ask, desk, asked(1))
    assert device.inside.wait(PATIENCE_S)
    now[0] = 107.0
    assert desk.pulse() == Pulse(7.0, 7.0)
    told.set()
    assert hangs.wait(PATIENCE_S)
    now[0] = 140.0
    assert desk.pulse() == Pulse(40.0, 33.0)
    goes_on.set()
    assert asking.result(PATIENCE_S) == [1]
    wait_for(lambda: desk.pulse() is None)


def test_work_that_was_lent_the_device_has_a_pulse_too(device: Device, people: ThreadPoolExecutor) -> None:
    desk = DrawingDesk(device.draw, most=8)
    inside, leave = threading.Event(), threading.Event()

    def step() -> None:
        inside.set()
        assert leave.wait(PATIENCE_S)
        raise EngineFailed("generate.out_of_memory", "too much")

    lent = people.submit(desk.lend, step, on_wait=lambda: None)
    assert inside.wait(PATIENCE_S)
    assert desk.pulse() is not None
    leave.set()
    with pytest.raises(EngineFailed):
        lent.result(PATIENCE_S)
    assert desk.pulse() is None
