"""What goes live after the sign-off: the target the signed report speaks best of, watched from then on."""

from agent import arms
from db.records import Monitor
from db.store import Store
from pipeline.records import Verdict
from pipeline.report.records import WINNER, ArmReport, Report

CRON, TIMEZONE = "0 9 * * mon", "UTC"
"""When monitors look, unless the operator says otherwise."""

ORDER = (Verdict.BETTER, Verdict.NOT_WORSE, Verdict.CANNOT_TELL, Verdict.WORSE, None)


def signed_arm(report: Report) -> ArmReport | None:
    """The winner of the target with the best verdict, then the largest gain; the order of the report decides between equals."""
    winners = [arm for arm in report.arms if WINNER in arm.bar]
    return min(winners, key=lambda arm: (ORDER.index(arm.verdict), -_gain(arm)), default=None)


def _gain(arm: ArmReport) -> float:
    return sum(c.difference or 0.0 for c in arm.comparisons if c.primary)


async def monitor(store: Store, migration_id: str, report_hash: str, *, cron: str, timezone: str) -> Monitor | None:
    """The standing comparison of the signed target with what it answered when it was signed; None when nothing was run."""
    from pipeline.report.storage import shown

    stored = await store.reports.get(report_hash)
    arm = signed_arm(shown(stored.json))
    if arm is None:
        return None
    runs = await store.runs.listed(migration_id, stage=arms.targets_stage(stored.number))
    baseline = next(run for run in runs if (run.key.model, run.key.prompt_hash) == (arm.model, arm.prompt_hash))
    return Monitor(
        id=arms.short_id(migration_id, arm.model),
        migration_id=migration_id,
        target=arm.model,
        prompt_hash=arm.prompt_hash,
        baseline_run=baseline.id,
        cron=cron,
        timezone=timezone,
        active=True,
    )
