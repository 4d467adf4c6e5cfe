"""Who may read which bytes, and with which headers."""

from __future__ import annotations

import io
import time
import uuid
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core import signing
from django.template import Context, Template, TemplateSyntaxError
from django.test import Client
from PIL import Image
from pytest_django import DjangoAssertNumQueries

from apps.accounts.models import Role, Workspace
from apps.assets import links, services
from apps.assets.models import Asset, Blob, Rendition
from apps.assets.selectors import signed_url
from apps.assets.storage import BlobStore
from apps.core.errors import NotFound
from apps.core.tenancy import tenant_scope
from tests.integration.assets.conftest import photo_bytes, signed_in


@pytest.fixture
def asset(workspace: Workspace) -> Asset:
    return services.keep_photo(workspace, photo_bytes(size=(1000, 700)), file_name="Red böot.jpg")


def address(asset: Asset, spec: str, workspace: Workspace | None = None) -> str:
    return f"/w/{(workspace or asset.workspace).slug}/assets/{asset.id}/{spec}"


def count(model: type[Blob] | type[Rendition], workspace: Workspace) -> int:
    with tenant_scope(workspace.id):
        return model.objects.count()


def test_a_picture_is_served_for_ever_and_only_as_what_it_is(browser: Client, asset: Asset) -> None:
    answer = browser.get(address(asset, "webp-320"))
    assert answer.status_code == 200
    assert Image.open(io.BytesIO(answer.content)).size == (320, 224)
    assert answer["Content-Type"] == "image/webp"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("default-src 'none'; sandbox")
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["Cache-Control"] == "private, max-age=31536000, immutable"
    assert answer["Content-Disposition"] == "inline; filename=\"Red b_ot.webp\"; filename*=UTF-8''Red%20b%C3%B6ot.webp"
    again = browser.get(address(asset, "webp-320"), headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("spec", "kind", "size"),
    [
        ("original", "PNG", (1000, 700)),
        ("png", "PNG", (1000, 700)),
        ("webp-1280", "WEBP", (1000, 700)),
        ("jpeg", "JPEG", (1000, 700)),
        ("webp", "WEBP", (1000, 700)),
    ],
)
def test_renditions_are_made_when_first_asked_for_and_kept(
    browser: Client, workspace: Workspace, asset: Asset, spec: str, kind: str, size: tuple[int, int]
) -> None:
    first = browser.get(address(asset, spec))
    made = count(Rendition, workspace)
    picture = Image.open(io.BytesIO(first.content))
    assert (picture.format, picture.size) == (kind, size)
    assert browser.get(address(asset, spec)).content == first.content
    assert count(Rendition, workspace) == made


def test_nobody_can_invent_a_rendition(browser: Client, workspace: Workspace, asset: Asset) -> None:
    before = (count(Blob, workspace), count(Rendition, workspace))
    for spec in ("webp-321", "webp-0", "avif-640", "preview-0123456789abcdef01234567", "svg"):
        assert browser.get(address(asset, spec)).status_code == 404, spec
    assert (count(Blob, workspace), count(Rendition, workspace)) == before


def test_a_rendition_that_somebody_stored_is_served(browser: Client, workspace: Workspace, asset: Asset) -> None:
    blob = services.keep_blob(
        workspace, photo_bytes(9, file_format="WEBP"), content_type="image/webp", width=120, height=90
    )
    with tenant_scope(workspace.id):
        Rendition.objects.create(workspace=workspace, asset=asset, spec="preview-x", blob=blob)
    assert browser.get(address(asset, "preview-x"))["Content-Type"] == "image/webp"


def test_several_renditions_come_from_one_decode(asset: Asset, monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.assets.services import keeping

    calls: list[list[str]] = []
    real = keeping.derive
    monkeypatch.setattr(
        keeping,
        "derive",
        lambda data, **options: calls.append([s.name for s in options["specs"]]) or real(data, **options),
    )
    services.ensure_renditions(asset, ["webp-320", "webp-1280", "webp-2048", "png"])
    services.ensure_renditions(asset, ["webp-1280", "webp-2048"])
    assert calls == [["webp-1280", "webp-2048"]]


def test_strangers_and_other_tenants_get_nothing(asset: Asset, workspace: Workspace, rival: Workspace) -> None:
    theirs = signed_in(rival, Role.OWNER)
    assert Client().get(address(asset, "original")).status_code == 302
    assert theirs.get(address(asset, "original")).status_code == 404
    assert theirs.get(address(asset, "original", rival)).status_code == 404
    assert theirs.get(address(asset, "webp-2048", rival)).status_code == 404
    assert count(Rendition, workspace) == 2
    assert signed_in(workspace, Role.VIEWER).get(address(asset, "original")).status_code == 200


def test_another_tenant_s_upload_is_not_found(browser: Client, workspace: Workspace, rival: Workspace) -> None:
    upload = services.receive_upload(rival, file=io.BytesIO(photo_bytes()), file_name="a.jpg")
    for slug in (workspace.slug, rival.slug):
        answer = browser.post(f"/w/{slug}/uploads/{upload.id}/complete", headers={"Accept": "application/json"})
        assert answer.status_code == 404


def test_a_link_opens_without_a_session_until_it_expires(asset: Asset, monkeypatch: pytest.MonkeyPatch) -> None:
    url = signed_url(asset, "jpeg", download_name="SKU-1 set.jpg")
    answer = Client().get(url)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Content-Disposition"].startswith('attachment; filename="SKU-1 set.jpg"')
    age = int(answer["Cache-Control"].removeprefix("private, max-age="))
    assert links.LIFETIME_S - 5 <= age <= 2 * links.LIFETIME_S
    late = time.time() + 2 * links.LIFETIME_S
    monkeypatch.setattr(links.time, "time", lambda: late)
    expired = Client().get(url, headers={"Accept": "application/json"})
    assert (expired.status_code, expired.json()["error"]["code"]) == (403, "assets.link_expired")


def test_a_link_that_was_tampered_with_is_not_found(asset: Asset, rival: Workspace) -> None:
    token = links.sign(asset.workspace_id, asset.id, spec="original")
    body, _, signature = token.rpartition(":")
    other = links.sign(rival.id, asset.id, spec="original")
    forged = signing.Signer(key="guessed", salt="apps.assets.links").sign_object([1, 2, 3, 4, 9_999_999_999])
    elsewhere = signing.Signer(salt="another purpose").sign_object(
        [asset.workspace_id.hex, asset.id.hex, "original", "", 9_999_999_999]
    )
    for bad in (token[:-1], token + "a", f"{body[:-1]}:{signature}", other, forged, elsewhere, "x", ":", "é"):
        assert Client().get(f"/files/{bad}").status_code == 404, bad


def test_a_link_dies_with_its_picture(asset: Asset) -> None:
    url = signed_url(asset)
    assert Client().get(url).status_code == 200
    with tenant_scope(asset.workspace_id):
        asset.renditions.all().delete()
        asset.delete()
    assert Client().get(url).status_code == 404


def test_links_of_one_page_are_the_same_within_a_window(asset: Asset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links.time, "time", lambda: 1_800_000_010.0)
    first = signed_url(asset, "webp-320")
    monkeypatch.setattr(links.time, "time", lambda: 1_800_000_200.0)
    assert signed_url(asset, "webp-320") == first
    assert links.read(first.removeprefix("/files/")).expires_at == 1_800_000_600


def test_missing_bytes_are_said_and_not_a_crash(browser: Client, asset: Asset) -> None:
    from apps.assets.storage import blob_store

    blob_store().remove(asset.blob.storage_key)
    answer = browser.get(address(asset, "original"), headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "assets.bytes_missing")


def test_an_unknown_rendition_of_a_service_is_not_found(asset: Asset) -> None:
    with pytest.raises(NotFound):
        services.ensure_rendition(asset, "webp-31")


# ---- templates


def rendered(source: str, asset: Asset, **context: object) -> str:
    return Template("{% load asset_urls %}" + source).render(Context({"asset": asset, **context}))


def test_a_page_of_pictures_costs_no_query(
    asset: Asset, workspace: Workspace, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    source = '{% asset_url asset "webp-640" %} {% asset_srcset asset "320 640 1280 2048" %}'
    with django_assert_num_queries(0):
        text = rendered(source, asset, workspace=workspace)
    base = f"/w/{workspace.slug}/assets/{asset.id}"
    assert text == f"{base}/webp-640 {base}/webp-320 320w, {base}/webp-640 640w, {base}/webp-1280 1000w"


def test_a_width_that_does_not_exist_is_an_error_of_the_template(asset: Asset, workspace: Workspace) -> None:
    with pytest.raises(TemplateSyntaxError, match="webp-500"):
        rendered('{% asset_srcset asset "500" %}', asset, workspace=workspace)


def test_an_address_follows_the_asset_and_not_the_page(asset: Asset, rival: Workspace) -> None:
    with tenant_scope(asset.workspace_id):
        assert rendered("{% asset_url asset %}", asset, workspace=rival) == address(asset, "original")


# ---- a bucket


def test_with_a_bucket_pictures_come_from_there_by_short_lived_links(
    bucket: object, workspace: Workspace, browser: Client, asset: Asset
) -> None:
    for answer in (browser.get(address(asset, "webp-320")), Client().get(signed_url(asset, "webp-320", "a b.webp"))):
        assert answer.status_code == 302
        parts = urlsplit(answer["Location"])
        query = parse_qs(parts.query)
        assert parts.netloc == "vf-media.s3.amazonaws.com"
        assert parts.path.startswith(f"/blobs/{workspace.id}/")
        assert int(query["X-Amz-Expires"][0]) <= 300
        assert query["response-content-type"] == ["image/webp"]
        assert "no-store" not in answer["Cache-Control"]
        assert int(answer["Cache-Control"].removeprefix("private, max-age=")) < 300
    assert query["response-content-disposition"][0].startswith('attachment; filename="a b.webp"')


def test_uuids_that_name_nothing_are_not_found(browser: Client, workspace: Workspace, store: BlobStore) -> None:
    assert browser.get(f"/w/{workspace.slug}/assets/{uuid.uuid4()}/original").status_code == 404
