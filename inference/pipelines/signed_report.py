"""The report of an export: a signed verdict a line, and one signature over all of them, so that none can be left out.

It may list a hundred thousand files: who writes it and who judges it hold one entry at a time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from inference.errors import InputRejected
from inference.ops.certificate import Identity, signature_of
from inference.pipelines.provenance import SIGNATURE, is_genuine_verdict
from inference.recipe import canonical_json

FILES_HASH = "files_sha256"
JUDGED = frozenset({"passed", "failed"})
MOST_NAMED = 100
"""Forged entries that are named; the others are counted."""


class EntriesDigest:
    """SHA-256 over the canonical JSON of every entry, a line feed after each."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, entry: Mapping[str, Any]) -> None:
        self._hash.update(canonical_json(entry).encode() + b"\n")

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


@dataclass
class ReportVerdict:
    """Attributes:
    verdicts: signed verdicts in it.
    forged: names of entries whose verdict was not signed by the key, or that say something else than their verdict;
        the first hundred of ``forged_count``.
    is_whole: whether the list is the one that was signed, nothing left out or added. Of a report that says nothing
        about that (earlier versions did not) nobody knows, and it is not.
    """

    verdicts: int = 0
    forged: list[str] = field(default_factory=list)
    forged_count: int = 0
    is_whole: bool = False

    @property
    def is_genuine(self) -> bool:
        return self.is_whole and not self.forged_count


def signed_summary(summary: Mapping[str, Any], digest: EntriesDigest, identity: Identity) -> dict[str, Any]:
    """``summary`` (what a report says besides its entries) with the hash of the entries and the signature of both."""
    said = {**summary, FILES_HASH: digest.hexdigest(), "algorithm": identity.algorithm}
    return {**said, SIGNATURE: signature_of(canonical_json(said).encode(), identity)}


def judge_report(report: IO[bytes], chain_pem: bytes) -> ReportVerdict:
    """Whether the first certificate's key signed every verdict of a report, and the report as a whole.

    Args:
        report: seekable; read line by line where it is as we wrote it, otherwise in one piece.

    Raises:
        InputRejected: ``verify.bad_report``: it is no report.
    """
    found, digest, rest = ReportVerdict(), EntriesDigest(), ""
    for part in _parts(report):
        if isinstance(part, str):
            rest += part
        else:
            digest.add(part)
            _judge(part, chain_pem, found)
    summary = _plain(rest)
    summary.pop("files", None)
    is_signed = is_genuine_verdict(summary, chain_pem)
    found.is_whole = is_signed and summary.get(FILES_HASH) == digest.hexdigest()
    return found


def entries_of(report: IO[bytes]) -> Iterator[dict[str, Any]]:
    """The entries of a report, one at a time. Raises like ``judge_report``."""
    return (part for part in _parts(report) if isinstance(part, dict))


def is_report(file: IO[bytes]) -> bool:
    """Whether a seekable JSON file lists files that were judged."""
    try:
        return any(isinstance(part, str) for part in _parts(file))
    except InputRejected:
        return False


def _parts(report: IO[bytes]) -> Iterator[dict[str, Any] | str]:
    """Every entry as a dict, and all other text of the report, which together is JSON without the entries."""
    if _is_line_by_line(report):
        report.seek(0)
        yield from _lines(report)
        return
    report.seek(0)
    try:
        whole = _plain(report.read().decode())
        entries = whole.pop("files")
        if not all(isinstance(entry, dict) for entry in entries):
            raise ValueError("an entry is no object")
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise InputRejected("verify.bad_report", "this is no report of an export") from error
    yield from entries
    yield json.dumps(whole)


def _is_line_by_line(report: IO[bytes]) -> bool:
    """Whether every entry has a line of its own, as we write it, and all the rest is JSON."""
    report.seek(0)
    try:
        return bool(_plain("".join(part for part in _lines(report) if isinstance(part, str))).get("files") == [])
    except (ValueError, AttributeError, RecursionError):
        return False


def _plain(text: str) -> Any:
    """JSON in which no name stands twice: readers would differ about which of the two counts."""
    return json.loads(text, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _lines(report: Iterable[bytes]) -> Iterator[dict[str, Any] | str]:
    is_inside = False
    for line in report:
        text = line.decode().strip()
        if is_inside and text.startswith("{"):
            yield _plain(text.removesuffix(","))
            continue
        is_inside = text.endswith('"files": [') or (is_inside and not text.startswith("]"))
        yield text


def _judge(entry: Mapping[str, Any], chain_pem: bytes, found: ReportVerdict) -> None:
    verdict = entry.get("verdict")
    if not isinstance(verdict, Mapping) or not verdict:
        is_forged = entry.get("state") in JUDGED  # accepted by nobody
    else:
        found.verdicts += 1
        is_forged = not (is_genuine_verdict(verdict, chain_pem) and _agrees(entry, verdict))
    if is_forged:
        found.forged_count += 1
        if len(found.forged) < MOST_NAMED:
            found.forged.append(str(entry.get("name"))[:200])


def _agrees(entry: Mapping[str, Any], verdict: Mapping[str, Any]) -> bool:
    """Whether an entry says the same as its verdict: a good one must not stand under another file's name."""
    state, name = entry.get("state"), str(entry.get("name", ""))
    same_state = state not in JUDGED or (state == "passed") == verdict.get("passed")
    return same_state and name.rpartition("/")[2] == verdict.get("file")
