"""Files that must not become assets as they are, or must become harmless ones. Each is built here, none is stored.

``BAD`` maps a name to (build, code): the code that ingest has to give, or None where the file is taken and cleaned.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

from tests.unit.assets.pictures import chunk, gradient, saved

Build = Callable[[], bytes]
PNG_HEAD = b"\x89PNG\r\n\x1a\n"


def png(
    width: int, height: int, *, depth: int = 8, colour: int = 2, rows: bytes | None = None, extra: bytes = b""
) -> bytes:
    """A PNG whose header says what it likes. ``rows`` are the raw scan lines, none where the header is a lie."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = zlib.compress(rows if rows is not None else b"\0" * 100)
    return PNG_HEAD + chunk(b"IHDR", header) + extra + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def png_rows(width: int, height: int) -> bytes:
    return (b"\0" + b"\x30\x60\x90" * width) * height


def jpeg_with_size(width: int, height: int) -> bytes:
    """A JPEG whose frame header claims another size."""
    data = bytearray(saved(gradient(), "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def bmp_with_size(width: int, height: int, *, depth: int = 24, compression: int = 0) -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, depth, compression, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + 100, 0, 0, 54) + info + b"\0" * 100


def tiff(tags: dict[int, tuple[int, int, int]], body: bytes = b"") -> bytes:
    """A little-endian TIFF with one directory of (type, count, value) entries, ``body`` right behind it."""
    entries = b"".join(struct.pack("<HHII", tag, *entry) for tag, entry in sorted(tags.items()))
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(tags)) + entries + b"\0\0\0\0" + body


def tiff_header(width: int, height: int, **changes: tuple[int, int, int]) -> dict[int, tuple[int, int, int]]:
    tags = {
        256: (4, 1, width),
        257: (4, 1, height),
        258: (3, 1, 8),
        259: (3, 1, 1),
        262: (3, 1, 1),
        273: (4, 1, 8),
        277: (3, 1, 1),
        278: (4, 1, height),
        279: (4, 1, width * height & 0xFFFFFFFF),
    }
    tags.update({int(key[1:]): value for key, value in changes.items()})
    return tags


def webp_canvas(width: int, height: int) -> bytes:
    """An extended WebP that claims a canvas and holds a small picture."""
    inner = saved(gradient(), "WEBP", lossless=True)[12:]
    size = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    body = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + size + inner
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_lossless(width: int, height: int) -> bytes:
    bits = (width - 1) | (height - 1) << 14
    inner = b"\x2f" + struct.pack("<I", bits) + b"\0" * 200
    body = b"WEBPVP8L" + struct.pack("<I", len(inner)) + inner
    return b"RIFF" + struct.pack("<I", len(body)) + body + b"\0" * (len(inner) % 2)


def avif_with_size(width: int, height: int) -> bytes:
    data = bytearray(saved(gradient(), "AVIF"))
    at = data.index(b"ispe")
    data[at + 8 : at + 16] = struct.pack(">II", width, height)
    return bytes(data)


def cut(file_format: str, share: float, **options: object) -> Build:
    def build() -> bytes:
        rng = np.random.default_rng(5)
        noise = Image.fromarray(rng.integers(0, 255, (96, 128, 3), dtype=np.uint8), "RGB")
        data = saved(noise, file_format, **options)
        return data[: int(len(data) * share)]

    return build


def frames(file_format: str) -> Build:
    more = [gradient().rotate(angle) for angle in (90, 180)]
    return lambda: saved(gradient(), file_format, save_all=True, append_images=more, duration=80)


def pages() -> bytes:
    return saved(gradient(), "TIFF", save_all=True, append_images=[gradient().rotate(90)])


def archive(name: str = "photo.jpg") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as zipped:
        zipped.writestr(name, saved(gradient(), "JPEG"))
    return out.getvalue()


def with_text_bomb(kind: bytes) -> Build:
    """200 MB of zeros, compressed to 200 kB, where a PNG keeps texts or its colour profile."""

    def build() -> bytes:
        squeezed = zlib.compress(b"\0" * 200_000_000, 9)
        head = {b"zTXt": b"Comment\0\0", b"iCCP": b"icc\0\0", b"iTXt": b"Comment\0\1\0\0\0"}[kind]
        return png(96, 72, rows=png_rows(96, 72), extra=chunk(kind, head + squeezed))

    return build


def too_much_data() -> bytes:
    """The header says 96 x 72, the compressed stream goes on for 300 MB."""
    return png(96, 72, rows=b"\0" * 300_000_000)


def looping_tiff() -> bytes:
    data = bytearray(tiff(tiff_header(96, 72), b"\x80" * 96 * 72))
    at = 8 + 2 + 9 * 12
    data[at : at + 4] = struct.pack("<I", 8)
    return bytes(data)


def heic() -> bytes:
    return struct.pack(">I", 24) + b"ftypheic\0\0\0\0mif1heic" + b"\0" * 200


def svg(inner: str = "") -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="200" height="200">{inner}</svg>'.encode()


ENTITIES = (
    b"""<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg><text>&a;</text></svg>"""
)
LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><svg>&b;</svg>"""
HTML = b"<!DOCTYPE html><html><body><script>alert(document.cookie)</script></body></html>"
MINI_PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
OTHER_MP4 = struct.pack(">I", 24) + b"ftypisom\0\0\2\0isommp41" + b"\0" * 100
UNUSUAL: dict[str, bytes] = {
    "executable": b"\x7fELF\2\1\1" + b"\0" * 200,
    "windows program": b"MZ\x90\0" + b"\0" * 200,
    "script": b"#!/bin/sh\nrm -rf /\n",
    "php": b"<?php system($_GET['c']); ?>",
    "plain text": "Ein schöner Schuh".encode(),
    "json": b'{"photo": "boot.jpg"}',
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n(hi) show\n",
    "icon": b"\0\0\1\0\1\0\x10\x10\0\0\1\0\x20\0" + b"\0" * 100,
    "jpeg 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0" * 100,
    "jpeg xl": b"\xff\x0a" + b"\0" * 100,
    "netpbm": b"P6\n96 72\n255\n" + b"\0" * 96 * 72 * 3,
    "tga": b"\0\0\2" + b"\0" * 9 + struct.pack("<HH", 96, 72) + b"\x18\0" + b"\0" * 300,
    "flexible image transport": b"SIMPLE  =                    T" + b" " * 100,
    "one byte": b"\xff",
    "only zeros": b"\0" * 5000,
    "magick script": b"push graphic-context\nviewbox 0 0 640 480\nfill 'url(https://example.com/x.jpg\"|ls\")'\n",
}

BAD: dict[str, tuple[Build, str | None]] = {
    # ---- not pictures at all
    "nothing": (lambda: b"", "assets.empty"),
    **{name: ((lambda data=data: data), "assets.unknown_type") for name, data in UNUSUAL.items()},
    "gif": (lambda: saved(gradient(), "GIF"), "assets.gif"),
    "moving gif": (frames("GIF"), "assets.gif"),
    "gif with html behind": (lambda: saved(gradient(), "GIF") + HTML, "assets.gif"),
    "svg": (svg, "assets.svg"),
    "svg with a script": (lambda: svg("<script>alert(1)</script>"), "assets.svg"),
    "svg that fetches": (lambda: svg('<image href="http://169.254.169.254/latest/"/>'), "assets.svg"),
    "svg with entities": (lambda: ENTITIES, "assets.svg"),
    "svg of a billion laughs": (lambda: LAUGHS, "assets.svg"),
    "svg behind spaces": (lambda: b"\xef\xbb\xbf  \n" + svg(), "assets.svg"),
    "html": (lambda: HTML, "assets.web_page"),
    "html in capitals": (lambda: HTML.upper(), "assets.web_page"),
    "pdf": (lambda: MINI_PDF, "assets.pdf"),
    "zip": (archive, "assets.archive"),
    "gzip": (lambda: b"\x1f\x8b\x08" + b"\0" * 50, "assets.archive"),
    "rar": (lambda: b"Rar!\x1a\x07\0" + b"\0" * 50, "assets.archive"),
    "seven zip": (lambda: b"7z\xbc\xaf\x27\x1c" + b"\0" * 50, "assets.archive"),
    "mp4": (lambda: OTHER_MP4, "assets.video"),
    "matroska": (lambda: b"\x1a\x45\xdf\xa3" + b"\0" * 80, "assets.video"),
    "wave sound": (lambda: b"RIFF\x24\0\0\0WAVEfmt " + b"\0" * 80, "assets.video"),
    "photoshop": (lambda: b"8BPS\0\1" + b"\0" * 80, "assets.layered"),
    "gimp": (lambda: b"gimp xcf v011\0" + b"\0" * 80, "assets.layered"),
    "canon raw": (lambda: b"II*\0\x10\0\0\0CR\2\0" + b"\0" * 80, "assets.raw"),
    "fuji raw": (lambda: b"FUJIFILMCCD-RAW 0201" + b"\0" * 80, "assets.raw"),
    "dng": (lambda: tiff(tiff_header(96, 72, t50706=(1, 4, 0x401)), b"\0" * 96 * 72), "assets.raw"),
    "raw whose first picture is a thumbnail": (
        lambda: tiff(tiff_header(96, 72, t254=(4, 1, 1)), b"\0" * 96 * 72),
        "assets.raw",
    ),
    "heic without the extra": (heic, "assets.heic"),
    # ---- moving and many-paged
    "moving png": (frames("PNG"), "assets.animated"),
    "moving webp": (frames("WEBP"), "assets.animated"),
    "moving avif": (frames("AVIF"), "assets.animated"),
    "tiff with two pages": (pages, "assets.many_pages"),
    "tiff that loops": (looping_tiff, None),
    # ---- sizes
    "png of one pixel": (lambda: saved(Image.new("RGB", (1, 1)), "PNG"), "assets.too_small"),
    "20 x 20": (lambda: saved(gradient(size=(20, 20)), "JPEG"), "assets.too_small"),
    "a thread": (lambda: saved(Image.new("RGB", (3000, 12)), "PNG"), "assets.too_small"),
    "png of no pixels": (lambda: png(0, 0), "assets.damaged"),
    "png header of 60000 x 60000": (lambda: png(60_000, 60_000), "assets.too_many_pixels"),
    "png header of two thousand million": (lambda: png(2**31 - 1, 2**31 - 1), "assets.too_many_pixels"),
    "jpeg header of 65000 x 65000": (lambda: jpeg_with_size(65_000, 65_000), "assets.too_many_pixels"),
    "bmp header of 100000 x 100000": (lambda: bmp_with_size(100_000, 100_000), "assets.too_many_pixels"),
    "bmp upside down and endless": (lambda: bmp_with_size(100_000, -100_000), "assets.too_many_pixels"),
    "webp canvas of 16000 x 16000": (lambda: webp_canvas(16_000, 16_000), "assets.damaged"),
    "lossless webp header of 16000 x 16000": (lambda: webp_lossless(16_000, 16_000), "assets.damaged"),
    "tiff header of 50000 x 50000": (lambda: tiff(tiff_header(50_000, 50_000)), "assets.too_many_pixels"),
    "avif header of 60000 x 60000": (lambda: avif_with_size(60_000, 60_000), "assets.damaged"),
    "one line of 700000 pixels": (lambda: png(700_000, 64), "assets.too_long"),
    # ---- lies and damage
    "png header of 49 megapixels and nothing behind": (lambda: png(7_000, 7_000), "assets.damaged"),
    # libjpeg fills what is missing before a proper end with grey; the result is useless and harmless
    "jpeg header of 49 megapixels and nothing behind": (lambda: jpeg_with_size(7_000, 7_000), None),
    "tiff header of 49 megapixels and nothing behind": (lambda: tiff(tiff_header(7_000, 7_000)), "assets.damaged"),
    "bmp header of 49 megapixels and nothing behind": (lambda: bmp_with_size(7_000, 7_000), "assets.damaged"),
    "half a jpeg": (cut("JPEG", 0.5), "assets.damaged"),
    "nearly a jpeg": (cut("JPEG", 0.97), "assets.damaged"),
    "half a progressive jpeg": (cut("JPEG", 0.5, progressive=True), "assets.damaged"),
    "half a png": (cut("PNG", 0.5), "assets.damaged"),
    "half a webp": (cut("WEBP", 0.5), "assets.damaged"),
    "half a lossless webp": (cut("WEBP", 0.5, lossless=True), "assets.damaged"),
    "half an avif": (cut("AVIF", 0.5), "assets.damaged"),
    "half a bmp": (cut("BMP", 0.5), "assets.damaged"),
    "half a tiff": (cut("TIFF", 0.5), "assets.damaged"),
    "half a packed tiff": (cut("TIFF", 0.6, compression="tiff_lzw"), "assets.damaged"),
    "only the first bytes of a jpeg": (lambda: b"\xff\xd8\xff\xe0", "assets.damaged"),
    "only the first bytes of a png": (lambda: PNG_HEAD, "assets.damaged"),
    "only the first bytes of a tiff": (lambda: b"II*\0\x08\0\0\0", "assets.damaged"),
    "png with a wrong checksum": (
        lambda: saved(gradient(), "PNG").replace(b"IDAT", b"IDAT\0", 1),
        "assets.damaged",
    ),
    "jpeg of noise": (lambda: b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40, "assets.damaged"),
    "webp of noise": (lambda: b"RIFF\0\1\0\0WEBPVP8 " + bytes(range(256)), "assets.damaged"),
    "png called palette without one": (lambda: png(96, 72, colour=3, rows=b"\0" * 97 * 72), None),
    "floating-point tiff": (
        lambda: saved(Image.fromarray(np.linspace(0, 1, 96 * 72, dtype=np.float32).reshape(72, 96)), "TIFF"),
        "assets.deep_pixels",
    ),
    "32-bit tiff": (lambda: saved(Image.new("I", (96, 72), 70_000), "TIFF"), "assets.deep_pixels"),
    # ---- bombs
    "png with a text bomb": (with_text_bomb(b"zTXt"), "assets.damaged"),
    "png with an international text bomb": (with_text_bomb(b"iTXt"), "assets.damaged"),
    "png with a profile bomb": (with_text_bomb(b"iCCP"), "assets.damaged"),
    "png with 300 MB behind its rows": (too_much_data, None),
    # ---- two things at once: taken as the picture they are, cleaned of the rest
    "jpeg with a zip behind": (lambda: saved(gradient(), "JPEG") + archive(), None),
    "jpeg with html behind": (lambda: saved(gradient(), "JPEG") + HTML, None),
    "jpeg with html in a comment": (lambda: saved(gradient(), "JPEG", comment=HTML), None),
    "jpeg with php in exif": (lambda: saved(gradient(), "JPEG", comment=b"<?php system('id'); ?>"), None),
    "png with a program behind": (lambda: saved(gradient(), "PNG") + b"MZ\x90\0" * 50, None),
    "png with html in a text": (
        lambda: png(96, 72, rows=png_rows(96, 72), extra=chunk(b"tEXt", b"Comment\0" + HTML)),
        None,
    ),
    "bmp with a pdf behind": (lambda: saved(gradient(), "BMP") + MINI_PDF, None),
    "webp with a zip behind": (lambda: saved(gradient(), "WEBP") + archive(), None),
    "tiff with html behind": (lambda: saved(gradient(), "TIFF") + HTML, None),
    "pdf with a jpeg inside": (lambda: MINI_PDF + saved(gradient(), "JPEG"), "assets.pdf"),
    "html with a jpeg inside": (lambda: HTML + saved(gradient(), "JPEG"), "assets.web_page"),
}
