"""What a file says of its origin, and what it is worth; certificates."""

from __future__ import annotations

import datetime
import io
import json
import struct
import zlib
from pathlib import Path

import c2pa
import numpy as np
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image

from inference.errors import InputRejected
from inference.ops.certificate import (
    Identity,
    checked_identity,
    is_signature_of,
    make_identity,
    root_of,
    signature_of,
)
from inference.ops.credentials import FILLED_PADDING, PhotoFile, State, _read
from inference.ops.manifest_padding import has_filled_padding
from inference.ops.srgb_profile import srgb_icc
from inference.ops.xmp import COMPOSITE, COMPOSITE_SYNTHETIC, recipe_hash_in, source_type_in, xmp_packet
from inference.pipelines.label import label_shot, scene_source_type
from inference.pipelines.provenance import examine_file

RECIPE = {
    "schema": 1,
    "kind": "product_shot",
    "engine": {"name": "studio_sets", "revision": 1},
    "spec": {"set_name": "plinth", "seed": 3},
    "measures": {"product_scale": 0.5},
    "source": {"photo_sha256": "private"},
}


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 255, (120, 90, 3), dtype=np.uint8)


def labelled(picture: np.ndarray, identity: Identity, file_format: str = "png") -> bytes:
    master = io.BytesIO()
    Image.fromarray(picture).save(master, "PNG")
    return label_shot(
        master.getvalue(),
        RECIPE,
        file_format=file_format,
        name=f"a.{file_format}",
        identity=identity,
        photo=master.getvalue(),
        photo_type="image/png",
    )


@pytest.mark.parametrize("file_format", ["png", "jpeg", "webp"])
def test_a_labelled_shot_is_ours_and_tells_its_recipe(
    picture: np.ndarray, identity: Identity, file_format: str
) -> None:
    data = labelled(picture, identity, file_format)
    found = examine_file(data, trust_pem=root_of(identity.chain_pem))
    shown = Image.open(io.BytesIO(data))

    assert (found.verdict, found.source_type, found.file_format) == ("ours", "composite", file_format)
    assert found.recipe["recipe"]["spec"] == {"set_name": "plinth", "seed": 3}
    assert "source" not in found.recipe["recipe"]
    assert found.labelled_recipe_hash == found.recipe["recipe_hash"]
    assert shown.info["icc_profile"] == srgb_icc()


def test_the_photos_of_both_products_are_named(picture: np.ndarray, identity: Identity) -> None:
    files = [io.BytesIO(), io.BytesIO()]
    for file, pixels in zip(files, (picture, 255 - picture), strict=True):
        Image.fromarray(pixels).save(file, "PNG")
    first, second = (file.getvalue() for file in files)
    other = PhotoFile(second, "image/png")
    signed = {"file_format": "png", "name": "a.png", "identity": identity, "photo": first, "photo_type": "image/png"}
    for companion, titles in ((None, ["Original photo"]), (other, ["Original photo", "Photo of the second product"])):
        data = label_shot(first, RECIPE, **signed, companion=companion)
        store = json.loads(c2pa.Reader("image/png", io.BytesIO(data)).json())
        manifest = store["manifests"][store["active_manifest"]]
        assert [item["title"] for item in manifest["ingredients"]] == titles
        assert {item["relationship"] for item in manifest["ingredients"]} == {"componentOf"}
        actions = next(item for item in manifest["assertions"] if item["label"] == "c2pa.actions.v2")["data"]["actions"]
        placed = next(item for item in actions if item["action"] == "c2pa.placed")
        assert len(placed["parameters"]["ingredients"]) == len(titles)
        assert examine_file(data, trust_pem=root_of(identity.chain_pem)).verdict == "ours"


def test_a_labelled_png_keeps_every_pixel(picture: np.ndarray, identity: Identity) -> None:
    assert (np.asarray(Image.open(io.BytesIO(labelled(picture, identity)))) == picture).all()


def test_one_changed_byte_is_noticed(picture: np.ndarray, identity: Identity) -> None:
    data = bytearray(labelled(picture, identity, "jpeg"))
    data[-30] ^= 1
    found = examine_file(bytes(data), trust_pem=root_of(identity.chain_pem))
    assert found.verdict == "altered"
    assert found.failures == ("assertion.dataHash.mismatch",)


@pytest.mark.parametrize("file_format", ["jpeg", "png", "webp"])
def test_the_blank_room_beside_a_signature_must_stay_blank(
    picture: np.ndarray, identity: Identity, file_format: str
) -> None:
    """C2PA hashes it not, and a file with a message in it counts as whole elsewhere."""
    trust = root_of(identity.chain_pem)
    data = bytearray(labelled(picture, identity, file_format))
    assert examine_file(bytes(data), trust_pem=trust).verdict == "ours"
    room = data.index(b"cpad\x59") + 7
    assert not any(data[room : room + 500])
    data[room + 200 : room + 205] = b"hello"
    if file_format == "png":
        mend_checksum(data, b"caBX")
    found = examine_file(bytes(data), trust_pem=trust)
    assert (found.verdict, found.failures) == ("altered", (FILLED_PADDING,))


def mend_checksum(png: bytearray, kind: bytes) -> None:
    start = png.index(kind)
    (length,) = struct.unpack_from(">I", png, start - 4)
    struct.pack_into(">I", png, start + 4 + length, zlib.crc32(png[start : start + 4 + length]))


def test_a_large_manifest_is_spread_over_segments_and_its_padding_is_found(identity: Identity) -> None:
    body = b"c2pa.signature\0" + bytes(70_000) + b"c2pa.signature\0cpad\x59\x00\x10" + bytes(15)
    whole = [body[:64_000], body[64_000:]]

    def jpeg(last: bytes) -> bytes:
        parts = [whole[0], b"repeated" + whole[1] + last]
        marked = [b"JP\0\1" + struct.pack(">I", at + 1) + part for at, part in enumerate(parts)]
        segments = [b"\xff\xeb" + struct.pack(">H", len(part) + 2) + part for part in marked]
        return b"\xff\xd8" + b"".join(segments) + b"\xff\xda\0\2"

    assert not has_filled_padding(jpeg(b"\0"), is_jpeg=True)
    assert has_filled_padding(jpeg(b"!"), is_jpeg=True)
    assert not has_filled_padding(b"\xff\xd8\xff\xeb\xff", is_jpeg=True)


def test_a_file_of_ours_that_is_damaged_is_no_mystery(picture: np.ndarray, identity: Identity) -> None:
    trust = root_of(identity.chain_pem)
    cut = {name: labelled(picture, identity, name)[:-2000] for name in ("jpeg", "png")}
    verdicts = {name: examine_file(data, trust_pem=trust).verdict for name, data in cut.items()}
    assert verdicts == {"jpeg": "altered", "png": "stripped"}, "a PNG without its end is not searched for signatures"
    damaged = bytearray(labelled(picture, identity, "png"))
    damaged[damaged.index(b"iCCP") + 20] ^= 1  # its checksum does not fit any more: the picture does not open
    found = examine_file(bytes(damaged), trust_pem=trust)
    assert (found.verdict, found.width) == ("altered", 0)


def test_a_signed_manifest_may_hold_anything() -> None:
    """Whoever signed it wrote it: shapes that ours never have must not break whoever looks."""
    odd = {"label": "c2pa.actions.v2", "data": [1]}
    store = {"active_manifest": "a", "manifests": {"a": {"assertions": [odd, 7], "claim_generator_info": "x"}}}
    assert _read(store).source_type == ""
    assert _read({"active_manifest": "gone", "manifests": {}}).state == State.UNREADABLE
    assert _read({"manifests": [], "validation_results": 3}).state == State.UNREADABLE


def test_somebody_elses_signature_is_foreign_also_when_it_claims_our_name(
    picture: np.ndarray, identity: Identity
) -> None:
    stranger = make_identity("VisualForge")
    data = labelled(picture, stranger, "jpeg")
    assert examine_file(data, trust_pem=root_of(identity.chain_pem)).verdict == "foreign"
    forged = data[:-30] + bytes([data[-30] ^ 1]) + data[-29:]
    assert examine_file(forged, trust_pem=root_of(identity.chain_pem)).verdict == "foreign"


def test_a_file_without_signature_is_a_hint_at_most(picture: np.ndarray, identity: Identity) -> None:
    trust = root_of(identity.chain_pem)
    packet = xmp_packet(source_type=COMPOSITE, creator_tool="x", recipe_hash="a" * 64)
    for options, verdict in (({"xmp": packet}, "stripped"), ({}, "unknown")):
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "JPEG", **options)
        assert examine_file(file.getvalue(), trust_pem=trust).verdict == verdict


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"\x89PNG\r\n\x1a\n" + bytes(50), b"8BPS" + bytes(80), b"\xff\xd8\xff"]
)
def test_what_is_no_picture_is_unreadable(data: bytes, identity: Identity) -> None:
    assert examine_file(data, trust_pem=root_of(identity.chain_pem)).verdict == "unreadable"


def test_a_remote_manifest_is_never_fetched(picture: np.ndarray, identity: Identity) -> None:
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description rdf:about="" xmlns:dcterms="http://purl.org/dc/terms/"'
        b' dcterms:provenance="http://127.0.0.1:9/never"/></rdf:RDF></x:xmpmeta>'
    )
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", xmp=packet)
    assert examine_file(file.getvalue(), trust_pem=root_of(identity.chain_pem)).verdict == "unknown"


def test_the_iptc_term_follows_from_how_the_picture_was_made() -> None:
    assert scene_source_type(RECIPE) == COMPOSITE
    assert scene_source_type({"engine": {"name": "sefi"}}) == COMPOSITE_SYNTHETIC
    packet = xmp_packet(source_type=COMPOSITE_SYNTHETIC, creator_tool='a"<b>', recipe_hash="f" * 64)
    assert (source_type_in(packet), recipe_hash_in(packet)) == ("compositeSynthetic", "f" * 64)
    with pytest.raises(ValueError, match="none of"):
        xmp_packet(source_type="digitalCapture", creator_tool="a", recipe_hash="")


def test_a_signature_holds_for_its_text_and_its_certificate_only(identity: Identity) -> None:
    signature = signature_of(b"passed", identity)
    assert is_signature_of(b"passed", signature, identity.chain_pem)
    assert not is_signature_of(b"failed", signature, identity.chain_pem)
    assert not is_signature_of(b"passed", signature, make_identity().chain_pem)
    assert not is_signature_of(b"passed", "???", identity.chain_pem)


def test_a_supplied_certificate_is_checked_before_it_signs(identity: Identity, tmp_path: Path) -> None:
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    end = b"-----END CERTIFICATE-----\n"
    alone = identity.chain_pem.split(end)[0] + end
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=4000)

    def code(chain: bytes, key: bytes, now: datetime.datetime | None = None) -> str:
        with pytest.raises(InputRejected) as caught:
            checked_identity(chain, key, now=now)
        return caught.value.code

    assert checked_identity(identity.chain_pem, identity.key_pem) == identity
    assert code(identity.chain_pem, other) == "certificate.key_mismatch"
    assert code(alone, identity.key_pem) == "certificate.no_chain"
    assert code(b"nonsense", identity.key_pem) == "certificate.unreadable"
    assert code(identity.chain_pem, identity.key_pem, later) == "certificate.expired"


def test_a_photo_with_a_map_that_a_phone_appended_is_a_jpeg(picture: np.ndarray) -> None:
    photo = io.BytesIO()
    first, second = Image.fromarray(picture), Image.fromarray(picture[::2, ::2])
    first.save(photo, "MPO", save_all=True, append_images=[second])
    found = examine_file(photo.getvalue(), trust_pem=b"")
    assert (found.verdict, found.file_format) == ("unknown", "jpeg")
