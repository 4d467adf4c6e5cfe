"""What a product is, as far as that decides how large it stands in a picture; and a guess from its name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from apps.studio import catalogue
from apps.studio.models import Product
from inference.pipelines.catalogue import KindInfo, list_kinds

SMALLEST_SIZE, LARGEST_SIZE = 0.5, 1.6

# Words that say what a thing is, in the languages of the interface; the last one in a name counts ("watch box").
WORDS: dict[str, str] = {
    "jewellery": (
        "jewellery jewelry ring earring earrings necklace bracelet pendant brooch 戒指 耳环 耳钉 项链 手链 吊坠 胸针"
    ),
    "watch": ("watch wristwatch smartwatch 手表 腕表"),
    "cosmetics": (
        "lotion cream serum oil perfume cologne lipstick shampoo soap dropper mascara "
        "乳液 面霜 精华 香水 口红 洗发水 香皂"
    ),
    "food": (
        "coffee tea chocolate honey jam snack biscuit cookie sauce wine beer 咖啡 茶 巧克力 蜂蜜 果酱 零食 饼干 酒"
    ),
    "bottle": ("bottle jar can flask tin thermos 瓶 瓶子 罐 罐子 水壶"),
    "electronics": (
        "phone camera speaker headphones headphone earbuds laptop keyboard mouse charger "
        "手机 相机 音箱 耳机 键盘 鼠标 充电器"
    ),
    "toy": ("toy robot car bear plush plushie doll puzzle teddy 玩具 机器人 毛绒 娃娃 积木"),
    "shoe": (
        "shoe shoes sneaker sneakers boot boots sandal sandals slipper slippers heels 鞋 运动鞋 靴 凉鞋 拖鞋 高跟鞋"
    ),
    "homeware": (
        "mug cup vase lamp candle bowl plate pot pan teapot kettle cushion basket "
        "杯 马克杯 花瓶 台灯 蜡烛 碗 盘 锅 茶壶 抱枕 篮"
    ),
    "bag": ("bag handbag backpack tote suitcase briefcase wallet purse rucksack 包 手提包 背包 托特包 行李箱 钱包"),
    "furniture": ("chair armchair sofa table desk stool shelf bench cabinet bed 椅 椅子 沙发 桌 桌子 凳 书架 柜 床"),
}
_HAN = re.compile(r"[\u4e00-\u9fff]")


@lru_cache(maxsize=1)
def kinds() -> dict[str, KindInfo]:
    """By name, small to large."""
    return {kind.name: kind for kind in list_kinds()}


@lru_cache(maxsize=1)
def _words() -> dict[str, str]:
    return {word: kind for kind, words in WORDS.items() for word in words.split()}


def guess_kind(name: str) -> str:
    """The kind that a product's name speaks of; empty where it says nothing.

    Chinese names are not split by spaces: there the word that ends last counts, the longest of those.
    """
    latin = [_words()[word] for word in re.findall(r"[a-z]+", name.lower()) if word in _words()]
    if latin:
        return latin[-1]
    found = [(name.rfind(word) + len(word), len(word), kind) for word, kind in _words().items() if _is_in(word, name)]
    return max(found)[2] if found else ""


def _is_in(word: str, name: str) -> bool:
    return bool(_HAN.search(word)) and word in name


def scale_of(product: Product) -> float:
    """``ShotSpec.scale`` for this product: its kind's, times its own size."""
    usual = kinds()[product.kind].scale if product.kind in kinds() else 1.0
    return round(usual * product.size, 4)


@dataclass(frozen=True)
class Offer:
    name: str
    title: str


def offered() -> list[Offer]:
    """The kinds in the reader's language."""
    return [Offer(kind.name, catalogue.title(kind.titles)) for kind in kinds().values()]
