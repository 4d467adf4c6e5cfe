"""Free words, English and Chinese, by rules alone."""

from __future__ import annotations

import json

import pytest

from inference.scene import SceneForm, compile_scene
from inference.scene.parsing import ParsedPrompt, parse_prompt
from inference.scene.planner import instruction, read_words

ENGLISH = (
    "A red ceramic mug on a wooden table next to two ripe lemons, with a lit candle behind it and a stack of old books "
    "to the left of the candle, a white vase with dried flowers in the background, a small silver spoon in front of "
    "the mug, a folded linen towel under the spoon. Soft window light from the left, 85 mm lens, calm mood, empty "
    "space on the right"
)
CHINESE = (
    "红色的陶瓷杯放在木质桌面上，旁边有两个新鲜的柠檬，后面是一盏复古台灯，左边放着一摞旧书，白色花瓶在台灯的右边，"
    "杯子前面有一把小银勺，窗台上摆着一盆绿植。左侧窗光，85mm镜头，宁静氛围，右侧留白"
)


def labels(parsed: ParsedPrompt) -> list[str]:
    return [one.label for one in parsed.graph.objects]


def said(parsed: ParsedPrompt) -> set[tuple[str, str, str]]:
    names = {one.id: one.label for one in parsed.graph.objects}
    return {(names[one.subject], one.relation, names[one.object]) for one in parsed.graph.relations}


def test_an_english_scene_of_nine_objects() -> None:
    parsed = parse_prompt(ENGLISH, "mug")
    assert labels(parsed) == [
        "mug",
        "wooden table",
        "ripe lemons",
        "lit candle",
        "stack of old books",
        "white vase",
        "dried flowers",
        "small silver spoon",
        "folded linen towel",
    ]
    assert said(parsed) == {
        ("mug", "on", "wooden table"),
        ("mug", "beside", "ripe lemons"),
        ("lit candle", "behind", "mug"),
        ("stack of old books", "left of", "lit candle"),
        ("dried flowers", "near", "white vase"),
        ("small silver spoon", "in front of", "mug"),
        ("folded linen towel", "under", "small silver spoon"),
    }
    attributes = {one.label: one.attributes for one in parsed.graph.objects}
    assert attributes["ripe lemons"] == ("two", "ripe")
    assert attributes["small silver spoon"] == ("small", "silver")
    assert parsed.ground == {"wooden-table-0"}
    assert parsed.copy_space == "right"
    assert parsed.graph.light.comes_from == "left"


def test_a_chinese_scene_of_nine_objects() -> None:
    parsed = parse_prompt(CHINESE, "陶瓷杯")
    assert labels(parsed) == [
        "陶瓷杯",
        "木质桌面",
        "新鲜的柠檬",
        "复古台灯",
        "旧书",
        "白色花瓶",
        "小银勺",
        "绿植",
        "窗台",
    ]
    assert said(parsed) == {
        ("陶瓷杯", "on", "木质桌面"),
        ("新鲜的柠檬", "beside", "陶瓷杯"),
        ("复古台灯", "behind", "陶瓷杯"),
        ("旧书", "left of", "陶瓷杯"),
        ("白色花瓶", "right of", "复古台灯"),
        ("小银勺", "in front of", "陶瓷杯"),
        ("绿植", "on", "窗台"),
    }
    attributes = {one.label: one.attributes for one in parsed.graph.objects}
    assert attributes["新鲜的柠檬"] == ("两个", "新鲜")
    assert parsed.copy_space == "right"
    assert parsed.graph.light.comes_from == "left"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a vase behind the bottle", ("vase", "behind", "bottle")),
        ("behind it a green fern", ("green fern", "behind", "bottle")),
        ("beside the bottle is a glass bowl of ice", ("glass bowl of ice", "beside", "bottle")),
        ("the product standing on a marble counter", ("bottle", "on", "marble counter")),
        ("a copper pan hanging over it", ("copper pan", "above", "bottle")),
        ("orange slices near the product", ("orange slices", "near", "bottle")),
        ("photo of a bottle next to a cup", ("bottle", "beside", "cup")),
        ("a ribbon under it", ("ribbon", "under", "bottle")),
        ("a folded napkin on the right", ("folded napkin", "right of", "bottle")),
        ("on the left side a candle", ("candle", "left of", "bottle")),
        ("lemons on the right of a bowl", ("lemons", "right of", "bowl")),
    ],
)
def test_ways_to_say_a_relation(text: str, expected: tuple[str, str, str]) -> None:
    assert expected in said(parse_prompt(text, "bottle"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a bottle with a lit candle behind it", {("lit candle", "behind", "bottle")}),
        ("a bottle with a candle", {("candle", "near", "bottle")}),
        ("a candle near the bottle, the candle behind the bottle", {("candle", "behind", "bottle")}),
        ("a candle behind the bottle, the candle near the bottle", {("candle", "behind", "bottle")}),
        ("a candle behind the bottle, the candle left of the bottle", {("candle", "behind", "bottle")}),
        (
            "a bottle with a fern behind it and two lemons in front of it",
            {("fern", "behind", "bottle"), ("lemons", "in front of", "bottle")},
        ),
    ],
)
def test_a_precise_relation_wins_over_a_vague_one(text: str, expected: set[tuple[str, str, str]]) -> None:
    assert said(parse_prompt(text, "bottle")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("大理石台面上的香水瓶", ("香水瓶", "on", "大理石台面")),
        ("一束鲜花在香水瓶后面", ("鲜花", "behind", "香水瓶")),
        ("右侧有几颗鹅卵石", ("鹅卵石", "right of", "香水瓶")),
        ("香水瓶旁边放着一个礼盒", ("礼盒", "beside", "香水瓶")),
        ("周围散落着咖啡豆", ("咖啡豆", "near", "香水瓶")),
        ("丝绸铺在它下面", ("丝绸", "under", "香水瓶")),
    ],
)
def test_ways_to_say_a_relation_in_chinese(text: str, expected: tuple[str, str, str]) -> None:
    assert expected in said(parse_prompt(text, "香水瓶"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "!!!",
        "minimal style, 4k",
        "soft light",
        "宁静氛围",
        "and and of the",
        "在的上",
        "a" * 600,
        "on on on",
    ],
)
def test_what_is_not_understood_does_no_harm(text: str) -> None:
    assert parse_prompt(text, "bottle").graph.product is not None


def test_there_are_never_more_objects_than_a_graph_takes() -> None:
    words = "a cup, a plate, a bowl, a spoon, a fork, a knife, a lamp, a book, a pen, a key, a coin, a ring, a box, "
    assert (
        len(parse_prompt(words * 2 + "a hat, a shoe, a glove, a scarf, a belt, a coat", "bottle").graph.objects) == 16
    )


def test_every_phrase_of_a_layout_stands_in_the_prompt() -> None:
    for text, label in ((ENGLISH, "mug"), (CHINESE, "陶瓷杯")):
        scene = compile_scene(SceneForm(words=text, props=("candle",), surface="oak"), label)
        assert len(scene.layout) >= 7
        assert all(one.phrase.lower() in scene.prompt.lower() for one in scene.layout)


def test_what_was_chosen_wins_over_what_was_written() -> None:
    form = SceneForm(surface="oak", light="window_right", copy_space="top", words="on marble, light from the left")
    scene = compile_scene(form, "bottle")
    assert [one.label for one in scene.graph.objects] == ["bottle", "oak table"]
    assert scene.graph.light.comes_from == "right"
    assert scene.copy_space == "top"


class Model:
    """Answers what it was made with, and counts."""

    name = "said"

    def __init__(self, *answers: str) -> None:
        self.answers, self.asked = list(answers), []  # type: ignore[var-annotated]

    def complete(self, instruction: str, *, most_tokens: int) -> str:
        self.asked.append(instruction)
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


def valid_answer() -> str:
    graph = parse_prompt("a blue fox left of the bottle", "bottle").graph.to_json()
    return f"Here it is:\n```json\n{json.dumps(graph)}\n```"


def test_a_language_model_is_held_to_the_same_schema() -> None:
    model = Model("no idea", valid_answer())
    text = "somewhere there is a blue fox"
    parsed = read_words(text, "glass bottle", model=model)
    assert labels(parsed) == ["glass bottle", "blue fox"]
    assert len(model.asked) == 2
    assert model.asked[0] == instruction(text, "glass bottle")
    assert text in model.asked[0]


@pytest.mark.parametrize("answer", ["", "{}", "[1]", '{"objects": 3}', "{" * 3000, valid_answer()])
def test_a_model_that_answers_nonsense_leaves_it_to_the_rules(answer: str) -> None:
    parsed = read_words("a vase behind the bottle", "bottle", model=Model(answer))
    assert parsed == parse_prompt("a vase behind the bottle", "bottle")
