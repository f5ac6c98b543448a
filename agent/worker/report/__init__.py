"""The report of a round: everything behind its verdicts, built once, written into every format, bound by its hash."""

import asyncio
from dataclasses import replace

from agent.worker.report.inputs import Inputs, report_inputs
from agent.worker.report.whole import quotes
from agent.worker.tools import Tools
from db.records import Plan, StoredReport
from pipeline.report.records import Report


async def report(tools: Tools, migration_id: str, number: str) -> None:
    store, migration = tools.store, await tools.store.migrations.get(migration_id)
    latest = await store.reports.latest(migration_id)
    if latest is None or latest.number < int(number):
        plan = await store.plans.get(migration_id, int(number))
        inputs = await report_inputs(tools, migration, plan, latest)
        await inputs.progress.figures()
        built = await asyncio.to_thread(_build, inputs)
        texts = await quotes(store, inputs.dataset_id, inputs.runs, built.regressions)
        await inputs.progress.files()
        written = await asyncio.to_thread(_write, tools, plan, replace(built, regressions=texts))
        await store.files.share(*written.files)
        await store.reports.add(written)
        await inputs.progress.done()
    await tools.conversation.advance(migration_id)


def _build(inputs: Inputs) -> Report:
    from pipeline.report.build import assemble, unquoted

    return assemble(inputs.given, unquoted)


def _write(tools: Tools, plan: Plan, built: Report) -> StoredReport:
    from pipeline import report as formats
    from pipeline.report.storage import for_showing

    folder = tools.places.files / "reports" / plan.migration_id / str(plan.number)
    names = tuple(path.relative_to(tools.places.files).as_posix() for path in formats.write(built, folder))
    return StoredReport(migration_id=plan.migration_id, number=plan.number, hash=built.hash, json=for_showing(built), files=names)
