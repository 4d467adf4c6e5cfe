"""What is refused, and what must not be: shops describe nude lipsticks, baby shampoo and cured ham every day."""

from __future__ import annotations

import logging

import pytest

from inference.errors import InputRejected
from inference.scene import check_prompt, find_refusal, policy_version
from inference.scene.policy import categories

REFUSED = {
    "sexual": [
        "a naked woman with a perfume",
        "NUDE model",
        "nu\u200bde model",
        "ｎａｋｅｄ man",
        "性感模特",
        "裸体雕塑旁的香水",
    ],
    "minors": [
        "two kids playing with it",
        "a little girl in a garden",
        "a schoolgirl",
        "一个小女孩拿着杯子",
        "儿童在沙发上",
    ],
    "violence": ["a bloody knife on a table", "a corpse", "血腥的场景", "a gun pointed at the bottle"],
    "hate": ["a swastika on the wall", "纳粹标志"],
    "illegal_goods": ["lines of cocaine", "a replica rolex", "fake passport", "一把突击步枪", "高仿包"],
    "real_people": [
        "held by Taylor Swift",
        "looks like the actor",
        "endorsed by doctors",
        "马斯克手里的杯子",
        "明星手持",
    ],
    "trademarks": [
        "next to a Starbucks cup",
        "with the Apple logo",
        "Mickey Mouse behind it",
        "耐克鞋",
        "旁边放着可口可乐",
    ],
    "medical_claims": ["clinically proven cream", "cures acne", "FDA-approved pills", "包治百病", "lose 10 kg"],
    "deception": ["a five-star rating badge", "with an award-winning seal", "贴着有机认证标志"],
}
ALLOWED = [
    "a nude lipstick on marble",
    "soft nude tones",
    "naked oats in a bowl",
    "baby shampoo beside folded towels",
    "kids' toys on a shelf in a child's room",
    "a wooden chair for children",
    "baby's breath in a vase",
    "blood orange juice in the sun",
    "a shooting star pattern, killer sound, bomb proof case",
    "gun metal grey kettle",
    "virgin olive oil",
    "salt-cured ham and cured egg yolks",
    "a manicure set",
    "resin that cures within minutes",
    "ivory linen",
    "phone case compatible with Apple iPhone",
    "apple juice and apple blossom",
    "tiffany blue backdrop",
    "a heroine of a novel on the cover of a book",
    "Sussex, Essex and Scunthorpe",
    "a cocktail glass, a rooster, a canal",
    "裸色口红放在大理石上",
    "治愈系香薰，原木桌面",
    "宝宝霜和毛巾",
    "儿童椅，木地板",
    "明星单品，柔和窗光",
    "适用于苹果手机的手机壳",
    "a bottle on an oak table beside two lemons, soft window light from the left",
    "清晨厨房里的咖啡机，旁边一杯咖啡",
]


@pytest.mark.parametrize(("category", "text"), [(name, text) for name, texts in REFUSED.items() for text in texts])
def test_it_is_refused_with_its_category_and_a_reason(category: str, text: str) -> None:
    refusal = find_refusal(text)
    assert refusal is not None
    assert refusal.category == category
    assert refusal.reason.endswith(".")
    with pytest.raises(InputRejected) as caught:
        check_prompt(text)
    assert caught.value.code == f"prompt.{category}"
    assert caught.value.params == {"category": category, "policy": policy_version()}


@pytest.mark.parametrize("text", ALLOWED)
def test_everyday_product_words_pass(text: str) -> None:
    assert find_refusal(text) is None
    check_prompt(text)


def test_every_category_is_tried_here() -> None:
    assert set(REFUSED) == set(categories())


def test_what_is_allowed_does_not_carry_the_rest_through() -> None:
    assert find_refusal("a nude lipstick held by a nude woman") is not None


def test_a_refused_prompt_reaches_neither_message_nor_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(InputRejected) as caught:
        check_prompt("my secret idea with a naked zebra")
    assert "zebra" not in f"{caught.value.message}{caught.value.params}{caplog.text}"
