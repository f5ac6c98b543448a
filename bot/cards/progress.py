"""How far the runs of a stage are; edited in place, at most once in three seconds."""

from dataclasses import dataclass

from bot.blocks.escape import literal
from bot.buttons import Press
from bot.cards.kit import Block, Card, actions, bar, button, context, duration, lines, section
from db.records import Run, RunBatch, RunStatus

SIGNS = {
    RunStatus.QUEUED: ":hourglass:",
    RunStatus.RUNNING: ":arrow_forward:",
    RunStatus.DONE: ":white_check_mark:",
    RunStatus.FAILED: ":x:",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressFacts:
    """`seconds_left` is measured, and None while nothing can be said. `scored` of `cells` are what the judge was asked for.

    `opinions` of `asked` are the same of the second opinion. `again` calls were made once more; `throttled` outputs met a
    throttle. `batches` are the batch jobs under way.
    """

    migration_id: str
    stage: str
    runs: tuple[Run, ...]
    paused: bool = False
    seconds_left: float | None = None
    scored: int = 0
    cells: int = 0
    opinions: int = 0
    asked: int = 0
    again: int = 0
    throttled: int = 0
    batches: tuple[RunBatch, ...] = ()


def progress_card(facts: ProgressFacts) -> Card:
    """A bar for each run; runs that go on come first, finished ones last."""
    stage = literal(facts.stage, 100)
    done, total = sum(r.stored for r in facts.runs), sum(r.total for r in facts.runs)
    order = [RunStatus.FAILED, RunStatus.RUNNING, RunStatus.QUEUED, RunStatus.DONE]
    runs = sorted(facts.runs, key=lambda run: order.index(run.status))
    blocks: list[Block] = [section(f"*Runs: {stage}*\n{bar(done, total)} ({done:,} of {total:,} outputs)")]
    if facts.cells:
        blocks.append(section(f"*Judge*\n{bar(facts.scored, facts.cells)} ({facts.scored:,} of {facts.cells:,} scores)"))
    if facts.asked:
        said = f"{bar(facts.opinions, facts.asked)} ({facts.opinions:,} of {facts.asked:,} scores; a job takes minutes to hours)"
        blocks.append(section(f"*Second opinion*\n{said}"))
    if runs:
        blocks.append(lines((_run(run) for run in runs), what="runs"))
    if facts.batches:
        blocks.append(lines(["*Batch jobs*", *(_batch(batch, facts.runs) for batch in facts.batches)], what="jobs"))
    if any(run.status is RunStatus.FAILED for run in runs):
        retry = Press(migration=facts.migration_id, question=facts.stage)
        blocks.append(actions(button("Retry failed runs", "runs_retry", retry.dumps(), style="primary")))
    if facts.again:
        throttled = f"; {facts.throttled:,} answers met a throttle" if facts.throttled else ""
        blocks.append(context(f"{facts.again:,} calls were made again after a failure that passes{throttled}."))
    if note := _note(facts, done, total):
        blocks.append(context(note))
    return Card(text=f"Runs {stage}: {done:,} of {total:,} outputs", blocks=blocks)


def _run(run: Run) -> str:
    failed = f", {run.failed:,} failed" if run.failed else ""
    attempt = f", attempt {run.attempt}" if run.attempt > 1 else ""
    problem = f"\n      {literal(run.problem, 400)}" if run.problem else ""
    count = f"({run.stored:,}/{run.total:,}{failed}{attempt})"
    return f"{SIGNS[run.status]} {literal(run.label, 150)}: {bar(run.stored, run.total)} {count}{problem}"


def _batch(batch: RunBatch, runs: tuple[Run, ...]) -> str:
    label = next((run.label for run in runs if run.id == batch.run_id), "")
    tried = f", {batch.done:,} of {batch.records:,} records tried" if batch.records else ""
    return f"• {literal(label, 150)}: {literal(batch.status or 'being made', 300)}{tried}"


def _note(facts: ProgressFacts, done: int, total: int) -> str:
    if facts.paused:
        return "Paused: press *Resume* on the status card to go on."
    if facts.seconds_left is None or done >= total:
        return ""
    return f"About {duration(facts.seconds_left)} left at the pace of the last minutes."
