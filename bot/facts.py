"""What each card tells, gathered from the store in a few queries."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from agent import corrections as corrected
from agent import measured, rounds
from agent.told import BUDGET, TRIED_AGAIN
from bot import ways
from bot.cards.digest import DigestFacts
from bot.cards.errors import ErrorsFacts
from bot.cards.files import FilesFacts
from bot.cards.findings import FindingsFacts
from bot.cards.note import NoteFacts
from bot.cards.question import QuestionFacts
from bot.cards.references import CorrectionsFacts, Doubt, ReferencesFacts
from bot.cards.review import Pair, ReviewFacts
from bot.cards.status import StatusFacts
from bot.cards.trial import TrialFacts, TriedSample, TriedScore
from bot.cards.verdict import TableFacts
from bot.prompt_facts import input_text, prompts
from bot.spending import spent
from bot.subjects import MRKDWN, read_proposal, read_start
from db.keys import problem_of
from db.records import (
    Assignment,
    Message,
    Migration,
    MigrationStatus,
    Question,
    QuestionKind,
    ReferenceAnswer,
    ReferenceCheck,
    Run,
)
from db.store import Store
from pipeline.models.prices import Prices
from pipeline.records import Finding, Sample, Score
from pipeline.report import CHARTS
from pipeline.report.records import Report

if TYPE_CHECKING:
    from pipeline.metrics import Metric

FINDINGS = TypeAdapter(tuple[Finding, ...])


async def migration_of(store: Store, message: Message) -> Migration:
    """The migration of a message that has one."""
    return await store.migrations.get(message.migration_id or "")


async def status(store: Store, message: Message, prices: Prices) -> StatusFacts:
    """Facts of the pinned card."""
    migration = await migration_of(store, message)
    question = await store.questions.pending(migration.id)
    runs = await store.runs.listed(migration.id)
    report = await store.reports.latest(migration.id)
    monitors = await store.monitors.active() if migration.status is MigrationStatus.SIGNED else ()
    prompt = await store.prompts.original(migration.id)
    return StatusFacts(
        migration=migration,
        question=question,
        dataset=await store.datasets.latest(migration.id),
        has_prompt=bool(prompt.user or prompt.system),
        runs=tuple(run for run in runs if question and run.stage == question.subject),
        reviewers=await _reviewers(store, question),
        report_hash=report.hash if report else None,
        sign_off=await store.reports.sign_off(migration.id),
        monitors=sum(monitor.migration_id == migration.id for monitor in monitors),
        spent=await spent(store, runs, prices),
        purse=await store.purses.get(migration.id),
    )


async def _reviewers(store: Store, question: Question | None) -> tuple[str, ...]:
    if question is None or question.kind is not QuestionKind.REVIEW:
        return ()
    progress = await store.reviews.progress(question.migration_id, number_of(question.key))
    return tuple(sme for sme, (done, total) in progress.items() if done < total)


async def judged(store: Store, runs: tuple[Run, ...]) -> tuple[int, int]:
    """Cells of a stage's runs that the judge has scored (or has said why not), and how many it is asked for."""
    criteria = await rounds.criteria_of(store, runs[0]) if runs else None
    if criteria is None or criteria.judge is None:
        return 0, 0
    return await _cells(store, runs, [measured.judged(run, criteria) for run in runs])


async def second_opinion(store: Store, runs: tuple[Run, ...]) -> tuple[int, int]:
    """The same of Bedrock Evaluations."""
    criteria = await rounds.criteria_of(store, runs[0]) if runs else None
    return await _cells(store, runs, [measured.evaluated(run, criteria) for run in runs]) if criteria else (0, 0)


async def _cells(store: Store, runs: tuple[Run, ...], asked: "Sequence[Sequence[Metric]]") -> tuple[int, int]:
    names = {metric.name for metrics in asked for metric in metrics}
    ids = [run.id for run, metrics in zip(runs, asked, strict=True) if metrics]
    cells = sum(run.total * len(metrics) for run, metrics in zip(runs, asked, strict=True))
    return (await store.runs.scored(ids, sorted(names)) if cells else 0), cells


async def question(store: Store, message: Message, prices: Prices, *, batch: bool = False) -> QuestionFacts:
    """Facts of a question's card; the report is read only for a sign-off, candidates only to accept them.

    `batch` says whether batch jobs are set up.
    """
    migration = await migration_of(store, message)
    asked = await store.questions.get(migration.id, message.subject)
    over = migration.status in {MigrationStatus.CANCELLED, MigrationStatus.SIGNED, MigrationStatus.REJECTED}
    kind = asked.kind
    plan = await store.plans.get(migration.id, int(asked.subject)) if kind is QuestionKind.PLAN else None
    return QuestionFacts(
        migration=migration,
        question=asked,
        open=not over and not await store.questions.is_closed(migration.id, asked.key),
        decision=await store.questions.decision(migration.id, asked.key),
        plan=plan,
        ways=await ways.read(store, plan, prices) if plan and batch else None,
        prompts=await prompts(store, migration.id, int(asked.subject), prices) if kind is QuestionKind.PROMPTS else None,
        report=await report(store, asked.subject) if kind is QuestionKind.SIGN_OFF else None,
        report_hash=asked.subject,
        progress=await store.reviews.progress(migration.id, int(asked.subject)) if kind is QuestionKind.REVIEW else None,
        purse=await store.purses.get(migration.id) if kind is QuestionKind.PLAN else None,
    )


async def report(store: Store, report_hash: str) -> Report:
    """The report, of a large one its brief; reading takes a while, so it is done beside the event loop."""
    from pipeline.report.storage import shown

    stored = await store.reports.get(report_hash)
    return await asyncio.to_thread(shown, stored.json)


async def findings(store: Store, message: Message) -> FindingsFacts:
    dataset = await store.datasets.get(message.subject)
    return FindingsFacts(dataset=dataset, findings=FINDINGS.validate_json(dataset.findings_json))


async def review(store: Store, message: Message) -> ReviewFacts:
    """The next pair of one SME; which model wrote what stays in the store."""
    migration, sme = await migration_of(store, message), message.place
    number = number_of(message.key.removeprefix(f"review:{migration.id}:").partition(":")[0])
    key = f"review:{number}"
    done, total = (await store.reviews.progress(migration.id, number)).get(sme, (0, 0))
    following = await store.reviews.next_for(migration.id, number, sme)
    closed = following is not None and await _is_closed(store, migration, key)
    pair = await _pair(store, following) if following and not closed else None
    return ReviewFacts(
        migration_id=migration.id, name=migration.name, question=key, pair=pair, done=done, total=total, closed=closed
    )


async def _is_closed(store: Store, migration: Migration, key: str) -> bool:
    """Whether judging is over; pairs may be shown a moment before the question itself is asked."""
    if migration.status not in {MigrationStatus.OPEN, MigrationStatus.PAUSED, MigrationStatus.STUCK}:
        return True
    pending = await store.questions.pending(migration.id)
    if pending and pending.key == key:
        return await store.questions.decision(migration.id, key) is not None
    return pending is not None and pending.kind in {QuestionKind.REPORT, QuestionKind.SIGN_OFF, QuestionKind.PLAN}


async def _pair(store: Store, assignment: Assignment) -> Pair:
    run = await store.runs.get(assignment.run_a)
    samples = await store.datasets.samples(run.dataset_id, run.key.split)
    sample = next(each for each in samples if each.id == assignment.sample_id)
    return Pair(
        assignment_id=assignment.id,
        question=input_text(sample),
        first=await _text(store, assignment.run_a, sample.id),
        second=await _text(store, assignment.run_b, sample.id),
        reference=sample.reference,
    )


async def _text(store: Store, run_id: str, sample_id: str) -> str | None:
    return next((output.text for output in await store.runs.outputs(run_id) if output.sample_id == sample_id), None)


async def errors(store: Store, message: Message) -> ErrorsFacts:
    """The worker's summary travels in the message: what it shows was computed once."""
    from pipeline.decide.errors.summary import loads

    migration = await migration_of(store, message)
    return ErrorsFacts(name=migration.name, round=int(message.subject), arms=loads(message.body))


async def references(store: Store, message: Message) -> ReferencesFacts:
    """The next reference one SME is asked about; which model answered what stays in the store."""
    migration, number = await migration_of(store, message), int(message.subject)
    done, total = (await store.references.progress(migration.id, number)).get(message.place, (0, 0))
    following = await store.references.next_for(migration.id, number, message.place)
    return ReferencesFacts(
        migration_id=migration.id,
        name=migration.name,
        question=f"references:{number}",
        doubt=await _doubt(store, following) if following else None,
        done=done,
        total=total,
        over=migration.status in {MigrationStatus.CANCELLED, MigrationStatus.SIGNED, MigrationStatus.REJECTED},
    )


async def _doubt(store: Store, check: ReferenceCheck) -> Doubt:
    sample = (await store.datasets.chosen(check.dataset_id, [check.sample_id]))[check.sample_id]
    stages = {"baseline", f"candidates:{check.round}", f"targets:{check.round}"}
    runs = [
        run for run in await store.runs.listed(check.migration_id) if run.stage in stages and run.dataset_id == check.dataset_id
    ]
    said = sorted({text.strip() for run in runs if (text := await store.runs.answer(run.id, sample.id))})
    return Doubt(
        check_id=check.id,
        question=input_text(sample),
        reference=sample.reference or "",
        why=check.why,
        answers=tuple(text for text in said if text),
        suggestion=check.suggestion,
    )


async def corrections(store: Store, message: Message) -> CorrectionsFacts:
    """What SMEs corrected in one round, and the dataset version that has it."""
    migration, number = await migration_of(store, message), int(message.subject)
    checks = await store.references.listed(migration.id, number)
    fixed = [check for check in checks if check.answer is ReferenceAnswer.FIX]
    measured = await store.datasets.get(checks[0].dataset_id)
    newest = await store.datasets.latest(migration.id) or measured
    due = await corrected.due(store, newest)
    return CorrectionsFacts(
        corrected=len(fixed),
        by=tuple(sorted({check.by or check.sme for check in fixed})),
        waiting=sum(check.answer is None for check in checks),
        dataset=None if due or newest.number == measured.number else newest.number,
        measured=measured.number,
        owner=migration.owner,
        requester=migration.requester,
    )


async def table(store: Store, message: Message) -> TableFacts:
    migration, (report_hash, _, part) = await migration_of(store, message), message.subject.partition("#")
    return TableFacts(name=migration.name, report=await report(store, report_hash), report_hash=report_hash, part=part)


async def files(store: Store, message: Message) -> FilesFacts:
    """The charts when the message is about these, else the other files."""
    migration, (report_hash, _, part) = await migration_of(store, message), message.subject.partition("#")
    stored, charts = await store.reports.get(report_hash), part == "charts"
    files = tuple(name for name in stored.files if (name.rpartition("/")[2] in CHARTS) == charts)
    on_bedrock = any(ref.startswith("bedrock:") for ref in migration.targets)
    return FilesFacts(name=migration.name, report_hash=stored.hash, files=files, charts=charts, publishable=on_bedrock)


async def digest(store: Store, message: Message) -> DigestFacts:
    from pipeline.monitor.digest import loads

    found = await store.monitors.digest(message.subject)
    monitor = await store.monitors.get(found.monitor_id)
    migration = await store.migrations.get(monitor.migration_id)
    result = loads(found.json) if found.json else None
    return DigestFacts(migration=migration, monitor=monitor, digest=found, result=result)


async def note(store: Store, message: Message) -> NoteFacts:
    """A reply or a problem; a proposal carries itself in the subject until it is confirmed, the start card what it read."""
    migration = await migration_of(store, message) if message.migration_id else None
    proposal = read_proposal(message.subject)
    paused = migration is not None and migration.status is MigrationStatus.PAUSED
    stuck = migration is not None and migration.status is MigrationStatus.STUCK
    return NoteFacts(
        key=message.key,
        body=message.body,
        mrkdwn=message.subject == MRKDWN,
        migration=migration,
        proposal=proposal,
        start=read_start(message.subject),
        retry=stuck and message.place == "thread",
        budget=paused and message.subject == BUDGET,
    )


async def trial(store: Store, message: Message) -> TrialFacts:
    """Samples with what each criterion of a plan said of them; `waiting` while some have not been tried."""
    migration, number = await migration_of(store, message), int(message.subject)
    trials, dataset = await store.trials.of(migration.id, number), await store.datasets.latest(migration.id)
    by_sample: dict[str, list[Score]] = {}
    for score in (score for tried in trials for score in tried.scores or ()):
        by_sample.setdefault(score.sample_id, []).append(score)
    known = {s.id: s for s in await store.datasets.samples(dataset.id)} if dataset and by_sample else {}
    samples = tuple(_tried(known[sample_id], scores) for sample_id, scores in by_sample.items() if sample_id in known)
    problem = await store.messages.get(problem_of(message.key))
    return TrialFacts(
        number=number,
        samples=samples,
        waiting=any(tried.scores is None for tried in trials),
        failed=problem is not None and problem.body != TRIED_AGAIN,
    )


def _tried(sample: Sample, scores: list[Score]) -> TriedSample:
    answer = sample.recorded.text if sample.recorded else sample.reference or ""
    said = tuple(TriedScore(metric=s.metric, value=s.value, said=s.unscored or s.reason or "") for s in scores)
    return TriedSample(question=input_text(sample), answer=answer, scores=said)


def number_of(key: str) -> int:
    """The number at the end of a key such as `review:2`."""
    return int(key.rpartition(":")[2])
