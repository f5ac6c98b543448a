"""The report of a round: everything behind its verdicts, built once, written into every format, bound by its hash."""

import asyncio

from agent.worker.report.inputs import report_inputs
from agent.worker.tools import Tools
from db.records import Plan, StoredReport
from pipeline.report.records import Report, ReportInputs


async def report(tools: Tools, migration_id: str, number: str) -> None:
    store, migration = tools.store, await tools.store.migrations.get(migration_id)
    latest = await store.reports.latest(migration_id)
    if latest is None or latest.number < int(number):
        plan = await store.plans.get(migration_id, int(number))
        inputs = await report_inputs(tools, migration, plan, latest)
        written = await asyncio.to_thread(_write, tools, plan, inputs)
        await store.files.share(*written.files)
        await store.reports.add(written)
    await tools.conversation.advance(migration_id)


def _write(tools: Tools, plan: Plan, inputs: ReportInputs) -> StoredReport:
    from pipeline import report as formats
    from pipeline.report.build import build
    from pipeline.report.storage import dumps

    built: Report = build(inputs)
    folder = tools.places.files / "reports" / plan.migration_id / str(plan.number)
    names = tuple(path.relative_to(tools.places.files).as_posix() for path in formats.write(built, folder))
    return StoredReport(migration_id=plan.migration_id, number=plan.number, hash=built.hash, json=dumps(built), files=names)
