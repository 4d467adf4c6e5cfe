"""Pictures of Studio between storage and arrays: decoded once in a worker, encoded once for storage.

Twelve shots of one product arrive at the same worker one after the other; decoding a 12-megapixel photo again for each
would cost more than composing the shot, and so would decoding it for each box that somebody draws on it. The cache
holds a few decoded pictures, by content hash.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

from apps.assets.types import Picture

if TYPE_CHECKING:
    from inference.types import U8

MOST_PICTURES = 8
MOST_BYTES = 256 * 2**20
"""Six photos of 12 megapixels, or one of 50: the last one stays whatever it takes."""

WEBP_QUALITY = 88
WEBP_METHOD, WEBP_METHOD_WITH_ALPHA = 2, 0


Thing = TypeVar("Thing")


class Recent(Generic[Thing]):
    """The last few things that this process made, by key. They are shared: treat them as read-only."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._things: OrderedDict[str, Thing] = OrderedDict()
        self._lock = Lock()

    def get_or_make(self, key: str, make: Callable[[], Thing]) -> Thing:
        """What ``key`` stands for; ``make`` makes it when it is not here yet."""
        with self._lock:
            if key in self._things:
                self._things.move_to_end(key)
                return self._things[key]
        thing = make()
        with self._lock:
            self._things[key] = thing
            while len(self._things) > 1 and self._is_too_much():
                self._things.popitem(last=False)
        return thing

    def _is_too_much(self) -> bool:
        return len(self._things) > self._most


class PictureCache(Recent["U8"]):
    """The last few decoded pictures of this process."""

    def __init__(self, most: int = MOST_PICTURES, *, most_bytes: int = MOST_BYTES) -> None:
        super().__init__(most)
        self._most_bytes = most_bytes

    def get(self, sha256: str, read: Callable[[], bytes]) -> U8:
        """The picture with this content hash; ``read`` fetches its bytes when it is not here yet."""
        return self.get_or_make(sha256, lambda: decode(read()))

    def get_or_make(self, key: str, make: Callable[[], U8]) -> U8:
        """The picture that ``key`` stands for; nobody can write to it."""
        return super().get_or_make(key, lambda: frozen(make()))

    def _is_too_much(self) -> bool:
        return super()._is_too_much() or sum(picture.nbytes for picture in self._things.values()) > self._most_bytes


def frozen(picture: U8) -> U8:
    """The same picture in memory of its own order, which nobody can write to."""
    import numpy as np

    whole = np.ascontiguousarray(picture)
    if whole.base is not None:
        whole = whole.copy()
    whole.setflags(write=False)
    return whole


def decode(data: bytes) -> U8:
    """One of our own clean files as uint8 (H, W, 3) or (H, W, 4), sRGB."""
    import cv2
    import numpy as np

    stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if stored is None:
        raise ValueError("a stored picture can not be decoded")
    if stored.ndim == 2:
        stored = cv2.cvtColor(stored, cv2.COLOR_GRAY2RGB)
    elif stored.shape[2] == 4:
        stored = cv2.cvtColor(stored, cv2.COLOR_BGRA2RGBA)
    else:
        stored = cv2.cvtColor(stored, cv2.COLOR_BGR2RGB)
    return np.ascontiguousarray(stored, dtype=np.uint8)


def encode_png(picture: U8) -> bytes:
    """Lossless PNG of uint8 (H, W, 3) or (H, W, 4); level 1 is the fastest, for a few percent more bytes.

    Photographs have hardly any repetition for deflate to find: without looking for it they take half the time and a
    fifth less room. Cutouts have large clear parts: there it looks for runs of one byte, and for nothing else.
    """
    import cv2

    clear = picture.shape[2] == 4
    order = cv2.COLOR_RGBA2BGRA if clear else cv2.COLOR_RGB2BGR
    strategy = cv2.IMWRITE_PNG_STRATEGY_RLE if clear else cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY
    options = [cv2.IMWRITE_PNG_COMPRESSION, 1]
    options += [cv2.IMWRITE_PNG_STRATEGY, strategy, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP]
    done, data = cv2.imencode(".png", cv2.cvtColor(picture, order), options)
    if not done:
        raise ValueError("a picture could not be encoded")
    return bytes(data)


def encode_webp(picture: U8, *, width: int) -> Picture:
    """A small WebP for pages, from uint8 (H, W, 3) or (H, W, 4); never larger than the picture itself.

    Pillow's, because OpenCV's knows only the slowest but one of its methods, which takes twice as long. Somebody waits
    for pictures with alpha, cutouts, which take three times as long as others: they are written a fifth larger in half
    the time.
    """
    import numpy as np
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(picture))
    scale = min(1.0, width / image.width)
    if scale < 1:  # Pillow weighs the colours of half transparent pixels by their alpha
        image = image.resize((round(image.width * scale), max(1, round(image.height * scale))), Image.Resampling.BOX)
    file = io.BytesIO()
    method = WEBP_METHOD if image.mode == "RGB" else WEBP_METHOD_WITH_ALPHA
    image.save(file, "WEBP", quality=WEBP_QUALITY, method=method)
    return Picture(data=file.getvalue(), content_type="image/webp", width=image.width, height=image.height)


shared = PictureCache()
