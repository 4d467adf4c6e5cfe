from __future__ import annotations

import gettext
import os
from pathlib import Path

import pytest

from infra.local import chromium, fingerprints, locks, translations
from infra.local.errors import SetupError
from infra.local.fingerprints import Stamp

PO = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Scene"\nmsgstr "场景"\n'


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    po = tmp_path / "apps" / "core" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
    po.parent.mkdir(parents=True)
    po.write_text(PO)
    return po


def test_a_compiled_catalogue_is_one_that_gettext_reads(tmp_path: Path, catalogue: Path) -> None:
    assert translations.stale_catalogues(tmp_path) == [catalogue]
    with translations.compile_catalogue(catalogue).open("rb") as mo:
        assert gettext.GNUTranslations(mo).gettext("Scene") == "场景"
    assert translations.stale_catalogues(tmp_path) == []


def test_an_edited_catalogue_is_stale_again(tmp_path: Path, catalogue: Path) -> None:
    translations.compile_catalogue(catalogue)
    later = catalogue.stat().st_mtime_ns + 1_000_000
    os.utime(catalogue, ns=(later, later))
    assert translations.stale_catalogues(tmp_path) == [catalogue]


def test_every_catalogue_of_the_project_compiles() -> None:
    for po in (path for pattern in translations.CATALOGUES for path in translations.ROOT.glob(pattern)):
        assert translations.compile_catalogue(po).exists()


def test_a_fingerprint_changes_with_content_name_and_number_of_files(tmp_path: Path) -> None:
    def fingerprint() -> str:
        return fingerprints.of_files(tmp_path, ["**/*.css"])

    seen = [fingerprint()]
    (tmp_path / "a.css").write_text("a{}")
    seen.append(fingerprint())
    (tmp_path / "a.css").write_text("a{color:red}")
    seen.append(fingerprint())
    (tmp_path / "a.css").rename(tmp_path / "b.css")
    seen.append(fingerprint())
    (tmp_path / "other.txt").write_text("not asked for")
    assert fingerprint() == seen[-1]
    assert len(set(seen)) == 4


def test_a_stamp_matches_only_what_it_was_written_for_and_keeps_a_note(tmp_path: Path) -> None:
    stamp = Stamp(tmp_path / "stamps" / "seed")
    assert not stamp.matches("one")
    assert stamp.note() == ""
    stamp.write("one", "Demo login: demo@example.com\npassword: x\n")
    assert stamp.matches("one")
    assert not stamp.matches("two")
    assert stamp.note() == "Demo login: demo@example.com\npassword: x\n"


def test_a_lock_is_free_once_the_last_descriptor_is_closed(tmp_path: Path) -> None:
    first = locks.try_lock(tmp_path / "lock")
    assert first is not None
    inherited = os.dup(first)
    os.close(first)
    assert locks.try_lock(tmp_path / "lock") is None
    os.close(inherited)
    again = locks.try_lock(tmp_path / "lock")
    assert again is not None
    os.close(again)


def test_chromium_is_found_by_name_or_by_its_variable(tmp_path: Path) -> None:
    program = tmp_path / "chromium"
    program.touch(mode=0o755)
    assert chromium.find({"PATH": str(tmp_path)}) == program
    assert chromium.find({"PATH": "/nowhere"}) is None
    assert chromium.find({"PATH": "/nowhere", "CHROMIUM_PATH": str(program)}) == program


def test_a_wrong_chromium_path_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="which is no program; correct it or unset it"):
        chromium.find({"CHROMIUM_PATH": str(tmp_path / "absent")})


def test_a_missing_chromium_fails_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("CHROMIUM_PATH", raising=False)
    with pytest.raises(SetupError, match="apt-get install chromium"):
        chromium.require()
