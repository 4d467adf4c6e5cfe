"""The ZIP of an export while it is sent: few rows and one file at a time, whatever happens on the way."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import AsyncClient
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.assets import selectors as asset_store
from apps.assets.models import Blob
from apps.assets.storage import blob_store
from apps.core.errors import Unavailable
from apps.core.tenancy import tenant_scope
from apps.jobs.models import JobState
from apps.studio.exports import packing, report_pages
from apps.studio.exports.archive import zip_chunks, zip_response
from apps.studio.exports.identity import signing_identity
from apps.studio.models import Export, ExportFile
from inference.pipelines.rules import Check, FileReport
from inference.pipelines.signed_report import judge_report
from tests.factories import make_blob, make_export_file, make_job, make_workspace, owner_of

pytestmark = pytest.mark.django_db(transaction=True)


def verdict(name: str, blob: Blob, *, passed: bool = True) -> dict[str, Any]:
    from apps.studio.exports.verdicts import signed_verdict

    found = None if passed else "L"
    check = Check("rgb8", "required", passed=passed, needed=True, found=found)
    report = FileReport(passed, blob.sha256, blob.size_bytes, 24, 24, "", (check,))
    return signed_verdict(report, name=name, profile="shopify 2026-11", quality=90)


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def make_export(workspace: Workspace, count: int, *, failed: tuple[int, ...] = ()) -> Export:
    """``count`` written files; those in ``failed`` were not accepted."""
    first = make_export_file(workspace, name="shopify/0000.png")
    for number in range(count):
        name, blob = f"{number:04d}.png", make_blob(workspace)
        values = {"blob": blob, "passed": number not in failed, "name": f"shopify/{name}", "position": number}
        values["verdict"] = verdict(name, blob, passed=number not in failed)
        with tenant_scope(workspace.id):
            if number == 0:
                ExportFile.objects.filter(pk=first.pk).update(**values)
            else:
                same = {"export": first.export, "product": first.product, "profile": "shopify"}
                ExportFile.objects.create(workspace=workspace, profile_version="2026-11", **same, **values)
    return first.export


def chunks(export: Export, *, with_failed: bool = False, language: str = "en") -> Iterator[bytes]:
    return zip_chunks(packing.archive_items(export, with_failed=with_failed, language=language), language=language)


def packed(export: Export, *, with_failed: bool = False, language: str = "en") -> zipfile.ZipFile:
    archive = zipfile.ZipFile(io.BytesIO(b"".join(chunks(export, with_failed=with_failed, language=language))))
    assert archive.testzip() is None
    return archive


def files(export: Export) -> list[ExportFile]:
    with tenant_scope(export.workspace_id):
        return list(ExportFile.objects.filter(export=export).select_related("blob").order_by("position"))


def told(archive: zipfile.ZipFile) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(archive.read("report.json"))
    return found


def test_rows_come_some_at_a_time_and_each_file_once(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "ROWS_AT_ONCE", 2)
    export = make_export(workspace, 5, failed=(3,))
    archive = packed(export)
    assert archive.namelist() == [
        *(f"shopify/{number:04d}.png" for number in (0, 1, 2, 4)),
        "report.html",
        "report.json",
        "certificate.pem",
    ]
    found = told(archive)
    assert [entry["state"] for entry in found["files"]] == ["passed", "passed", "passed", "failed", "passed"]
    assert [entry["path"] for entry in found["files"]][2:4] == ["shopify/0002.png", None]
    assert (found["total"], found["asked_for"], found["passed"], found["export"]) == (5, 5, 4, str(export.id))
    with tenant_scope(workspace.id):
        Export.objects.filter(pk=export.pk).update(choices={"files": 9, "unbegun": "open"})
    assert told(packed(export))["asked_for"] == 9
    assert judge_report(io.BytesIO(archive.read("report.json")), signing_identity().chain_pem).is_genuine
    assert packed(export, with_failed=True).namelist()[3] == "not-accepted/shopify/0003.png"


def test_a_report_of_many_files_is_one_page_for_every_few_hundred(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_pages, "ROWS_A_PAGE", 2)
    export = make_export(workspace, 5, failed=(1, 4))
    archive = packed(export)
    pages = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".html")}
    assert list(pages) == ["report/0001.html", "report/0002.html", "report/0003.html", "report.html"]
    whole = pages.pop("report.html")
    assert "3 of 5 files are as the marketplace wants them." in whole
    assert "The first 2 files that were not accepted" in whole
    assert [name for name in pages if f'href="{name}"' in whole] == list(pages)
    assert [f"{number:04d}.png" in whole for number in range(5)] == [True, True, True, False, True], "firsts and failed"
    assert all('href="../report.html"' in page for page in pages.values())
    assert [[f"{number:04d}.png" in page for number in range(5)].count(True) for page in pages.values()] == [2, 2, 1]


def test_the_report_speaks_the_language_of_who_downloads(workspace: Workspace) -> None:
    page = packed(make_export(workspace, 1), language="zh-hans").read("report.html").decode()
    assert '<html lang="zh-hans">' in page
    assert "导出报告" in page


def test_a_file_that_is_lost_leaves_the_others_and_is_named(workspace: Workspace) -> None:
    export = make_export(workspace, 3)
    lost = files(export)[1]
    assert lost.blob is not None
    blob_store().remove(lost.blob.storage_key)
    archive = packed(export)
    assert archive.namelist()[:2] == ["shopify/0000.png", "shopify/0002.png"]
    assert "shopify/0001.png: " in archive.read("MISSING-FILES.txt").decode()
    found = told(archive)
    assert [(entry["state"], entry["path"]) for entry in found["files"]][1] == ("lost", None)
    assert found["passed"] == 2
    assert "the storage has lost it" in archive.read("report.html").decode()
    assert judge_report(io.BytesIO(archive.read("report.json")), signing_identity().chain_pem).is_genuine


def test_a_storage_that_does_not_answer_breaks_the_download_off(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = make_export(workspace, 2)

    def down(blob: Blob) -> bytes:
        raise Unavailable("assets.storage_down")

    monkeypatch.setattr(asset_store, "read_bytes", down)
    with pytest.raises(Unavailable):
        packed(export)


def test_a_file_that_is_written_meanwhile_is_in_the_report_as_it_is_in_the_archive(workspace: Workspace) -> None:
    """Both are of one look at each row; the last file is written while the first is being sent."""
    export = make_export(workspace, 2)
    last = files(export)[1]
    waiting: dict[str, Any] = {
        "blob": None,
        "passed": False,
        "verdict": {},
        "job": make_job(workspace, state=JobState.QUEUED),
    }
    with tenant_scope(workspace.id):
        ExportFile.objects.filter(pk=last.pk).update(**waiting)
    assert [entry["state"] for entry in told(packed(export))["files"]] == ["passed", "open"]

    stream = chunks(export)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packing, "ROWS_AT_ONCE", 1)
        sent = next(stream)
        with tenant_scope(workspace.id):
            written = {"blob": last.blob, "passed": True, "verdict": last.verdict}
            ExportFile.objects.filter(pk=last.pk).update(**written)
        archive = zipfile.ZipFile(io.BytesIO(sent + b"".join(stream)))
    assert archive.namelist()[:2] == ["shopify/0000.png", "shopify/0001.png"]
    assert [entry["state"] for entry in told(archive)["files"]] == ["passed", "passed"]


def test_who_goes_away_is_not_read_for_any_longer(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    export = make_export(workspace, 4)
    read: list[str] = []
    real = asset_store.read_bytes

    def counted(blob: Blob) -> bytes:
        read.append(blob.storage_key)
        return real(blob)

    monkeypatch.setattr(asset_store, "read_bytes", counted)
    response = zip_response(packing.archive_items(export, with_failed=False, language="en"), file_name="a.zip")

    @async_to_sync
    async def first() -> bytes:
        async for chunk in response.streaming_content:  # type: ignore[union-attr]
            return bytes(chunk)
        return b""

    assert first()[:4] == b"PK\3\4"
    assert len(read) == 1, "the first bytes wait for the first file alone"
    before = open_scratch_files()
    response.close()
    assert len(read) == 1
    assert open_scratch_files() <= before
    connection.close()


def open_scratch_files() -> int:
    """Temporary files of archives that this process holds open."""
    folder = str(settings.QUARANTINE_DIR)
    return sum(str(link.readlink()).startswith(folder) for link in Path("/proc/self/fd").iterdir() if link.is_symlink())


def test_the_page_hands_the_archive_out_and_an_empty_export_says_so(workspace: Workspace) -> None:
    export = make_export(workspace, 2)
    address = reverse("studio:export_zip", args=[workspace.slug, export.id])
    person = owner_of(workspace).user

    @async_to_sync
    async def fetched() -> tuple[int, bytes]:
        client = AsyncClient()
        await client.aforce_login(person)
        answer: HttpResponseBase = await client.get(address)
        if isinstance(answer, HttpResponse):
            return answer.status_code, answer.content
        assert isinstance(answer, StreamingHttpResponse)
        return answer.status_code, b"".join([chunk async for chunk in answer])

    status, data = fetched()
    assert status == 200
    assert len(zipfile.ZipFile(io.BytesIO(data)).namelist()) == 5
    with tenant_scope(workspace.id):
        ExportFile.objects.filter(export=export).update(blob=None, passed=False)
    status, data = fetched()
    assert status == 409
    assert "Nothing is written yet" in data.decode()


def test_the_moment_of_the_archive_is_now(workspace: Workspace) -> None:
    info = packed(make_export(workspace, 1)).infolist()[0]
    assert info.date_time[:3] == timezone.localtime().timetuple()[:3]


def test_the_command_verifies_a_whole_archive(workspace: Workspace, tmp_path: Path) -> None:
    archive = tmp_path / "export.zip"
    archive.write_bytes(b"".join(chunks(make_export(workspace, 3, failed=(1,)), with_failed=True)))
    said = io.StringIO()
    call_command("verify_file", str(archive), stdout=said, skip_checks=True)
    found = json.loads(said.getvalue())
    assert (found["files"], found["report"]["verdicts"], found["report"]["is_whole"]) == (3, 3, True)

    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr("shopify/smuggled.png", b"x")
    with pytest.raises(SystemExit):
        call_command("verify_file", str(archive), stdout=io.StringIO(), skip_checks=True)
