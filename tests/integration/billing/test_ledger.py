from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.billing import selectors, services
from apps.billing.models import LedgerEntry
from apps.billing.types import Usage
from apps.core.ids import uuid7
from apps.core.tenancy import tenant_scope
from tests import factories

pytestmark = pytest.mark.django_db


def test_the_same_item_of_a_job_is_charged_once() -> None:
    house, job_id = factories.make_workspace(), uuid7()
    first = services.record(job_id, house, kind="studio.shot", cpu_ms=700)
    again = services.record(job_id, house, kind="studio.shot", cpu_ms=900)
    assert (again.id, again.cpu_ms) == (first.id, 700)
    with tenant_scope(house.id):
        assert LedgerEntry.objects.count() == 1


def test_several_items_of_a_job_are_charged_each() -> None:
    house, job_id = factories.make_workspace(), uuid7()
    for item in ("front", "back"):
        services.record(job_id, house, kind="studio.shot", item=item)
    with tenant_scope(house.id):
        assert LedgerEntry.objects.count() == 2


def test_usage_adds_up_what_was_made_in_the_span() -> None:
    house, now = factories.make_workspace(), timezone.now()
    for days, cpu_ms in ((40, 1), (2, 10), (1, 100)):
        entry = services.record(uuid7(), house, kind="studio.shot", cpu_ms=cpu_ms, size_bytes=5, price_micros=3)
        with tenant_scope(house.id):
            LedgerEntry.objects.filter(id=entry.id).update(created_at=now - timedelta(days=days))
    with tenant_scope(house.id):
        found = selectors.usage(house, since=now - timedelta(days=30), until=now - timedelta(days=1))
        everything = selectors.usage(house, since=now - timedelta(days=100))
    assert found == Usage(images=1, cpu_ms=10, gpu_ms=0, size_bytes=5, price_micros=3)
    assert everything == Usage(images=3, cpu_ms=111, gpu_ms=0, size_bytes=15, price_micros=9)


def test_usage_of_nothing_is_nothing() -> None:
    house = factories.make_workspace()
    with tenant_scope(house.id):
        assert selectors.usage(house, since=timezone.now()) == Usage(0, 0, 0, 0, 0)


def test_the_books_of_another_workspace_are_closed() -> None:
    house = factories.make_workspace()
    services.record(uuid7(), house, kind="studio.shot")
    with tenant_scope(factories.make_workspace().id):
        assert LedgerEntry.objects.count() == 0
