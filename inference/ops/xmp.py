"""The XMP packet of an export: how the picture came about, in the words of the IPTC.

Terms are those of https://cv.iptc.org/newscodes/digitalsourcetype/ as they stand in 2026. Since its last revision
``compositeSynthetic`` means "at least one element is Generative AI", so a photo in a set that a renderer computed from
geometry and lamps is ``composite``: nothing of it came from a trained model.
"""

from __future__ import annotations

import re
from xml.sax.saxutils import quoteattr

VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"

COMPOSITE = "composite"
"""Mix or composite of several elements: the captured product in a computed set."""

COMPOSITE_SYNTHETIC = "compositeSynthetic"
"""Mix or composite of several elements, at least one of which is Generative AI."""

COMPOSITE_WITH_TRAINED = "compositeWithTrainedAlgorithmicMedia"
"""A captured product, untouched, composited with surroundings that a trained model drew."""

TRAINED = "trainedAlgorithmicMedia"
"""Drawn by a trained model, the product included."""

ALGORITHMICALLY_ENHANCED = "algorithmicallyEnhanced"
"""Modification by algorithm without changing the main content: the product's own photo with its background removed."""

TERMS = (COMPOSITE, COMPOSITE_SYNTHETIC, COMPOSITE_WITH_TRAINED, TRAINED, ALGORITHMICALLY_ENHANCED)

_TERM_IN_FILE = re.compile(rb"Iptc4xmpExt:DigitalSourceType=\"" + re.escape(VOCABULARY.encode()) + rb"(\w+)\"")
_RECIPE_IN_FILE = re.compile(rb"visualforge:RecipeHash=\"([0-9a-f]{64})\"")


def xmp_packet(*, source_type: str, creator_tool: str, recipe_hash: str) -> bytes:
    """A read-only packet in UTF-8.

    Args:
        source_type: one of ``TERMS``.
        recipe_hash: hex SHA-256.

    Raises:
        ValueError: an unknown term.
    """
    if source_type not in TERMS:
        raise ValueError(f"{source_type!r} is none of {', '.join(TERMS)}")
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
        ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
        ' xmlns:visualforge="https://visualforge.dev/xmp/1.0/"'
        f" xmp:CreatorTool={quoteattr(creator_tool)}"
        f' Iptc4xmpExt:DigitalSourceType="{VOCABULARY}{source_type}"'
        f" visualforge:RecipeHash={quoteattr(recipe_hash)}/>"
        '</rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    ).encode()


def source_type_in(packet: bytes) -> str | None:
    """The IPTC term of a packet that we wrote; None where there is none."""
    found = _TERM_IN_FILE.search(packet)
    return found.group(1).decode() if found else None


def recipe_hash_in(packet: bytes) -> str | None:
    """The recipe hash of a packet that we wrote; None where there is none. Unsigned: a hint, never a proof."""
    found = _RECIPE_IN_FILE.search(packet)
    return found.group(1).decode() if found else None
