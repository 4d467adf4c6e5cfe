"""What is worth being kept recorded: the rules alone, with numbers for sizes."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from inference.engines.diffusion.shelf import MOST_KEPT, WORTH_AFTER, Shelf


def call(shelf: Shelf[int], key: str, size: int) -> str:
    """One call of a network: replayed from what is kept, recorded, or plain."""
    if shelf.take(key) is not None:
        return "replayed"
    if not shelf.wants(key):
        return "plain"
    shelf.put(key, size, size)
    return "recorded"


def calls(shelf: Shelf[int], keys: Sequence[tuple[str, int]]) -> Counter[str]:
    return Counter(call(shelf, key, size) for key, size in keys)


def test_what_came_once_is_never_recorded() -> None:
    shelf = Shelf[int](1000)
    assert calls(shelf, [(f"shape {number}", 1) for number in range(100)]) == {"plain": 100}


def test_what_comes_again_is_recorded_after_as_many_calls_as_a_recording_costs() -> None:
    shelf = Shelf[int](1000)
    told = [call(shelf, "a", 10) for _ in range(WORTH_AFTER + 3)]
    assert told == ["plain"] * WORTH_AFTER + ["recorded", "replayed", "replayed"]


def test_small_and_much_used_things_stay_and_large_ones_that_are_used_as_much_do_not() -> None:
    shelf = Shelf[int](1000)
    calls(shelf, [("small", 300), ("large", 900)] * 40)
    assert (shelf.take("small"), shelf.take("large")) == (300, None)
    assert shelf.held_bytes == 300


def test_what_would_have_to_leave_at_once_is_recorded_once_and_not_again() -> None:
    shelf = Shelf[int](1000)
    calls(shelf, [("small", 600)] * 100)
    told = calls(shelf, [("large", 600)] * 50)
    assert (told["recorded"], told["plain"]) == (1, 49)
    assert shelf.take("small") == 600


def test_what_was_much_used_long_ago_leaves_for_what_is_used_now() -> None:
    shelf = Shelf[int](1000)
    calls(shelf, [("old", 1000)] * 50)
    calls(shelf, [("new", 1000)] * 60)
    assert (shelf.take("old"), shelf.take("new")) == (None, 1000)


def test_the_budget_is_kept_and_so_is_the_number_of_things() -> None:
    shelf = Shelf[int](6400)
    draw = random.Random(3)
    for _ in range(5000):
        name = draw.randrange(200)
        call(shelf, f"shape {name}", 1 + 7 * (name % 90))
        assert shelf.held_bytes <= 6400
        assert len(shelf) <= MOST_KEPT
    assert len(shelf) > 1


def test_while_it_opens_what_is_there_is_not_replaced() -> None:
    shelf = Shelf[int](1000)
    with shelf.opening():
        told = [call(shelf, key, size) for key, size in (("a", 600), ("b", 600), ("c", 100), ("a", 600))]
    assert told == ["recorded", "recorded", "plain", "replayed"]  # b was too large to be kept; the room counts as full
    assert (shelf.take("a"), shelf.take("b")) == (600, None)


def test_memory_that_ran_out_halves_what_is_kept_until_nothing_is_left() -> None:
    shelf = Shelf[int](1000)
    with shelf.opening():
        calls(shelf, [("a", 300), ("b", 300), ("c", 300)])
    assert shelf.shrink()
    assert shelf.held_bytes == 300
    assert shelf.shrink()
    assert not shelf.shrink()
    assert len(shelf) == 0


def test_a_mixed_day_records_each_shape_a_few_times_at_most_and_replays_most_calls() -> None:
    """Passes of one to eight pictures in ten sizes, some far more often than others, four steps each."""
    sizes = {(count, number): count * (5 if number < 5 else 40) for count in range(1, 9) for number in range(10)}
    draw = random.Random(11)
    passes = draw.choices(list(sizes), weights=[1 / (1 + place) for place in range(len(sizes))], k=1500)
    shelf = Shelf[int](sum(sizes.values()) // 4)
    with shelf.opening():
        calls(shelf, [(str((1, number)), sizes[1, number]) for number in range(10)])
    told, recordings = Counter[str](), Counter[str]()
    for shape in passes:
        for _ in range(4):
            said = call(shelf, str(shape), sizes[shape])
            told[said] += 1
            recordings[str(shape)] += said == "recorded"
    assert told["recorded"] < 2 * len(sizes)
    assert told["replayed"] > 0.6 * told.total()
