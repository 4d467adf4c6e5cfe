from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from infra.local import processes
from infra.local.errors import SetupError
from infra.local.postgres import Server, account, cluster, destroy, install, roles, start
from infra.local.postgres.cluster import answers, socket_folder_of
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[3]


def accounts_of_this_machine() -> list[str]:
    """As whom PostgreSQL can run here."""
    if os.geteuid() != 0:
        return ["direct"]
    in_namespace = account._in_namespace(install.find()).reaches(Path("/"))
    return ["namespace", "unprivileged"] if in_namespace else ["unprivileged"]


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "data"
    destroy(tmp_path / "data")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for the tests that only look."""
    data_dir = tmp_path_factory.mktemp("running")
    with begin(data_dir) as server:
        yield server
    destroy(data_dir)


def begin(data_dir: Path, kind: str | None = None) -> Server:
    return start(data_dir, durable=False, account=kind)


def in_another_process(data_dir: Path, then: str, prefix: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """Start PostgreSQL for `data_dir` in a new Python, which goes on with the statements `then`."""
    script = f"""
import json, os, sys, time
from pathlib import Path
import psycopg
from infra.local.postgres import destroy, start
data_dir = Path({str(data_dir)!r})
server = start(data_dir, durable=False)
{then}
"""
    return subprocess.Popen(
        [*prefix, sys.executable, "-c", script], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def postmaster_pid(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "cluster" / "postmaster.pid").read_text().splitlines()[0])


@pytest.mark.parametrize("kind", accounts_of_this_machine())
def test_it_makes_a_database_and_finds_it_again(data_dir: Path, kind: str) -> None:
    with begin(data_dir, kind) as server, psycopg.connect(server.url(roles.OWNER)) as owner:
        owner.execute("CREATE TABLE kept (word text)")
        owner.execute("INSERT INTO kept VALUES ('plinth')")
    with begin(data_dir, kind) as server, psycopg.connect(server.url()) as app:
        assert app.execute("SELECT word FROM kept").fetchall() == [("plinth",)]


def test_a_user_other_than_root_needs_no_detour(data_dir: Path) -> None:
    as_user = ("unshare", "--user", "--map-user=65534", "--map-group=65534") if os.geteuid() == 0 else ()
    if as_user and "namespace" not in accounts_of_this_machine():
        as_user = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        shutil.chown(data_dir.parent, 65534, 65534)
    process = in_another_process(
        data_dir, "print(json.dumps([os.geteuid(), server.attached])); server.stop(); destroy(data_dir)", prefix=as_user
    )
    said, _ = process.communicate()
    uid, attached = json.loads(said)
    assert uid != 0
    assert not attached


if os.geteuid() == 0:  # only root has an identity to give up

    def test_an_account_that_can_not_reach_the_data_directory_keeps_the_database_elsewhere(
        data_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        elsewhere = Path(tempfile.mkdtemp())
        try:
            elsewhere.chmod(0o755)
            monkeypatch.setattr(cluster, "SHARED_PLACES", (elsewhere,))
            data_dir.mkdir()
            data_dir.chmod(0o700)
            for _ in range(2):
                with begin(data_dir, "unprivileged") as server, psycopg.connect(server.url()) as app:
                    assert app.execute("SELECT current_user").fetchone() == ("vf_app",)
            [home] = elsewhere.iterdir()
            assert (data_dir / "postgres" / "cluster").resolve() == home / "cluster"
            destroy(data_dir)
            assert list(elsewhere.iterdir()) == []
        finally:
            shutil.rmtree(elsewhere)

    def test_an_account_that_can_not_reach_the_programs_runs_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
        with tempfile.TemporaryDirectory() as folder:
            hidden, shared = Path(folder) / "hidden", Path(folder) / "shared"
            package = install.find().folder.parent
            shutil.copytree(package / install.find().folder.name, hidden / package.name / "pginstall18", symlinks=True)
            shutil.copytree(package.with_name(f"{package.name}.libs"), hidden / f"{package.name}.libs")
            hidden.chmod(0o700)
            shared.mkdir()
            Path(folder).chmod(0o755)
            monkeypatch.setattr(install, "SHARED_PLACES", (shared,))
            chosen = account.choose(install.Install(hidden / package.name / "pginstall18", 18), shared, "unprivileged")
            assert chosen.install.folder.is_relative_to(shared)
            assert chosen.reaches(Path("/"))
            psql = subprocess.run(chosen.command("psql", "--version"), capture_output=True, text=True, **chosen.popen)
            assert psql.stdout.startswith("psql (PostgreSQL) 18")


def test_it_keeps_every_committed_row_through_kill_9(data_dir: Path) -> None:
    server = start(data_dir)
    with psycopg.connect(server.url(roles.OWNER), autocommit=True) as owner:
        owner.execute("CREATE TABLE kept (number int)")
        for number in range(100):
            owner.execute("INSERT INTO kept VALUES (%s)", (number,))
        assert server.process is not None
        server.process.kill()
        server.process.wait()
    with start(data_dir) as again, psycopg.connect(again.url()) as app:
        assert app.execute("SELECT count(*), sum(number) FROM kept").fetchone() == (100, 4950)


def test_it_can_be_spawned_again_after_it_died(data_dir: Path) -> None:
    with begin(data_dir) as server:
        assert server.process is not None
        first = server.process.pid
        server.process.kill()
        server.process.wait()
        assert server.spawn().pid != first
        wait_until(lambda: answers(socket_folder_of(data_dir / "postgres"), roles.APP, roles.DATABASE), "it answers")


def test_a_restart_that_fails_says_why_and_a_later_one_works(data_dir: Path) -> None:
    with begin(data_dir) as server:
        assert server.process is not None
        server.process.kill()
        server.process.wait()
        settings = data_dir / "postgres" / "cluster" / "postgresql.conf"
        sane = settings.read_text()
        settings.write_text(sane + "shared_buffers = 'plenty'\n")
        with pytest.raises(SetupError, match=r"PostgreSQL did not start: .*contains errors"):
            server.spawn()
        settings.write_text(sane)
        (data_dir / "postgres" / "cluster" / "postmaster.pid").write_text("")  # what a full disk leaves
        server.spawn()
        wait_until(lambda: answers(socket_folder_of(data_dir / "postgres"), roles.APP, roles.DATABASE), "it answers")


def test_a_pid_file_whose_number_now_belongs_to_another_program_does_not_stop_it(data_dir: Path) -> None:
    server = begin(data_dir)
    assert server.process is not None
    server.process.kill()
    server.process.wait()
    pid_file = data_dir / "postgres" / "cluster" / "postmaster.pid"
    _, *rest = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *rest]))
    with begin(data_dir) as again:
        psycopg.connect(again.url()).close()


def test_the_second_of_two_at_once_attaches_to_the_first(data_dir: Path) -> None:
    then = "print(json.dumps(server.attached), flush=True); sys.stdin.read(); server.stop()"
    both = [in_another_process(data_dir, then, ()) for _ in range(2)]
    try:
        attached = [json.loads(process.stdout.readline()) for process in both if process.stdout]
        assert sorted(attached) == [False, True]
    finally:
        for process in both:
            process.kill()
            process.communicate()


def test_stopping_an_attached_server_leaves_it_running(data_dir: Path) -> None:
    with begin(data_dir) as server:
        second = begin(data_dir)
        assert second.attached
        second.stop()
        psycopg.connect(server.url()).close()


def test_it_ends_with_the_process_that_started_it(data_dir: Path) -> None:
    process = in_another_process(data_dir, "print(server.process.pid, flush=True); time.sleep(1000)")
    assert process.stdout is not None
    postmaster = int(process.stdout.readline())
    assert processes.is_running(postmaster)
    process.kill()
    process.communicate()
    wait_until(lambda: not processes.is_running(postmaster), "the server was gone")


def test_a_server_that_somebody_else_started_on_the_files_is_left_alone(data_dir: Path) -> None:
    with begin(data_dir) as server:
        folder = server.folder
        (folder / "lock").unlink()  # as if that server had been started without us
        with pytest.raises(SetupError, match=rf"process {postmaster_pid(data_dir)}\) uses .*; stop it"):
            begin(data_dir)
        psycopg.connect(server.url()).close()


def test_it_refuses_files_of_another_version_and_says_what_to_do(data_dir: Path) -> None:
    begin(data_dir).stop()
    (data_dir / "postgres" / "cluster" / "PG_VERSION").write_text("15\n")
    with pytest.raises(SetupError, match=r"made by PostgreSQL 15, and the installed one is 18; carry it over"):
        begin(data_dir)


def test_it_says_why_the_server_did_not_start(data_dir: Path) -> None:
    begin(data_dir).stop()
    with (data_dir / "postgres" / "cluster" / "postgresql.conf").open("a") as settings:
        settings.write("shared_buffers = 'plenty'\n")
    with pytest.raises(SetupError, match=r"PostgreSQL did not start: .*contains errors \(see .*log\)"):
        begin(data_dir)


def test_a_socket_folder_that_is_not_ours_is_refused(data_dir: Path, tmp_path: Path) -> None:
    begin(data_dir).stop()
    socket_folder = cluster.socket_folder_of(data_dir / "postgres")
    assert not socket_folder.exists()  # a stopped server leaves nothing outside the data folder
    (tmp_path / "trap").mkdir()
    socket_folder.symlink_to(tmp_path / "trap")
    try:
        with pytest.raises(SetupError, match="belongs to somebody else"):
            begin(data_dir)
    finally:
        socket_folder.unlink()


def test_nobody_reaches_it_over_the_network_or_from_another_account(running: Server) -> None:
    with psycopg.connect(running.url()) as app:
        assert app.execute("SHOW listen_addresses").fetchone() == ("",)
    socket_folder = cluster.socket_folder_of(running.folder)
    assert socket_folder.stat().st_mode & 0o777 == 0o700
    assert len(str(socket_folder / ".s.PGSQL.5432")) < 107


def test_the_urls_for_other_programs_are_written_down(running: Server) -> None:
    assert (running.folder / "url").read_text() == running.url(roles.APP) + "\n"
    assert (running.folder / "owner_url").read_text() == running.url(roles.OWNER) + "\n"
    assert (running.folder / "url").stat().st_mode & 0o077 == 0


def test_the_application_may_use_the_tables_of_the_owner_but_not_make_any(running: Server) -> None:
    with psycopg.connect(running.url(roles.OWNER)) as owner:
        owner.execute("CREATE TABLE thing (id bigserial PRIMARY KEY, name text)")
    with psycopg.connect(running.url(), autocommit=True) as app:
        app.execute("INSERT INTO thing (name) VALUES ('bottle')")
        assert app.execute("UPDATE thing SET name = 'jar' RETURNING id, name").fetchall() == [(1, "jar")]
        for forbidden in ("CREATE TABLE mine (id int)", "TRUNCATE thing", "DROP TABLE thing"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(forbidden)


def test_no_role_that_is_handed_out_sees_past_row_level_security(running: Server) -> None:
    with psycopg.connect(running.url()) as app:
        rows = app.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb FROM pg_roles WHERE rolname LIKE 'vf%' ORDER BY 1"
        ).fetchall()
    assert rows == [("vf_app", False, False, False), ("vf_owner", False, False, False), ("vf_test", False, False, True)]


def test_stopping_ends_open_connections_politely(data_dir: Path) -> None:
    server = begin(data_dir)
    assert server.process is not None
    process = server.process
    connection = psycopg.connect(server.url())
    server.stop()
    assert process.returncode == 0
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    connection.close()


def test_the_log_says_who_stopped_the_server(data_dir: Path) -> None:
    server = begin(data_dir)
    assert server.process is not None
    server.process.send_signal(signal.SIGINT)
    server.process.wait()
    assert "received fast shutdown request" in (data_dir / "postgres" / "log").read_text()
    server.stop()


def test_the_statements_for_a_server_of_your_own_name_both_roles_and_no_password() -> None:
    printed = roles.statements()
    assert "CREATE ROLE vf_owner LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD '...';" in printed
    assert "CREATE ROLE vf_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD '...';" in printed
    assert "CREATE DATABASE visualforge OWNER vf_owner;" in printed
