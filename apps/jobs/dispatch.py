"""Whose bell is rung next, decided in PostgreSQL; and the sweep that finds what was lost.

Order: interactive > batch > maintenance; inside a class the workspaces take turns by weight (see ``Share``). So that
lower classes are not starved by a steady stream of higher ones, a workspace whose lower work has waited ``AGEING_S``
gets one of those jobs in among the interactive ones every ``AGED_EVERY_S``. A deleted workspace gets no turn: its jobs
wait until it is brought back, or go with it.

The broker is kept shallow, because what is in it can no longer be overtaken: about one waiting bell for every worker
process, and one more for interactive work. Several relays may run: they skip each other's locked rows.

All of this happens once for each lane: ``cpu``, and one for every model that a living GPU worker has loaded
(``stations``). Turns of one lane say nothing about another one.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from apps.core.tenancy import system_scope
from apps.jobs import stations
from apps.jobs.models import CPU_LANE, Job, JobState, Outbox
from apps.jobs.transitions import announce

AGEING_S = 60.0
AGED_EVERY_S = 15.0
RING_AGAIN_S = 15.0  # doubled with every ring, up to RING_AGAIN_MAX_S
RING_AGAIN_IDLE_S = 3.0  # while nothing runs anywhere, an unanswered bell is most likely lost
RING_AGAIN_MAX_S = 60.0
LOST_PAUSE_S = 1.0

CHOOSE = """
    WITH RECURSIVE tenant AS (
        (SELECT workspace_id FROM jobs_outbox WHERE lane = %(lane)s AND published_at IS NULL
            ORDER BY workspace_id LIMIT 1)
        UNION ALL
        SELECT (SELECT o.workspace_id FROM jobs_outbox o WHERE o.lane = %(lane)s AND o.published_at IS NULL
                    AND o.workspace_id > tenant.workspace_id ORDER BY o.workspace_id LIMIT 1)
        FROM tenant WHERE tenant.workspace_id IS NOT NULL
    ), served AS (
        SELECT coalesce(max(tag - 1 / weight), 0) AS tag FROM jobs_share WHERE lane = %(lane)s
    ), turn AS (
        SELECT tenant.workspace_id, coalesce(s.weight, 1) AS weight, greatest(coalesce(s.tag, 0), served.tag) AS tag,
            coalesce(s.aged_at, '-infinity')
                <= statement_timestamp() - %(aged_every_s)s * interval '1 second' AS may_age
        FROM tenant JOIN accounts_workspace w ON w.id = tenant.workspace_id AND w.deleted_at IS NULL
            LEFT JOIN jobs_share s ON s.workspace_id = tenant.workspace_id AND s.lane = %(lane)s
            CROSS JOIN served
        WHERE tenant.workspace_id IS NOT NULL
    ), old AS (
        SELECT turn.workspace_id, o.id, 0 AS rank FROM turn CROSS JOIN LATERAL (
            SELECT id FROM jobs_outbox WHERE lane = %(lane)s AND workspace_id = turn.workspace_id
                AND published_at IS NULL AND rank > 0
                AND ready_at <= statement_timestamp() - %(ageing_s)s * interval '1 second'
            ORDER BY ready_at LIMIT 1) o
        WHERE turn.may_age
    ), fresh AS (
        SELECT turn.workspace_id, o.id, o.rank FROM turn CROSS JOIN LATERAL (
            SELECT id, rank FROM jobs_outbox WHERE lane = %(lane)s AND workspace_id = turn.workspace_id
                AND published_at IS NULL AND ready_at <= statement_timestamp()
            ORDER BY rank, id LIMIT %(most)s) o
    ), candidate AS (
        SELECT workspace_id, id, min(rank) AS rank FROM (SELECT * FROM old UNION ALL SELECT * FROM fresh) both_
        GROUP BY workspace_id, id
    ), tagged AS (
        SELECT id, rank, tag + (row_number() OVER (PARTITION BY workspace_id ORDER BY rank, id) - 1) / weight AS start
        FROM candidate JOIN turn USING (workspace_id)
    ), numbered AS (
        SELECT id, rank, row_number() OVER (ORDER BY rank, start, id) AS n FROM tagged
    )
    SELECT o.id, o.job_id, o.workspace_id, job.kind, o.rank > numbered.rank AS aged, o.lane
    FROM numbered JOIN jobs_outbox o USING (id) JOIN jobs_job job ON job.id = o.job_id
    WHERE n <= CASE WHEN numbered.rank = 0 THEN %(most)s ELSE %(few)s END AND o.published_at IS NULL
    ORDER BY n
    FOR UPDATE OF o SKIP LOCKED
"""
SERVED = """
    WITH served AS (
        SELECT coalesce(max(tag - 1 / weight), 0) AS tag FROM jobs_share WHERE lane = %(lane)s
    ), own AS (
        SELECT coalesce(max(weight), 1) AS weight FROM jobs_share WHERE workspace_id = %(workspace)s
    )
    INSERT INTO jobs_share AS s (workspace_id, lane, weight, tag, aged_at)
    SELECT %(workspace)s, %(lane)s, own.weight, served.tag + %(count)s / own.weight,
        CASE WHEN %(aged)s THEN statement_timestamp() END
    FROM served CROSS JOIN own
    ON CONFLICT (workspace_id, lane) DO UPDATE SET
        tag = greatest(s.tag, (SELECT tag FROM served)) + %(count)s / s.weight,
        aged_at = coalesce(excluded.aged_at, s.aged_at)
"""
STAMP = "UPDATE jobs_outbox SET published_at = statement_timestamp(), rings = rings + 1 WHERE id = ANY(%s)"
UNANSWERED = """
    UPDATE jobs_outbox SET published_at = NULL WHERE published_at < statement_timestamp() - interval '1 second' * least(
        %(longest_s)s, power(2, rings - 1) * CASE
            WHEN EXISTS (SELECT 1 FROM jobs_job WHERE state = 'running' AND jobs_job.lane = jobs_outbox.lane)
            THEN %(busy_s)s ELSE %(idle_s)s END)
"""
LOST = """
    WITH stale AS (
        SELECT id FROM jobs_job WHERE state = 'running' AND lease_until < statement_timestamp()
        LIMIT 500 FOR UPDATE SKIP LOCKED
    ), back AS (
        UPDATE jobs_job SET state = 'queued', lease_until = NULL, worker = '', progress = 0, stage = '',
            changed_at = statement_timestamp(), error_code = 'worker_lost', error_params = '{}'
        FROM stale WHERE jobs_job.id = stale.id RETURNING jobs_job.id, workspace_id, priority, lane
    )
    INSERT INTO jobs_outbox (workspace_id, job_id, lane, rank, created_at, ready_at, rings)
    SELECT workspace_id, id, lane, array_position(ARRAY['interactive', 'batch', 'maintenance'], priority::text) - 1,
        statement_timestamp(), statement_timestamp() + %(pause_s)s * interval '1 second', 0
    FROM back
    ON CONFLICT (job_id) DO UPDATE SET published_at = NULL, ready_at = excluded.ready_at, rings = 0
    RETURNING job_id
"""


@dataclass(frozen=True)
class Ring:
    outbox_id: int
    job_id: uuid.UUID
    workspace_id: uuid.UUID
    kind: str
    aged: bool
    lane: str = CPU_LANE


def ring_next(publish: Callable[[Ring], None]) -> int:
    """Ring as many bells as the broker should hold, in fair order; returns how many.

    Publishing happens inside the transaction: when the broker refuses, nothing is stamped; when the commit fails, a
    bell rings twice, which a claim shrugs off.
    """
    with system_scope():
        return sum(_ring_lane(lane, slots, publish) for lane, slots in lanes().items())


def lanes() -> dict[str, int]:
    """Who can work now: how many jobs at the same time, by lane. Bells of lanes that nobody serves wait."""
    return {CPU_LANE: int(settings.WORKER_CONCURRENCY), **stations.slots()}


def _ring_lane(lane: str, slots: int, publish: Callable[[Ring], None]) -> int:
    rings = _choose(lane, slots)
    for ring in rings:
        publish(ring)
    if rings:
        _stamp(lane, rings)
    return len(rings)


def _choose(lane: str, slots: int) -> list[Ring]:
    slots = max(slots, Job.objects.filter(state=JobState.RUNNING, lane=lane).count())
    rung = Outbox.objects.filter(published_at__isnull=False, lane=lane).count()
    most = 2 * slots - rung
    if most <= 0:
        return []
    limits = {"most": most, "few": slots - rung, "ageing_s": AGEING_S, "aged_every_s": AGED_EVERY_S}
    with connection.cursor() as cursor:
        cursor.execute(CHOOSE, {"lane": lane, **limits})
        return [Ring(*row) for row in cursor.fetchall()]


def _stamp(lane: str, rings: list[Ring]) -> None:
    aged = {ring.workspace_id for ring in rings if ring.aged}
    with connection.cursor() as cursor:
        for workspace_id, count in Counter(ring.workspace_id for ring in rings).items():
            turn: dict[str, Any] = {"workspace": workspace_id, "count": count, "aged": workspace_id in aged}
            cursor.execute(SERVED, turn | {"lane": lane})
        cursor.execute(STAMP, [[ring.outbox_id for ring in rings]])


def sweep() -> int:
    """Put jobs whose worker fell silent back in the queue and take up bells that nobody answered; returns how many.

    A job without an attempt left is queued as well: a worker ends it, because only workers run code of kinds.
    """
    with system_scope(), connection.cursor() as cursor:
        cursor.execute(LOST, {"pause_s": LOST_PAUSE_S})
        lost = [row[0] for row in cursor.fetchall()]
        waits = {"busy_s": RING_AGAIN_S, "idle_s": RING_AGAIN_IDLE_S, "longest_s": RING_AGAIN_MAX_S}
        cursor.execute(UNANSWERED, waits)
        unanswered: int = cursor.rowcount
        for job in Job.objects.filter(id__in=lost):
            announce(job)
    return len(lost) + unanswered
