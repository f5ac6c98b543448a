"""Facts for cards: a plain set for golden files, and strategies that make whatever people and models may write."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from bot.cards.digest import DigestFacts
from bot.cards.findings import FindingsFacts
from bot.cards.note import NoteFacts, Proposal
from bot.cards.progress import ProgressFacts
from bot.cards.prompts import CandidateFacts, PromptsFacts
from bot.cards.question import QuestionFacts
from bot.cards.review import Pair, ReviewFacts
from bot.cards.status import StatusFacts
from bot.cards.verdict import TableFacts
from db.records import (
    DatasetVersion,
    Decision,
    Digest,
    Estimate,
    Migration,
    MigrationStatus,
    Monitor,
    Plan,
    Question,
    QuestionKind,
    Run,
    RunStatus,
    SignOff,
)
from pipeline.monitor.digest import Alert, DigestResult
from pipeline.records import (
    Comparison,
    Criteria,
    Edit,
    Finding,
    Interval,
    MetricChoice,
    PromptVersion,
    RunKey,
    Split,
    UseCase,
    Verdict,
)
from pipeline.report.records import ArmReport, MetricFigure, Provenance, Regression, Report, Timing

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
NASTY = ("", " ", "<!channel>", "<!here|x>", "<@U0SME1>", "<#C1|general>", "<https://evil.example|click>", "https://evil.example/x",
         "@here @channel", "`code` ```block```", "*bold* _it_ ~s~", "&amp; & < >", "😀👩‍👩‍👧‍👦🏳️‍🌈", "שלום עולם مرحبا", "\u202egnp.exe", "\x00\x07",
         "a" * 10_000, "line\n" * 3000, ":smile:", "mailto:a@b.example")  # fmt: skip

texts = st.one_of(st.sampled_from(NASTY), st.text(max_size=200), st.text(min_size=2900, max_size=3100))
short = st.one_of(st.sampled_from(NASTY), st.text(max_size=60))
users = st.sampled_from(("U0REQUESTER", "U0OWNER", "U0SME1", "<!channel>", ""))


def many(each: st.SearchStrategy[Any], most: int = 5000) -> st.SearchStrategy[tuple[Any, ...]]:
    """A tuple of 0 to `most` things, few of them different: sizes matter here, not variety."""
    sizes = st.sampled_from((0, 1, 2, 7, 40, most))
    return st.tuples(st.lists(each, min_size=1, max_size=3), sizes).map(lambda t: tuple(t[0][n % len(t[0])] for n in range(t[1])))


MIGRATION = Migration(
    id="m1", team="T0LOCAL", channel="C0GENERAL", thread_ts="1.0", name="Support tickets", use_case=UseCase.CLASSIFICATION,
    source="recorded:gpt-4o", targets=("local:a", "bedrock:b"), requester="U0REQUESTER", owner="U0OWNER", smes=("U0SME1", "U0SME2"),
    status=MigrationStatus.OPEN, created_at=NOW,
)  # fmt: skip
DATASET = DatasetVersion(
    id="d1", migration_id="m1", number=1, hash="a" * 64, source_name="tickets.csv", dev=36, test=55, findings_json="[]"
)
CRITERIA = Criteria(
    metrics=(
        MetricChoice(metric="normalised_match", primary=True, margin=0.05, reason="Labels are compared without case."),
        MetricChoice(metric="length_ratio"),
    )
)
PLAN = Plan(
    migration_id="m1", number=1, criteria=CRITERIA, source="recorded:gpt-4o", targets=("local:a", "bedrock:b"), review_pairs=6,
    estimates=(
        Estimate(stage="baseline", calls=91, seconds=0.0, usd=None, note="replays what is in the file"),
        Estimate(stage="targets", calls=330, seconds=165.0, usd=1.25),
    ),
)  # fmt: skip
RUN = Run(
    id="r1", migration_id="m1", dataset_id="d1", stage="targets:1", key=RunKey(model="local:a", prompt_hash="p", split=Split.TEST),
    label="as is", status=RunStatus.RUNNING, total=55, stored=22, failed=1,
)  # fmt: skip
COMPARISON = Comparison(
    metric="normalised_match", primary=True, margin=0.05, pairs=55, samples=55, source_mean=0.51, target_mean=0.62, difference=0.109,
    interval=Interval(low=-0.01, high=0.228), worst_case=0.1, verdict=Verdict.NOT_WORSE, reason="The interval is above the margin.",
    improved=("bank-001",), regressed=("bank-007", "bank-009"),
)  # fmt: skip
ARM = ArmReport(
    label="local:a · winner", model="local:a", bar="winner", method="few-shot", prompt_hash="p", answered=55, samples=55,
    figures=(MetricFigure(metric="normalised_match", mean=0.62, scored=55, samples=55),), comparisons=(COMPARISON,),
    verdict=Verdict.NOT_WORSE, timing=Timing(n=55, mean=0.4, p50=0.38, p95=0.7, ttft_p50=0.1), input_tokens=5000, output_tokens=210,
    failures={},
)  # fmt: skip
SOURCE = replace(ARM, label="source", model="recorded:gpt-4o", bar="source", comparisons=(), verdict=None, method="as is")
REPORT = Report(
    title="Support tickets", use_case="classification", headline="local:a is not worse than recorded:gpt-4o.", criteria=CRITERIA,
    source=SOURCE, arms=(replace(ARM, label="local:a · as is", bar="as is"), ARM), prompts={"p": PromptVersion(user="{question}")}, dev=(),
    preferences=(), same_inputs=True, cells=(),
    regressions=(
        Regression(arm="local:a · winner", metric="normalised_match", sample_id="bank-007", question="Where is my card?",
                   reference="card_arrival", source_text="card_arrival", target_text="lost_card"),
    ),
    provenance=Provenance(dataset_name="tickets.csv", dataset_hash="a" * 64, dev=36, test=55, criteria_hash="c", plan="Plan 1"),
)  # fmt: skip
MONITOR = Monitor(
    id="mo1", migration_id="m1", target="local:a", prompt_hash="p", baseline_run="r1", cron="0 9 * * mon", timezone="Europe/Berlin",
    active=True,
)  # fmt: skip
DIGEST = Digest(id="g1", monitor_id="mo1", tick="2026-01-12T09:00", state="done", run_id="r2", json=None)
RESULT = DigestResult(
    answered=55, samples=55, changed=3, comparisons=(replace(COMPARISON, verdict=Verdict.WORSE, difference=-0.2),), p50_s=0.4,
    baseline_p50_s=0.38, alerts=(Alert(metric="normalised_match", message="normalised_match fell by 0.2."),),
)  # fmt: skip


def question(kind: QuestionKind, **changes: Any) -> QuestionFacts:
    asked = Question(migration_id="m1", key=f"{kind}:1", kind=kind, subject="1", asked_at=NOW)
    return replace(QuestionFacts(migration=MIGRATION, question=asked, open=True), **changes)


DECISION = Decision(migration_id="m1", question="plan:1", answer="approve", by="U0OWNER", at=NOW)
STATUS = StatusFacts(
    migration=MIGRATION, question=question(QuestionKind.RUNS).question, dataset=DATASET, has_prompt=True, runs=(RUN,), reviewers=(),
    report_hash=None, sign_off=None, monitors=0, spent="nothing: no call was charged",
)  # fmt: skip
PAIR = Pair(assignment_id="as1", question="Where is my card?", first="card_arrival", second="lost_card", reference="card_arrival")
REVIEW = ReviewFacts(migration_id="m1", name="Support tickets", question="review:1", pair=PAIR, done=2, total=6)
CANDIDATE = CandidateFacts(
    method="few-shot", prompt_hash="abcdef0123", refusal=None, chosen=True, added=("Answer with one label.",), removed=("Intent:",),
    edits=(Edit(rule="one label", reason="A base model goes on writing.", source="docs", lossless=False),),
)  # fmt: skip
PROMPTS = PromptsFacts(name="Support tickets", round=1, candidates={"local:a": (CANDIDATE,)})
FINDINGS = FindingsFacts(
    dataset=DATASET,
    findings=(Finding(level="warning", code="duplicate", message="2 samples are the same.", sample_ids=("a", "b")),),
)
SIGNED = SignOff(migration_id="m1", report_hash="b" * 64, by="U0OWNER", at=NOW)

migrations = st.builds(
    replace, st.just(MIGRATION), name=short, source=short, targets=many(short, 5), requester=users, owner=st.none() | users,
    smes=many(users, 40), status=st.sampled_from(MigrationStatus), problem=st.none() | texts, id=st.just("m1"),
)  # fmt: skip
runs = st.builds(
    replace, st.just(RUN), label=short, problem=st.none() | texts, status=st.sampled_from(RunStatus), total=st.integers(0, 10**6),
    stored=st.integers(0, 10**6), failed=st.integers(0, 100), attempt=st.integers(1, 9),
)  # fmt: skip
datasets = st.builds(replace, st.just(DATASET), source_name=short, dev=st.integers(0, 10**6), test=st.integers(0, 10**6))
choices = st.builds(MetricChoice, metric=short, primary=st.booleans(), margin=st.floats(0.001, 1), reason=texts)
criteria = st.builds(Criteria, metrics=many(choices, 40))
estimates = st.builds(
    Estimate, stage=short, calls=st.integers(0, 10**9), seconds=st.floats(0, 10**7), usd=st.none() | st.floats(0, 10**7), note=texts
)  # fmt: skip
plans = st.builds(replace, st.just(PLAN), criteria=criteria, source=short, targets=many(short, 5), estimates=many(estimates, 40))
comparisons = st.builds(
    replace,
    st.just(COMPARISON),
    metric=short,
    reason=texts,
    difference=st.none() | st.floats(-1, 1),
    verdict=st.sampled_from(Verdict),
)
arms = st.builds(
    replace, st.just(ARM), label=short, model=short, bar=st.sampled_from(("as is", "winner", "as is, winner")), method=short,
    comparisons=many(comparisons, 7), verdict=st.none() | st.sampled_from(Verdict),
)  # fmt: skip
regressions = st.builds(replace, st.just(REPORT.regressions[0]), sample_id=short, question=texts, target_text=st.none() | texts)
reports = st.builds(
    replace, st.just(REPORT), headline=texts, criteria=criteria, arms=many(arms, 200), regressions=many(regressions), source=arms
)
decisions = st.builds(
    replace, st.just(DECISION), note=texts, by=users, answer=st.sampled_from(("approve", "reject", "close", "x"))
)
questions = st.builds(
    replace,
    st.sampled_from([question(kind) for kind in QuestionKind]),
    migration=migrations,
    open=st.booleans(),
    decision=st.none() | decisions,
    plan=st.none() | plans,
    report=st.none() | reports,
    report_hash=short,
    progress=st.none() | st.dictionaries(short, st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=8),
)
statuses = st.builds(
    replace,
    st.just(STATUS),
    migration=migrations,
    question=st.none() | st.sampled_from([question(kind).question for kind in QuestionKind]),
    dataset=st.none() | datasets,
    has_prompt=st.booleans(),
    runs=many(runs),
    reviewers=many(users, 40),
    sign_off=st.none() | st.just(SIGNED),
    spent=st.just("nothing"),
)
pairs = st.builds(Pair, assignment_id=st.just("as1"), question=texts, first=st.none() | texts, second=st.none() | texts,
                  reference=st.none() | texts)  # fmt: skip
reviews = st.builds(replace, st.just(REVIEW), name=short, pair=st.none() | pairs, closed=st.booleans())
edits = st.builds(Edit, rule=short, reason=texts, source=short, lossless=st.booleans())
candidates = st.builds(
    CandidateFacts, method=short, prompt_hash=short, refusal=st.none() | texts, chosen=st.booleans(), edits=many(edits, 40),
    removed=many(texts, 40), added=many(texts, 40),
)  # fmt: skip
prompts = st.builds(
    PromptsFacts, name=short, round=st.integers(1, 9), candidates=st.dictionaries(short, many(candidates, 40), max_size=5)
)
findings = st.builds(
    FindingsFacts,
    dataset=datasets,
    findings=many(st.builds(Finding, level=short, code=short, message=texts, sample_ids=many(short, 40))),
)
progress = st.builds(
    ProgressFacts, migration_id=st.just("m1"), stage=short, runs=many(runs), paused=st.booleans(),
    seconds_left=st.none() | st.floats(0, 10**7),
)  # fmt: skip
tables = st.builds(TableFacts, name=short, report=reports, report_hash=short)
results = st.builds(
    replace, st.just(RESULT), comparisons=many(comparisons, 40), changed=st.integers(0, 55),
    alerts=many(st.builds(Alert, metric=short, message=texts), 40),
)  # fmt: skip
digests = st.builds(
    DigestFacts, migration=migrations, monitor=st.builds(replace, st.just(MONITOR), target=short, cron=short, timezone=short),
    digest=st.builds(replace, st.just(DIGEST), tick=short), result=st.none() | results,
)  # fmt: skip
proposals = st.builds(Proposal, kind=st.just("add_target"), value=st.text(max_size=100), sentence=texts)
notes = st.builds(
    NoteFacts, key=st.just("reply:1"), body=texts, migration=st.none() | migrations, proposal=st.none() | proposals,
    retry=st.booleans(),
)  # fmt: skip
