"""The certificate of an installation, and files verified at the command line."""

from __future__ import annotations

import io
import json
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from PIL import Image

from apps.core.errors import Unavailable
from apps.studio.checks import check_certificate, check_profiles
from apps.studio.exports.identity import CHAIN, KEY, OWN, TRUSTED, _identity, signing_identity, trust_pem
from inference.cli import main
from inference.ops.certificate import make_identity, root_of
from inference.pipelines.label import label_shot


@pytest.fixture(autouse=True)
def provenance(settings: Any, tmp_path: Path) -> Path:
    _identity.cache_clear()
    settings.PROVENANCE_DIR = tmp_path / "provenance"
    return tmp_path / "provenance"


def labelled() -> bytes:
    master = io.BytesIO()
    Image.new("RGB", (40, 30), (9, 99, 200)).save(master, "PNG")
    photo = master.getvalue()
    return label_shot(
        photo,
        {"engine": {"name": "studio_sets"}},
        file_format="png",
        name="a.png",
        identity=signing_identity(),
        photo=photo,
        photo_type="image/png",
    )


def test_the_certificate_is_made_once_and_nobody_else_can_read_its_key(provenance: Path) -> None:
    first = signing_identity()
    _identity.cache_clear()
    assert signing_identity() == first
    assert stat.S_IMODE((provenance / OWN / KEY).stat().st_mode) == 0o600
    assert stat.S_IMODE((provenance / OWN).stat().st_mode) == 0o700
    assert [path.name for path in provenance.iterdir()] == [OWN]


def test_workers_that_start_together_share_one_certificate(provenance: Path) -> None:
    found: list[str] = []
    barrier = threading.Barrier(4)

    def start() -> None:
        barrier.wait()
        found.append(_identity.__wrapped__("", "", str(provenance)).fingerprint)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


def test_a_supplied_certificate_signs_and_the_old_one_is_still_recognised(
    provenance: Path, settings: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = labelled()
    old_root = root_of(signing_identity().chain_pem)
    supplied = make_identity("Shop")
    for name, content in ((CHAIN, supplied.chain_pem), (KEY, supplied.key_pem)):
        (tmp_path / name).write_bytes(content)
    settings.PROVENANCE_CERTIFICATE, settings.PROVENANCE_KEY = str(tmp_path / CHAIN), str(tmp_path / KEY)

    assert signing_identity() == supplied
    assert (tmp_path / "before.png").write_bytes(before)
    assert _verdict(tmp_path / "before.png", tmp_path, capsys) == (3, "foreign")
    (provenance / TRUSTED).mkdir()
    (provenance / TRUSTED / "old.pem").write_bytes(old_root)
    assert _verdict(tmp_path / "before.png", tmp_path, capsys) == (0, "ours")


def _verdict(file: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    trust = folder / "trust.pem"
    trust.write_bytes(trust_pem())
    status = main(["verify", str(file), "--trust", str(trust)])
    return status, json.loads(capsys.readouterr().out)["verdict"]


def test_a_certificate_that_can_not_be_used_is_said_before_the_first_export(settings: Any) -> None:
    assert check_certificate() == check_profiles() == []
    settings.PROVENANCE_CERTIFICATE, settings.PROVENANCE_KEY = "/nowhere/chain.pem", "/nowhere/key.pem"
    assert [problem.id for problem in check_certificate()] == ["visualforge.E020"]
    with pytest.raises(Unavailable):
        signing_identity()
    with pytest.raises(CommandError, match="certificate"):
        call_command("make_certificate", skip_checks=True)


def test_a_file_is_verified_at_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(labelled())
    call_command("verify_file", str(file), skip_checks=True)
    assert json.loads(capsys.readouterr().out)["verdict"] == "ours"

    file.write_bytes(file.read_bytes()[:-20] + bytes(20))
    with pytest.raises(SystemExit) as ended:
        call_command("verify_file", str(file), skip_checks=True)
    assert ended.value.code == 1
    assert json.loads(capsys.readouterr().out)["verdict"] in ("altered", "unreadable", "stripped")
