from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import sys
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.core import env
from apps.core.env import MOST_WORKERS
from infra.local import preflight
from infra.local.errors import SetupError
from infra.local.preflight import HOST, Options, check_database, check_port, claim, read_options, secret_key

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def options(tmp_path: Path, free_port: int) -> Options:
    return Options(port=free_port, data_dir=tmp_path / "data", workers=2)


@pytest.fixture
def claimed(options: Options) -> Iterator[Options]:
    lock = claim(options)
    yield options
    os.close(lock)


def test_it_has_defaults_for_everything(tmp_path: Path) -> None:
    options = read_options({}, tmp_path)
    assert (options.port, options.data_dir) == (8000, tmp_path / ".data")
    assert options.address == "http://127.0.0.1:8000"
    assert options.workers >= 1


def test_it_honours_port_and_data_directory(tmp_path: Path) -> None:
    options = read_options({"PORT": "9001", "VISUALFORGE_DATA_DIR": "/srv/forge"}, tmp_path)
    assert (options.port, options.data_dir) == (9001, Path("/srv/forge"))


def test_it_takes_no_more_workers_than_the_settings_do(tmp_path: Path) -> None:
    assert read_options({"WORKER_CONCURRENCY": str(MOST_WORKERS)}, tmp_path).workers == MOST_WORKERS
    with pytest.raises(SetupError, match=f"between 1 and {MOST_WORKERS}"):
        read_options({"WORKER_CONCURRENCY": str(MOST_WORKERS + 1)}, tmp_path)


def test_a_machine_with_more_cores_than_that_has_the_most_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(env, "CONTROL_GROUP", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(200)))
    assert read_options({}, tmp_path).workers == MOST_WORKERS


@pytest.mark.parametrize(
    ("files", "workers"),
    [
        ({"cpu.max": "200000 100000\n"}, 2),
        ({"cpu.max": "150000 100000\n"}, 2),
        ({"cpu.max": "5000 100000\n"}, 1),
        ({"cpu.max": "max 100000\n"}, 8),
        ({"cpu.max": "1600000 100000\n"}, 8),
        ({"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 8),
        ({}, 8),
    ],
)
def test_a_container_has_as_many_workers_as_cores_it_may_keep_busy(
    files: dict[str, str], workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(env, "CONTROL_GROUP", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    assert read_options({}, tmp_path).workers == workers


@pytest.mark.parametrize("nonsense", ["http", "-1", "0", "65536", "80.5", "８０００"])
def test_a_port_that_is_no_port_is_one_clear_sentence(tmp_path: Path, nonsense: str) -> None:
    with pytest.raises(SetupError) as caught:
        read_options({"PORT": nonsense}, tmp_path)
    assert str(caught.value) == f"PORT has to be a whole number between 1 and 65535, and it is {nonsense!r}."


def test_a_busy_port_is_one_clear_sentence_with_another_port(options: Options) -> None:
    with socket.socket() as other:
        other.bind((HOST, options.port))
        other.listen()
        with pytest.raises(SetupError) as caught:
            claim(options)
    assert str(caught.value) == (
        f"Port {options.port} is in use by another program; choose another one: make run PORT={options.port + 1}"
    )


def test_a_privileged_port_is_one_clear_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: socket.socket, address: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(SetupError) as caught:
        check_port(80)
    assert str(caught.value) == "Port 80 is reserved for the administrator; choose another one: make run PORT=8000"


def test_a_full_disk_is_one_clear_sentence(options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10 << 30, 9 << 30, 300 << 20))
    with pytest.raises(SetupError, match=r"^Only 300 MB are free on the disk of .*/data, and VisualForge needs 1 GB"):
        claim(options)


def test_a_data_directory_that_can_not_be_written_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(
        SetupError, match=r"^The data directory .*/file/data can not be written \(Not a directory\); set"
    ):
        claim(Options(port=8000, data_dir=tmp_path / "file" / "data", workers=1))


def test_a_second_run_with_the_same_data_names_the_first(claimed: Options) -> None:
    with pytest.raises(SetupError) as caught:
        claim(claimed)
    assert str(caught.value).startswith(
        f"VisualForge already runs at {claimed.address} (process {os.getpid()}) with the data in {claimed.data_dir};"
    )


def test_the_data_directory_is_free_again_when_the_first_run_is_gone(options: Options) -> None:
    os.close(claim(options))
    os.close(claim(options))


@pytest.mark.parametrize("url", ["postgresql://nobody:x@127.0.0.1:9/none", "postgresql://[broken"])
def test_a_database_that_does_not_answer_is_one_clear_sentence(url: str) -> None:
    with pytest.raises(SetupError) as refused:
        check_database(url)
    assert str(refused.value).startswith("The database that DATABASE_URL names can not be reached (")
    assert "\n" not in str(refused.value)
    assert str(refused.value).endswith("or unset DATABASE_URL to use the database that comes along.")


@pytest.mark.parametrize(
    ("name", "address", "sentence"),
    [
        (
            "CELERY_BROKER_URL",
            "kafka://user:secret@broker",
            "CELERY_BROKER_URL has to start with redis://, rediss://, amqp://, amqps:// or filesystem://, and it "
            "starts with kafka://; mend it, or unset it to use files in the data folder.",
        ),
        (
            "DATABASE_URL",
            "mysql://x/y",
            "DATABASE_URL has to start with postgresql:// or postgres://, and it starts with mysql://; "
            "mend it, or unset it to use the database that comes along.",
        ),
        (
            "DATABASE_URL",
            "host=db password=secret",
            "DATABASE_URL has to start with postgresql:// or postgres://, and it starts with something else; "
            "mend it, or unset it to use the database that comes along.",
        ),
    ],
)
def test_an_address_of_an_unknown_kind_is_one_clear_sentence(name: str, address: str, sentence: str) -> None:
    with pytest.raises(SetupError) as refused:
        preflight.check_addresses({name: address})
    assert str(refused.value) == sentence


@pytest.mark.parametrize("url", ["redis://:secret@127.0.0.1:9/0", "amqp://guest:secret@127.0.0.1:9//"])
def test_a_broker_that_does_not_answer_is_one_clear_sentence(url: str) -> None:
    with pytest.raises(SetupError) as refused:
        preflight.check_broker(url)
    said = str(refused.value)
    assert said.startswith("The broker that CELERY_BROKER_URL names can not be reached (")
    assert said.endswith("or unset CELERY_BROKER_URL to use files in the data folder.")
    assert "\n" not in said
    assert "secret" not in said


@pytest.mark.parametrize("url", ["", "filesystem://localhost"])
def test_files_as_broker_are_always_there(url: str) -> None:
    preflight.check_broker(url)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("UPLOAD_MAX_BYTES", "lots", "UPLOAD_MAX_BYTES='lots' is not a whole number."),
        ("S3_ENDPOINT_URL", "nonsense", "S3_ENDPOINT_URL must start with one of: http://, https://."),
        ("CUTOUT_DOWNLOAD", "perhaps", "CUTOUT_DOWNLOAD='perhaps' is neither yes nor no. Use true or false."),
    ],
)
def test_a_setting_that_makes_no_sense_is_one_clear_sentence(name: str, value: str, sentence: str) -> None:
    code = (
        "import os; from infra.local import preflight; from infra.local.errors import SetupError\n"
        "before = dict(os.environ)\n"
        "try: preflight.check_settings(os.environ)\n"
        "except SetupError as error: print(error)\n"
        "assert dict(os.environ) == before"
    )
    # In a process of its own: here the settings were read already.
    environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"} | {name: value}
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == sentence


@pytest.mark.parametrize("value", ["many", "0", "65"])
def test_a_number_of_web_processes_that_makes_no_sense_is_said(value: str, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="WEB_CONCURRENCY has to be a whole number between 1 and 64"):
        preflight.read_options({"WEB_CONCURRENCY": value}, tmp_path)


def test_known_kinds_of_addresses_are_let_through() -> None:
    preflight.check_addresses({})
    preflight.check_addresses({"DATABASE_URL": "postgresql://a@b/c", "CELERY_BROKER_URL": "redis://broker"})


def test_the_secret_key_is_made_once_and_private(tmp_path: Path) -> None:
    first = secret_key(tmp_path)
    assert len(first) >= 64
    assert secret_key(tmp_path) == first
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_two_installations_have_two_secret_keys(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    assert preflight.secret_key(tmp_path / "one") != preflight.secret_key(tmp_path / "two")
