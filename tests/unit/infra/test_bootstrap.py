from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import zipfile
from collections import namedtuple
from pathlib import Path

import pytest

from infra.local import bootstrap, pip
from infra.local.errors import SetupError

ROOT = Path(__file__).resolve().parents[3]
Usage = namedtuple("Usage", "total used free")


def make_wheel(folder: Path, version: str) -> str:
    """A package without content, and its line in a lock."""
    wheel = folder / f"plinth-{version}-py3-none-any.whl"
    info = f"plinth-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("plinth.py", f"version = {version!r}\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: plinth\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f"plinth=={version} \\\n    --hash=sha256:{digest}\n"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout whose lock names one small package from a folder of wheels."""
    (tmp_path / "wheels").mkdir()
    root = tmp_path / "checkout"
    (root / "infra" / "requirements").mkdir(parents=True)
    lock_file(root).write_text(make_wheel(tmp_path / "wheels", "1.0"))
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return root


def lock_file(root: Path) -> Path:
    return root / "infra" / "requirements" / "base.txt"


def installed_version(root: Path) -> str:
    command = [bootstrap.venv_python(root), "-c", "import plinth; print(plinth.version)"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def pretend_installed(root: Path) -> None:
    """What an installation leaves behind, without the seconds it takes."""
    python = bootstrap.venv_python(root)
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    bootstrap._stamp(root, "base").write_text(bootstrap.fingerprint(root, "base"))


def test_it_installs_the_lock_once_and_again_when_it_changes(
    checkout: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bootstrap.prepare(checkout, ["base"])
    assert installed_version(checkout) == "1.0"
    capfd.readouterr()

    bootstrap.prepare(checkout, ["base"])
    assert capfd.readouterr().out == ""

    lock_file(checkout).write_text(make_wheel(tmp_path / "wheels", "2.0"))
    bootstrap.prepare(checkout, ["base"])
    assert installed_version(checkout) == "2.0"


def test_what_an_interrupted_installation_left_is_thrown_away(checkout: Path) -> None:
    pretend_installed(checkout)
    bootstrap._installing(checkout).touch()
    (checkout / ".venv" / "half-written").touch()
    bootstrap.prepare(checkout, ["base"])
    assert installed_version(checkout) == "1.0"
    assert not (checkout / ".venv" / "half-written").exists()
    assert bootstrap.is_current(checkout, ["base"])


def test_two_at_once_install_once(checkout: Path) -> None:
    script = (
        "import pathlib, sys; from infra.local import bootstrap; bootstrap.prepare(pathlib.Path(sys.argv[1]), ['base'])"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", script, str(checkout)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = "".join(process.communicate()[0] for process in both)
    assert [process.returncode for process in both] == [0, 0]
    assert said.count("Installing 1 locked packages") == 1
    assert installed_version(checkout) == "1.0"


def test_it_is_current_until_the_lock_changes(checkout: Path) -> None:
    pretend_installed(checkout)
    assert bootstrap.is_current(checkout, ["base"])
    lock_file(checkout).write_text("plinth==9\n")
    assert not bootstrap.is_current(checkout, ["base"])


def test_it_is_not_current_on_another_python(checkout: Path) -> None:
    pretend_installed(checkout)
    bootstrap.venv_python(checkout).unlink()
    bootstrap.venv_python(checkout).symlink_to("/bin/sh")
    assert not bootstrap.is_current(checkout, ["base"])


def test_it_is_not_current_without_the_group_that_is_asked_for(checkout: Path) -> None:
    pretend_installed(checkout)
    (checkout / "infra" / "requirements" / "dev.txt").write_text("")
    assert not bootstrap.is_current(checkout, ["base", "dev"])


def test_it_is_not_current_while_a_translation_is_not_compiled(checkout: Path) -> None:
    pretend_installed(checkout)
    catalogue = checkout / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
    catalogue.parent.mkdir(parents=True)
    catalogue.write_text('msgid "Scene"\nmsgstr "场景"\n')
    assert not bootstrap.is_current(checkout, ["base"])


def test_a_package_that_differs_from_its_hash_is_refused(checkout: Path) -> None:
    lock_file(checkout).write_text("plinth==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n")
    with pytest.raises(SetupError, match="could not be installed: a package differs from the locked hash"):
        bootstrap.prepare(checkout, ["base"])
    assert not bootstrap.is_current(checkout, ["base"])


def test_an_unreachable_package_index_is_one_clear_sentence(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(
        SetupError, match="could not be installed: the package index can not be reached; check the network"
    ):
        bootstrap.prepare(checkout, ["base"])


def test_a_full_disk_is_one_clear_sentence(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10 << 30, 9 << 30, 1 << 30))
    with pytest.raises(SetupError, match=r"^Only 1\.0 GB are free below .*, and the installation needs 2 GB;"):
        bootstrap.prepare(checkout, ["base"])


def test_a_checkout_that_can_not_be_written_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "checkout").write_text("a file, so nothing can be made below it")
    with pytest.raises(SetupError, match=r"can not be written \(Not a directory\); copy the checkout"):
        bootstrap._check_folder(tmp_path / "checkout")


@pytest.mark.parametrize("missing", [{"venv"}, {"ensurepip", "pip"}])
def test_a_python_without_venv_is_one_clear_sentence(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, missing: set[str]
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in missing else find_spec(name))
    with pytest.raises(SetupError, match=r"^This Python comes without its venv module; install it"):
        bootstrap.prepare(checkout, ["base"])
    assert not (checkout / ".venv").exists()


def test_a_python_without_ensurepip_installs_with_its_own_pip(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else find_spec(name))
    bootstrap.prepare(checkout, ["base"])
    assert installed_version(checkout) == "1.0"
    assert not list((checkout / ".venv").glob("lib/python3*/site-packages/pip"))


@pytest.mark.parametrize(
    ("left_out", "words"),
    [
        (["ssl"], "without ssl, because headers were missing; .* apt-get install libssl-dev\\)"),
        (
            ["ssl", "ctypes", "lzma"],
            "without ssl, ctypes and lzma, .* apt-get install libssl-dev libffi-dev liblzma-dev\\)",
        ),
    ],
)
def test_a_python_that_was_built_without_headers_is_one_clear_sentence(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, left_out: list[str], words: str
) -> None:
    for name in left_out:
        monkeypatch.setitem(sys.modules, name, None)  # an import of it fails as it does where it was left out
    with pytest.raises(SetupError, match=f"^This Python was built {words}"):
        bootstrap.prepare(checkout, ["base"])
    assert not (checkout / ".venv").exists()


def test_an_old_python_is_one_clear_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "OLDEST_PYTHON", (99, 0))
    monkeypatch.setenv("PATH", "/nowhere")
    assert bootstrap.main(["base"]) == 2
    assert capsys.readouterr().err.startswith("VisualForge needs Python 3.11 or newer, and this is ")


def test_an_unknown_group_is_one_clear_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert bootstrap.main(["everything"]) == 2
    known = ", ".join(bootstrap.GROUPS)
    assert capsys.readouterr().err == f"There is no requirements group 'everything'; choose from {known}.\n"


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("fatal error: Python.h: No such file or directory", "Python's headers are missing"),
        ("socket.gaierror: [Errno -3] Temporary failure in name resolution", "the package index can not be reached"),
        ("Could not find a version that satisfies numba (from versions: none)", "nothing for this Python and machine"),
        ("ERROR: No matching distribution found for numba==0.67", "does not carry a locked version"),
    ],
)
def test_it_turns_what_pip_prints_into_advice(output: str, sentence: str) -> None:
    assert sentence in pip.reason(output)


def test_words_of_pip_that_nobody_foresaw_are_passed_on() -> None:
    assert pip.reason("noise\nERROR: the moon is in the way.\nmore") == "the moon is in the way"


def test_it_runs_without_anything_installed() -> None:
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import infra.local.bootstrap"
    assert subprocess.run([sys.executable, "-I", "-S", "-c", script], check=False).returncode == 0
