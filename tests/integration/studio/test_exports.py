"""Files for marketplaces: asked for, made, read back, judged, signed, packed; on the real queue and library."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from apps.accounts.models import Workspace
from apps.core.errors import Conflict, InvalidInput
from apps.core.tenancy import tenant_scope
from apps.jobs.models import Job, JobState
from apps.studio import selectors, services
from apps.studio.exports import selectors as export_reads
from apps.studio.exports.identity import signing_identity
from apps.studio.exports.verdicts import is_genuine
from apps.studio.models import Export, ExportFile, Product, Shoot
from apps.studio.services.exports import Wishes, request_export
from tests.factories import make_workspace
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
        return request_export(
            workspace,
            shots=list(selectors.shots(made)) if made else [],
            products=[product] if product else [],
            **{**wish, **changes},  # type: ignore[arg-type]
        )


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
    assert is_genuine(file.verdict, signing_identity().chain_pem)
    assert not is_genuine(file.verdict | {"passed": False}, signing_identity().chain_pem)
    pixels = np.asarray(Image.open(io.BytesIO(bytes_of(workspace, file))))
    assert pixels.shape == (800, 800, 3)
    assert (pixels[:16] == 255).all()
    assert (pixels[:, -16:] == 255).all()
