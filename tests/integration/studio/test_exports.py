"""Files for marketplaces: asked for, made, read back, judged, signed, packed; on the real queue and library."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from apps.accounts.models import Workspace
from apps.core.errors import Conflict, InvalidInput
from apps.core.tenancy import tenant_scope
from apps.jobs.models import Job, JobState, Outbox
from apps.studio import selectors, services
from apps.studio.exports import selectors as export_reads
from apps.studio.exports import zip_items as shot_files
from apps.studio.exports.archive import zip_chunks
from apps.studio.exports.identity import signing_identity
from apps.studio.exports.packing import archive_items
from apps.studio.models import Export, ExportFile, Product, Shoot, Shot
from apps.studio.services.exports import FILES_IN_REQUEST, Wishes, request_export
from inference.pipelines.provenance import is_genuine_verdict
from tests.factories import make_shot, make_workspace, owner_of
from tests.integration.studio.test_shoots import ready_product, shoot, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


@pytest.fixture
def product(workspace: Workspace) -> Product:
    return ready_product(workspace)


def finished(workspace: Workspace, product: Product, **changes: object) -> Shoot:
    made = shoot(workspace, product, **changes)
    work(workspace)
    return made


def ask(
    workspace: Workspace, *, product: Product | None = None, made: Shoot | None = None, **changes: object
) -> Export:
    wish: dict[str, object] = {"profiles": ["jd-main"], "wishes": Wishes(enlarge=True), "by": None}
    with tenant_scope(workspace.id):
        wish |= {"shots": list(selectors.shots(made)) if made else [], "products": [product] if product else []}
        return request_export(workspace, **{**wish, **changes})  # type: ignore[arg-type]


def files_of(workspace: Workspace, export: Export) -> list[ExportFile]:
    with tenant_scope(workspace.id):
        return list(export_reads.files(export))


def bytes_of(workspace: Workspace, file: ExportFile) -> bytes:
    from apps.assets.selectors import read_bytes

    with tenant_scope(workspace.id):
        assert file.blob is not None
        return read_bytes(file.blob)


def test_a_white_main_image_is_written_judged_and_signed(workspace: Workspace, product: Product) -> None:
    export = ask(workspace, product=product)
    [job] = work(workspace)
    [file] = files_of(workspace, export)

    assert (job.state, job.error_code) == (JobState.SUCCEEDED, "")
    assert file.passed, [check for check in file.verdict["checks"] if not check["passed"]]
    assert file.name == "jd/FC-7_01.jpg"
    assert is_genuine_verdict(file.verdict, signing_identity().chain_pem)
    assert not is_genuine_verdict(file.verdict | {"passed": False}, signing_identity().chain_pem)
    pixels = np.asarray(Image.open(io.BytesIO(bytes_of(workspace, file))))
    assert pixels.shape == (800, 800, 3)
    assert (pixels[:16] == 255).all()
    assert (pixels[:, -16:] == 255).all()


def archive_of(workspace: Workspace, export: Export, *, with_failed: bool = False) -> zipfile.ZipFile:
    with tenant_scope(workspace.id):
        items = archive_items(export, with_failed=with_failed, language="en")
        return zipfile.ZipFile(io.BytesIO(b"".join(zip_chunks(items))))


def client_of(workspace: Workspace) -> Client:
    client = Client()
    client.force_login(owner_of(workspace).user)
    return client


def test_shots_and_products_give_one_file_for_every_profile_that_fits(workspace: Workspace, product: Product) -> None:
    made = finished(workspace, product, formats=["1:1", "4:5"])
    export = ask(workspace, made=made, profiles=["shopify", "douyin-tall", "jd-main", "psd-layers"])
    jobs = work(workspace)
    files = files_of(workspace, export)

    assert [file.name for file in files] == [
        "shopify/FC-7_white-sweep_01.jpg",
        "shopify/FC-7_white-sweep_02.jpg",
        "douyin/FC-7_white-sweep_01.jpg",  # both shots would give the same picture at 3:4
        "jd/FC-7_01.jpg",
        "originals/FC-7_white-sweep_01.psd",
        "originals/FC-7_white-sweep_02.psd",
    ]
    assert [job.state for job in jobs] == [JobState.SUCCEEDED] * 6
    assert [file.sidecar is not None for file in files] == [False] * 4 + [True] * 2


def test_a_photo_that_is_too_small_is_not_accepted_and_the_page_tells_why(
    workspace: Workspace, product: Product
) -> None:
    export = ask(workspace, product=product, profiles=["amazon-main"], wishes=Wishes())
    work(workspace)
    [file] = files_of(workspace, export)
    page = client_of(workspace).get(reverse("studio:export", args=[workspace.slug, export.id])).content.decode()

    assert file.blob is not None
    assert not file.passed
    assert f"Photo too small for zoom: 1000 px needed, yours gives {file.blob.width} px." in page
    assert "export again with “Enlarge small photos”" in page


def test_the_zip_holds_accepted_files_their_signed_verdicts_and_a_page(workspace: Workspace, product: Product) -> None:
    export = ask(workspace, product=product, profiles=["jd-main", "jd-transparent", "walmart-main"])
    work(workspace)
    archive = archive_of(workspace, export)
    told = json.loads(archive.read("report.json"))

    assert archive.testzip() is None
    assert archive.namelist() == [
        "jd/FC-7_01.jpg",
        "jd/FC-7_透明图.png",
        "report.html",
        "report.json",
        "certificate.pem",
    ]
    assert [entry["state"] for entry in told["files"]] == ["passed", "passed", "failed"]
    assert all(is_genuine_verdict(entry["verdict"], archive.read("certificate.pem")) for entry in told["files"])
    assert {profile["key"] for profile in told["profiles"]} == {"jd-main", "jd-transparent", "walmart-main"}
    assert "GTIN" in archive.read("report.html").decode()
    everything = archive_of(workspace, export, with_failed=True).namelist()
    assert everything[2] == "not-accepted/walmart/FC-7.jpg"


def test_a_double_click_is_one_export(workspace: Workspace, product: Product) -> None:
    first = ask(workspace, product=product, token="page-1")
    again = ask(workspace, product=product, token="page-1")
    other = ask(workspace, product=product, token="page-1", profiles=["jd-transparent"])
    assert first.id == again.id != other.id
    with tenant_scope(workspace.id):
        assert Job.objects.filter(kind="studio.export").count() == 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"profiles": []}, "export.no_profile"),
        ({"profiles": ["nowhere"]}, "export.profile_unknown"),
        ({"wishes": Wishes(template="{colour}")}, "export.token_unknown"),
        ({"wishes": Wishes(template="{sku")}, "export.template_unusable"),
        ({"profiles": ["shopify"]}, "export.nothing_to_export"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_queued(
    workspace: Workspace, product: Product, changes: dict[str, object], code: str
) -> None:
    with pytest.raises((InvalidInput, Conflict)) as caught:
        ask(workspace, product=product, **changes)
    assert caught.value.code == code
    with tenant_scope(workspace.id):
        assert Export.objects.count() == ExportFile.objects.count() == 0
        assert Job.objects.filter(kind="studio.export").count() == 0


def test_a_choice_that_is_too_large_for_some_profiles_still_opens_and_says_so_beside_them(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    shots = [make_shot(workspace) for _ in range(3)]
    monkeypatch.setattr("apps.studio.services.exports.MOST_FILES", 2)
    monkeypatch.setattr("apps.studio.exports.choosing.MOST_FILES", 2)
    client = client_of(workspace)
    wish = {"shot": [str(shot.id) for shot in shots], "product": str(shots[0].product_id)}
    page = client.get(reverse("studio:new_export", args=[workspace.slug]), wish)
    assert page.status_code == 200
    text = page.content.decode()
    assert 'value="shopify" data-files="3" disabled' in text
    assert "3 files · too many for one export; choose fewer" in text

    refused = client.post(reverse("studio:create_export", args=[workspace.slug]), wish | {"profile": "shopify"})
    assert refused.status_code == 400
    assert "That would be 3 files" in refused.content.decode()


def twins_of(workspace: Workspace, count: int) -> list[Shot]:
    """``count`` finished shots of one product, each of another variation."""
    first = make_shot(workspace)
    twins = [Shot(workspace=workspace, shoot=first.shoot, product=first.product) for _ in range(count - 1)]
    for position, twin in enumerate(twins):
        twin.position, twin.spec, twin.asset = 10_000 + position, first.spec | {"seed": position}, first.asset
    with tenant_scope(workspace.id):
        Shot.objects.bulk_create(twins)
    return [first, *twins]


def test_hundreds_of_files_are_written_down_in_a_few_statements_and_one_by_one_in_the_queue(
    workspace: Workspace, django_assert_max_num_queries: Any
) -> None:
    shots = twins_of(workspace, FILES_IN_REQUEST)
    with django_assert_max_num_queries(30):
        export = ask(workspace, profiles=["shopify"], shots=shots)
    with tenant_scope(workspace.id):
        files = list(ExportFile.objects.filter(export=export).select_related("job").order_by("position"))
        assert Outbox.objects.count() == len(files) == len({file.name for file in files}) == FILES_IN_REQUEST
        assert [file.job.params["file"] for file in files if file.job] == [str(file.id) for file in files]
        assert {(file.job.batch_id, file.job.state) for file in files if file.job} == {(export.batch_id, "queued")}


def test_hostile_names_stay_inside_the_archive(workspace: Workspace, product: Product) -> None:
    with tenant_scope(workspace.id):
        Product.objects.filter(pk=product.pk).update(sku="../../../etc/cron.d/x", name="CON")
        hostile = selectors.get_product(workspace, product.id)
    export = ask(workspace, product=hostile, wishes=Wishes(template="{name}/{sku}", enlarge=True))
    work(workspace)
    assert [file.name for file in files_of(workspace, export)] == ["_CON/etc-cron.d-x.jpg"]


def test_a_full_disk_leaves_the_file_unwritten_and_a_retry_writes_it(
    workspace: Workspace, product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.assets.storage import LocalStorage

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    export = ask(workspace, product=product)
    with monkeypatch.context() as patch:
        patch.setattr(LocalStorage, "_save", full)
        [job] = work(workspace)
    [file] = files_of(workspace, export)
    assert (job.state, job.error_code) == (JobState.QUEUED, "assets.storage_full")
    assert (file.blob_id, file.passed, file.verdict) == (None, False, {})

    with tenant_scope(workspace.id):
        Outbox.objects.filter(job_id=job.pk).update(ready_at=job.created_at)
    work(workspace)
    assert files_of(workspace, export)[0].passed


def verified(workspace: Workspace, data: bytes, name: str = "a.jpg", beside: bytes | None = None) -> str:
    files = [SimpleUploadedFile(name, data)]
    if beside is not None:
        files.append(SimpleUploadedFile(f"{name}.c2pa", beside))
    address = reverse("studio:inspect_file", args=[workspace.slug])
    answer = client_of(workspace).post(address, {"file": files}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_verify_page_knows_our_files_and_what_became_of_them(workspace: Workspace, product: Product) -> None:
    export = ask(workspace, product=product)
    work(workspace)
    [file] = files_of(workspace, export)
    data = bytes_of(workspace, file)
    altered = bytearray(data)
    altered[-40] ^= 1
    stripped, resaved = io.BytesIO(), io.BytesIO()
    Image.open(io.BytesIO(data)).save(stripped, "PNG")
    Image.open(io.BytesIO(data)).save(resaved, "JPEG", quality=60)

    assert "has not been changed since" in (page := verified(workspace, data))
    assert "jd/FC-7_01.jpg" in page
    assert "somebody changed it" in verified(workspace, bytes(altered))
    assert "its credentials were removed" in verified(workspace, stripped.getvalue())
    assert "says nothing about its origin" in verified(workspace, resaved.getvalue())
    assert "has not been changed since" in verified(make_workspace(), data), "ours in every workspace"
    assert "FC-7" not in verified(make_workspace(), stripped.getvalue()), "but its rows stay at home"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("<script>.jpg", b"<script>alert(1)</script>"),
        ("../../x.png", b"\x89PNG\r\n\x1a\n" + bytes(4000)),
        ("x.psd", b"8BPS\0\1" + b"\xff" * 4000),
        ("x.tif", b"II*\0" + b"\xff" * 4000),
        ("empty.jpg", b"\xff"),
    ],
)
def test_the_verify_page_survives_hostile_files(workspace: Workspace, name: str, data: bytes) -> None:
    page = verified(workspace, data, name)
    assert "no picture that can be examined" in page
    assert "<script>" not in page


def test_a_layered_file_is_verified_with_its_credentials_beside_it(workspace: Workspace, product: Product) -> None:
    export = ask(workspace, made=finished(workspace, product), profiles=["psd-layers"])
    work(workspace)
    [file] = files_of(workspace, export)
    data = bytes_of(workspace, file)
    archive = archive_of(workspace, export)
    beside = archive.read(f"{file.name}.c2pa")

    assert file.passed, [check for check in file.verdict["checks"] if not check["passed"]]
    assert "has not been changed since" in verified(workspace, data, "a.psd"), "we know our own credentials"
    assert "has not been changed since" in verified(make_workspace(), data, "a.psd", beside)
    assert "nothing proves it" in verified(make_workspace(), data, "a.psd")


def test_every_download_of_a_shot_is_labelled_and_signed(workspace: Workspace, product: Product) -> None:
    made = finished(workspace, product)
    with tenant_scope(workspace.id):
        shot = selectors.shots(made)[0]
    client = client_of(workspace)
    for file_format in ("png", "jpeg", "webp"):
        address = reverse("studio:shot_download", args=[workspace.slug, shot.id])
        answer = client.get(address, {"format": file_format})
        assert answer["Content-Type"] == f"image/{file_format}"
        assert "has not been changed since" in verified(workspace, answer.content, f"a.{file_format}")


def test_what_was_not_accepted_comes_first_on_the_page(workspace: Workspace, product: Product) -> None:
    export = ask(workspace, product=product, profiles=["jd-main", "walmart-main"])
    work(workspace)
    page = client_of(workspace).get(reverse("studio:export", args=[workspace.slug, export.id])).content.decode()
    assert 0 < page.index("walmart/FC-7.jpg") < page.index("jd/FC-7_01.jpg")
    listed = client_of(workspace).get(reverse("studio:exports", args=[workspace.slug])).content.decode()
    assert reverse("studio:export", args=[workspace.slug, export.id]) in listed
    assert "1 of 2 accepted" in listed


def test_a_zip_holds_the_kept_shots_under_speaking_names(workspace: Workspace) -> None:
    made = finished(workspace, ready_product(workspace), variations=2)
    with tenant_scope(workspace.id):
        services.set_verdict(selectors.shots(made)[1], verdict="reject")
        items = shot_files(made, which="kept")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(zip_chunks(items))))

    assert archive.testzip() is None
    assert archive.namelist() == ["FC-7_white-sweep_1x1_01.png"]
    assert archive.read(archive.namelist()[0])[:8] == b"\x89PNG\r\n\x1a\n"


def test_an_empty_selection_is_a_clear_word_not_an_empty_zip(workspace: Workspace) -> None:
    made = finished(workspace, ready_product(workspace), variations=2)
    with tenant_scope(workspace.id), pytest.raises(Conflict) as caught:
        shot_files(made, which="starred")
    assert caught.value.code == "studio.nothing_to_download"


def test_a_shot_of_a_renewed_set_is_exported_from_its_master(workspace: Workspace, product: Product) -> None:
    made = finished(workspace, product)
    with tenant_scope(workspace.id):
        asset = selectors.shots(made)[0].asset
        asset.recipe = {**asset.recipe, "set": {**asset.recipe["set"], "plates_sha256": "0" * 64}}
        asset.recipe["output"] = {**asset.recipe["output"], "size": [1, 1]}
        asset.save(update_fields=["recipe"])
    export = ask(workspace, made=made, profiles=["png-master", "pinduoduo-main", "douyin-tall", "psd-layers"])
    work(workspace)
    found = {file.profile: (file.passed, file.job.error_code) for file in files_of(workspace, export) if file.job}
    assert found == {
        "png-master": (True, ""),
        "pinduoduo-main": (True, ""),
        "douyin-tall": (False, "export.shot_changed"),
        "psd-layers": (False, "export.shot_changed"),
    }
