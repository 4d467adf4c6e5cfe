"""Content Credentials (C2PA): a signed statement in the file of how it was made, and reading it back.

Formats that can hold a manifest carry it inside; for the others (PSD) it is a second file that binds the first by hash.
Nothing is ever fetched: neither remote manifests, which a hostile file may name, nor certificate status.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import c2pa

from inference import __version__
from inference.errors import EngineFailed
from inference.ops.certificate import Identity
from inference.ops.manifest_padding import has_filled_padding
from inference.ops.xmp import VOCABULARY

GENERATOR = "VisualForge"
RECIPE_LABEL = "dev.visualforge.recipe"
SIDECAR_TYPE = "application/c2pa"
FILLED_PADDING = "visualforge.paddingFilled"
"""Not one of C2PA's codes: to it such a file is whole."""
EMBEDDED = frozenset({"image/jpeg", "image/png", "image/webp", "image/tiff", "image/avif"})
_OFFLINE = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True},
    "builder": {"thumbnail": {"enabled": False}},
}
_ALGORITHMS = {
    "es256": c2pa.C2paSigningAlg.ES256,
    "es384": c2pa.C2paSigningAlg.ES384,
    "ed25519": c2pa.C2paSigningAlg.ED25519,
    "ps256": c2pa.C2paSigningAlg.PS256,
}


@dataclass(frozen=True)
class PhotoFile:
    """A photo as it was uploaded: its bytes and their media type."""

    data: bytes
    media_type: str


@dataclass(frozen=True)
class Statement:
    """What a manifest says.

    Attributes:
        title: the file's name.
        source_type: a term of ``ops.xmp``.
        steps: C2PA actions after the opening one, as (action, sentence).
        is_composite: the photo was placed into something else; otherwise the file is an edit of the photo.
        recipe: JSON values, with its hash under ``"recipe_hash"``.
        photo: the original photo's file.
        photo_type: its media type.
        companion: the photo of a second product that was placed beside the first.
    """

    title: str
    source_type: str
    steps: tuple[tuple[str, str], ...]
    is_composite: bool
    recipe: Mapping[str, Any]
    photo: bytes
    photo_type: str
    companion: PhotoFile | None = None


@dataclass(frozen=True)
class Signed:
    """A file with its credentials; ``sidecar`` is the manifest where the format can not hold one."""

    data: bytes
    sidecar: bytes | None


class State(StrEnum):
    """What the credentials of a file are worth."""

    NONE = "none"
    TRUSTED = "trusted"
    FOREIGN = "foreign"
    ALTERED = "altered"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Credentials:
    """``failures`` are C2PA status codes, such as ``assertion.dataHash.mismatch``, or ``FILLED_PADDING``."""

    state: State
    generator: str = ""
    signer: str = ""
    title: str = ""
    source_type: str = ""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    failures: tuple[str, ...] = ()


def sign(data: bytes, media_type: str, statement: Statement, identity: Identity) -> Signed:
    """Bind the statement to the file.

    Raises:
        EngineFailed: ``export.not_signed``.
    """
    embeds = media_type in EMBEDDED
    output = io.BytesIO()
    info = c2pa.C2paSignerInfo(_ALGORITHMS[identity.algorithm], identity.chain_pem, identity.key_pem, None)
    try:
        with (
            c2pa.Signer.from_info(info) as signer,
            c2pa.Context.from_dict(_OFFLINE) as context,
            c2pa.Builder(json.dumps(_manifest(statement)), context) as builder,
        ):
            if not embeds:
                builder.set_no_embed()
            for ingredient, photo in _ingredients(statement):
                builder.add_ingredient(json.dumps(ingredient), photo.media_type, io.BytesIO(photo.data))
            manifest = builder.sign(signer, media_type, io.BytesIO(data), output)
    except c2pa.C2paError as error:
        raise EngineFailed("export.not_signed", f"the content credentials could not be written: {error}") from error
    return Signed(output.getvalue(), None) if embeds else Signed(data, bytes(manifest))


def examine(data: bytes, media_type: str, *, trust_pem: bytes, sidecar: bytes | None = None) -> Credentials:
    """What a file's credentials say, and whether they hold.

    Args:
        data: any bytes, however hostile; call it in a process of its own for files of strangers.
        trust_pem: the roots whose signatures count as ours.
    """
    settings = {**_OFFLINE, "trust": {"trust_anchors": trust_pem.decode()} if trust_pem else {}}
    try:
        with (
            c2pa.Context.from_dict(settings) as context,
            c2pa.Reader(media_type, io.BytesIO(data), sidecar, context=context) as reader,
        ):
            store = json.loads(reader.json())
    except c2pa.C2paError.ManifestNotFound:
        return Credentials(State.NONE)
    except c2pa.C2paError as error:
        return Credentials(State.UNREADABLE, failures=(str(error).partition(":")[0],))
    found = _read(store)
    is_jpeg = sidecar is None and media_type == "image/jpeg"
    if found.state == State.TRUSTED and has_filled_padding(sidecar or data, is_jpeg=is_jpeg):
        return replace(found, state=State.ALTERED, failures=(FILLED_PADDING,))
    return found


def _ingredients(statement: Statement) -> list[tuple[dict[str, str], PhotoFile]]:
    """The photos that went into the file, as C2PA describes them, each under a label of its own."""
    relation = "componentOf" if statement.is_composite else "parentOf"
    first = {"title": "Original photo", "relationship": relation, "label": "photo"}
    found = [(first, PhotoFile(statement.photo, statement.photo_type))]
    if statement.companion:
        second = {"title": "Photo of the second product", "relationship": "componentOf", "label": "companion"}
        found.append((second, statement.companion))
    return found


def _manifest(statement: Statement) -> dict[str, Any]:
    source = VOCABULARY + statement.source_type
    used = {"parameters": {"ingredientIds": [item["label"] for item, _photo in _ingredients(statement)]}}
    if statement.is_composite:
        actions: list[dict[str, Any]] = [
            {"action": "c2pa.created", "digitalSourceType": source},
            {"action": "c2pa.placed", **used},
        ]
    else:
        actions = [{"action": "c2pa.opened", **used}]
    actions += [
        {"action": action, "description": sentence} | ({} if statement.is_composite else {"digitalSourceType": source})
        for action, sentence in statement.steps
    ]
    return {
        "claim_generator_info": [{"name": GENERATOR, "version": __version__}],
        "title": statement.title,
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": actions}},
            {"label": RECIPE_LABEL, "data": dict(statement.recipe)},
        ],
    }


def _read(store: Mapping[str, Any]) -> Credentials:
    """What the active manifest says. Whoever signed it may have written anything: no part need have its usual shape."""
    manifest = _mapping(_mapping(store.get("manifests")).get(store.get("active_manifest", "")))
    if not manifest:
        return Credentials(State.UNREADABLE, failures=("claim.missing",))
    results = _mapping(_mapping(store.get("validation_results")).get("activeManifest"))
    failures = tuple(sorted({str(item.get("code")) for item in _mappings(results.get("failure"))}))
    found = {str(item.get("label")): _mapping(item.get("data")) for item in _mappings(manifest.get("assertions"))}
    actions = _mappings(found.get("c2pa.actions.v2", {}).get("actions"))
    term = next((item["digitalSourceType"] for item in actions if "digitalSourceType" in item), "")
    generator = next((item.get("name", "") for item in _mappings(manifest.get("claim_generator_info"))), "")
    return Credentials(
        state=_state(str(store.get("validation_state", "")), failures),
        generator=str(generator),
        signer=str(_mapping(manifest.get("signature_info")).get("issuer", "")),
        title=str(manifest.get("title", "")),
        source_type=str(term).removeprefix(VOCABULARY),
        recipe=dict(found.get(RECIPE_LABEL, {})),
        failures=failures,
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _state(validation: str, failures: tuple[str, ...]) -> State:
    if validation == "Trusted":
        return State.TRUSTED
    if validation == "Valid" or set(failures) <= {"signingCredential.untrusted"}:
        return State.FOREIGN
    return State.ALTERED
