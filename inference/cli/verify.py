"""``verify`` of what left the product: one file, the report of an export, or the whole ZIP."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from inference.cli.files import read_bytes
from inference.cli.status import FAILED_GATE
from inference.errors import InputRejected


def verify_file(chosen: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    """Whether one picture is ours and unaltered; a ZIP is judged by the report in it."""
    if chosen.recipe.suffix.lower() == ".zip":
        return _verify_archive(chosen)
    from inference.pipelines.provenance import examine_file

    beside = chosen.manifest or chosen.recipe.with_name(f"{chosen.recipe.name}.c2pa")
    sidecar = read_bytes(beside) if chosen.manifest or beside.is_file() else None
    found = examine_file(read_bytes(chosen.recipe), trust_pem=_trust(chosen), sidecar=sidecar)
    return 0 if found.verdict == "ours" else FAILED_GATE, found.as_dict()


def verify_report(chosen: argparse.Namespace) -> tuple[int, dict[str, Any]] | None:
    """Whether a report is as it was signed; None where the file is something else."""
    from inference.pipelines.signed_report import is_report, judge_report

    try:
        with chosen.recipe.open("rb") as report:
            if not is_report(report):
                return None
            found = judge_report(report, _trust(chosen))
    except OSError as error:
        raise InputRejected("verify.bad_recipe", f"{chosen.recipe} can not be read: {error.strerror}") from error
    return 0 if found.is_genuine else FAILED_GATE, asdict(found)


def _verify_archive(chosen: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    from inference.pipelines.archive_check import judge_archive

    found = judge_archive(chosen.recipe, _trust(chosen))
    return 0 if found.is_genuine else FAILED_GATE, asdict(found)


def _trust(chosen: argparse.Namespace) -> bytes:
    return read_bytes(chosen.trust) if chosen.trust else b""
