"""Reports of exports: every verdict signed, and none can be left out, renamed or turned round."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inference.cli import main
from inference.ops.certificate import Identity, make_identity, signature_of
from inference.pipelines.signed_report import EntriesDigest, is_report, judge_report, signed_summary
from inference.recipe import canonical_json

NAMES = ("jd/a.jpg", "jd/b.jpg", "jd/c.jpg")


@pytest.fixture(scope="module")
def identity() -> Identity:
    return make_identity()


def content(name: str) -> bytes:
    return name.encode() * 1000


def entry(name: str, identity: Identity, *, passed: bool = True) -> dict[str, Any]:
    said = {"file": name.rpartition("/")[2], "passed": passed, "sha256": hashlib.sha256(content(name)).hexdigest()}
    verdict = {**said, "signature": signature_of(canonical_json(said).encode(), identity)}
    path = name if passed else f"not-accepted/{name}"
    return {"name": name, "path": path, "state": "passed" if passed else "failed", "verdict": verdict}


def report(identity: Identity, entries: list[dict[str, Any]]) -> dict[str, Any]:
    digest = EntriesDigest()
    for one in entries:
        digest.add(one)
    return {"files": entries, **signed_summary({"total": len(entries), "export": "7"}, digest, identity)}


def by_lines(found: dict[str, Any]) -> bytes:
    rest = json.dumps({key: value for key, value in found.items() if key != "files"}, indent=1)[2:]
    lines = ",\n".join(json.dumps(one) for one in found["files"])
    return f'{{\n "files": [\n{lines}\n ],\n{rest}\n'.encode()


def in_one_piece(found: dict[str, Any]) -> bytes:
    return json.dumps(found).encode()


WAYS = pytest.mark.parametrize("as_text", [by_lines, in_one_piece, lambda found: json.dumps(found, indent=2).encode()])


@WAYS
def test_an_untouched_report_is_genuine_however_it_is_set(
    identity: Identity, as_text: Callable[[dict[str, Any]], bytes]
) -> None:
    made = io.BytesIO(as_text(report(identity, [entry(name, identity) for name in NAMES])))
    found = judge_report(made, identity.chain_pem)
    assert is_report(made)
    assert (found.is_genuine, found.is_whole, found.verdicts, found.forged) == (True, True, 3, [])


def drop_one(made: dict[str, Any]) -> None:
    del made["files"][1]


def turn_round(made: dict[str, Any]) -> None:
    made["files"][1]["verdict"]["passed"] = False


def say_otherwise(made: dict[str, Any]) -> None:
    made["files"][1]["state"] = "failed"


def rename(made: dict[str, Any]) -> None:
    made["files"][1]["name"] = "jd/other.jpg"


def take_the_verdict_away(made: dict[str, Any]) -> None:
    made["files"][1]["verdict"] = {}


def count_more(made: dict[str, Any]) -> None:
    made["total"] = 4


def sign_nothing(made: dict[str, Any]) -> None:
    del made["files_sha256"], made["signature"], made["files"][1]


@WAYS
@pytest.mark.parametrize(
    ("change", "forged"),
    [
        (drop_one, []),
        (turn_round, ["jd/b.jpg"]),
        (say_otherwise, ["jd/b.jpg"]),
        (rename, ["jd/other.jpg"]),
        (take_the_verdict_away, ["jd/b.jpg"]),
        (count_more, []),
        (sign_nothing, []),
    ],
)
def test_every_change_is_noticed(
    identity: Identity,
    change: Callable[[dict[str, Any]], None],
    forged: list[str],
    as_text: Callable[[dict[str, Any]], bytes],
) -> None:
    made = report(identity, [entry(name, identity) for name in NAMES])
    change(made)
    found = judge_report(io.BytesIO(as_text(made)), identity.chain_pem)
    assert not found.is_genuine
    assert not found.is_whole
    assert found.forged == forged


def test_a_name_that_stands_twice_is_no_report(identity: Identity) -> None:
    made = by_lines(report(identity, [entry(name, identity) for name in NAMES]))
    assert not is_report(io.BytesIO(made.replace(b'"total"', b'"files": [1], "total"')))
    assert not is_report(io.BytesIO(b'{"engine": {"name": "studio_sets"}}'))
    assert not is_report(io.BytesIO(b"\xff\xfe"))


def test_a_report_signed_by_somebody_else_is_not_ours(identity: Identity) -> None:
    made = io.BytesIO(by_lines(report(identity, [entry(NAMES[0], identity)])))
    assert not judge_report(made, make_identity().chain_pem).is_genuine


Judge = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def judged(identity: Identity, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Judge:
    """The ZIP of three files with some paths' contents replaced, left out (None) or added, at the command line."""

    def judge(**changes: bytes | None) -> tuple[int, dict[str, Any]]:
        entries = [entry(NAMES[0], identity), entry(NAMES[1], identity), entry(NAMES[2], identity, passed=False)]
        files: dict[str, bytes | None] = {one["path"]: content(one["name"]) for one in entries}
        files |= {"report.json": by_lines(report(identity, entries)), "report.html": b"<p>", "report/0001.html": b""}
        with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
            for name, data in {**files, **changes}.items():
                if data is not None:
                    archive.writestr(name, data)
        (tmp_path / "certificate.pem").write_bytes(identity.chain_pem)
        status = main(["verify", str(tmp_path / "export.zip"), "--trust", str(tmp_path / "certificate.pem")])
        return status, json.loads(capsys.readouterr().out)

    return judge


def test_a_whole_zip_is_judged_by_the_report_in_it(judged: Judge) -> None:
    status, found = judged()
    assert (status, found["files"]) == (0, 3)
    assert found["altered"] == found["missing"] == found["unlisted"] == found["report"]["forged"] == []


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"jd/a.jpg": b"another picture"}, {"altered": ["jd/a.jpg"]}),
        ({"not-accepted/jd/c.jpg": None}, {"missing": ["not-accepted/jd/c.jpg"]}),
        ({"jd/z.jpg": b"smuggled in"}, {"unlisted": ["jd/z.jpg"]}),
    ],
)
def test_a_zip_with_another_file_in_it_is_not_the_one_that_was_made(
    judged: Judge, changes: dict[str, bytes | None], complaint: dict[str, list[str]]
) -> None:
    status, found = judged(**changes)
    assert status == 3
    assert {key: found[key] for key in ("altered", "missing", "unlisted") if found[key]} == complaint


def test_a_zip_without_a_report_is_a_clear_word(judged: Judge) -> None:
    status, found = judged(**{"report.json": None})
    assert (status, found["error"]) == (2, "verify.bad_archive")
