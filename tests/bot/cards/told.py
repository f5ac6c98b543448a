"""Facts as they come in everyday life, for each card and each of its states: what golden files show and buttons come from."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from bot.cards.digest import DigestFacts, digest_card
from bot.cards.errors import ErrorsFacts, errors_card
from bot.cards.files import FilesFacts, files_card
from bot.cards.findings import FindingsFacts, findings_card
from bot.cards.home import HomeFacts, home_view
from bot.cards.kit import Card
from bot.cards.models import ModelsFacts, models_card
from bot.cards.note import NoteFacts, Proposal, problem_card, reply_card, start_card
from bot.cards.progress import ProgressFacts, progress_card
from bot.cards.question import QuestionFacts, question_card
from bot.cards.references import CorrectionsFacts, Doubt, ReferencesFacts, corrections_card, references_card
from bot.cards.review import Pair, ReviewFacts, review_card
from bot.cards.status import StatusFacts, status_card
from bot.cards.trial import TrialFacts, TriedSample, TriedScore, trial_card
from bot.cards.verdict import TableFacts, table_card
from bot.opening import read_opening
from db.records import (
    DatasetVersion,
    Decision,
    Digest,
    Estimate,
    MetricCost,
    Migration,
    MigrationStatus,
    Monitor,
    Plan,
    Purse,
    Question,
    QuestionKind,
    Run,
    RunStatus,
    SignOff,
)
from pipeline.decide.errors.summary import ArmErrors, Example, GroupSummary
from pipeline.models.catalog import Citation, Constraints, Told, shortlist
from pipeline.monitor.digest import Alert, DigestResult
from pipeline.records import (
    Cause,
    Check,
    Comparison,
    Criteria,
    Finding,
    Interval,
    JudgeChoice,
    MetricChoice,
    Rubric,
    RubricKind,
    RunKey,
    Split,
    UseCase,
    Verdict,
)
from pipeline.report import CHARTS
from pipeline.report.build import build
from tests.bot.cards.batched import batched
from tests.bot.cards.prompted import HASH, NOW, PROMPTS, prompted
from tests.pipeline.models.catalog.made import model
from tests.pipeline.report import made

MIGRATION = Migration(
    id="m1", team="T1", channel="C1", thread_ts="1.0", name="Support <tickets>", use_case=UseCase.CLASSIFICATION,
    source="recorded:today", targets=("local:gemma3-270m", "bedrock:amazon.nova-lite-v1:0"), requester="U1", owner="U2",
    smes=("U3", "U4"), status=MigrationStatus.OPEN, created_at=NOW,
)  # fmt: skip
DATASET = DatasetVersion(
    id="d1", migration_id="m1", number=1, hash=HASH, source_name="tickets.csv", dev=40, test=160, findings_json="[]"
)
CRITERIA = Criteria(
    metrics=(
        MetricChoice(metric="exact_match", primary=True, margin=0.05, reason="One label of a fixed list."),
        MetricChoice(metric="refusal"),
    )
)
PLAN = Plan(
    migration_id="m1", number=2, criteria=CRITERIA, source=MIGRATION.source, targets=MIGRATION.targets, review_pairs=20,
    estimates=(
        Estimate(stage="baseline", calls=0, seconds=0.4, usd=0.0, note="recorded"),
        Estimate(stage="targets", calls=1_200, seconds=5_000, usd=None, note="price not known"),
    ),
)  # fmt: skip
RUBRICS = (
    Rubric(name="Tone", kind=RubricKind.SCALE, text="1 is rude, 10 is how a good <colleague> writes."),
    Rubric(name="House rules", kind=RubricKind.YES_NO, text="…", questions=("Is the fiscal year right?", "Are quarters named?")),
)
JUDGED_PLAN = Plan(
    migration_id="m1", number=3, source=MIGRATION.source, targets=MIGRATION.targets, review_pairs=20,
    criteria=Criteria(
        metrics=(
            MetricChoice(metric="answer_correctness", primary=True, margin=0.05, reason="Facts against the reference."),
            MetricChoice(metric="rubric:tone", reason="your rubric, asked of the judge"),
            MetricChoice(metric="rubric:house-rules", reason="your rubric, asked of the judge"),
            MetricChoice(metric="check:at-most-50-words", reason="your rule, tested by code"),
            MetricChoice(metric="rouge_l", reason="Wording shared with the reference."),
        ),
        judge=JudgeChoice(model="bedrock:amazon.nova-pro-v1:0", panel=("bedrock:meta.llama3",)),
        rubrics=RUBRICS,
        checks=(Check(name="at most 50 words", rule="max_words", value="50", text="Keep it below 50 words."),),
    ),
    estimates=(
        Estimate(stage="baseline", calls=0, seconds=0.4, usd=None, note="recorded"),
        Estimate(stage="judging: targets", calls=9_600, seconds=1_200, usd=7.5, note="about 9.6 M tokens in and 960 k out"),
    ),
    costs=(
        MetricCost(metric="answer_correctness", calls=7_200, input_tokens=7_200_000, output_tokens=720_000, usd=5.625),
        MetricCost(metric="rubric:tone", calls=480, input_tokens=432_000, output_tokens=57_600),
    ),
    notes=("12 of 200 samples have no reference.", "A margin of 5% needs about 385 samples, but there are only 160."),
    offered=("exact_match", "chrf", "answer_recall"),
)  # fmt: skip
REPORT = build(made.inputs())
RUN = Run(
    id="r1", migration_id="m1", dataset_id="d1", stage="baseline", label="source · as is", status=RunStatus.RUNNING, total=200,
    stored=50, key=RunKey(model="recorded:today", prompt_hash=HASH, split=Split.TEST),
)  # fmt: skip
PAIR = Pair(assignment_id="a1", question="Where is my card?", first="card arrival", second="lost card", reference="card arrival")
REVIEW = ReviewFacts(migration_id="m1", name=MIGRATION.name, question="review:1", pair=PAIR, done=2, total=20)
GROUP = GroupSummary(
    cause=Cause.MODEL, label="says 'card_arrival' where the reference says 'card_delivery_estimate'", count=12,
    examples=(
        Example(sample_id="s7", question="When will my card be here?", reference="card_delivery_estimate", answer="card_arrival"),
        Example(sample_id="s9", question="How long does a card take?", reference="card_delivery_estimate", answer="card_arrival"),
    ),
    evidence="12 samples with this reference get this answer. The source did better on 9 of 12.",
    next_step="Edit the prompt: say what tells 'card_delivery_estimate' from 'card_arrival', with an example of each.",
)  # fmt: skip
FAILED = GroupSummary(
    cause=Cause.FAILED_CALL, label="the call failed: throttled", count=3,
    examples=(Example(sample_id="s1", question="Where is <it>?", reference=None, answer=None),),
    evidence="The provider's failure is of the kind throttled.", next_step="Run again later.",
)  # fmt: skip
ARM = ArmErrors(arm="local:gemma3-270m · winner", failed=15, samples=160, groups=(GROUP, FAILED))
ERRORS = ErrorsFacts(name=MIGRATION.name, round=1, arms=(ARM,))
DOUBT = Doubt(
    check_id="c1", question="When will my card be here?", reference="card_arrival", why="3 models agree against it.",
    answers=("card_delivery_estimate", "card delivery"), suggestion="card_delivery_estimate",
)  # fmt: skip
REFERENCES = ReferencesFacts(migration_id="m1", name=MIGRATION.name, question="references:1", doubt=DOUBT, done=1, total=4)
CORRECTIONS = CorrectionsFacts(corrected=2, by=("U3", "U4"), waiting=1, dataset=2, measured=1, owner="U2", requester="U1")
COMPARISON = Comparison(
    metric="exact_match", primary=True, margin=0.05, pairs=160, samples=160, source_mean=0.9, target_mean=0.8, difference=-0.1,
    interval=Interval(low=-0.16, high=-0.04), worst_case=-0.1, verdict=Verdict.WORSE, reason="The whole interval is below zero.",
    regressed=("s1", "s2"),
)  # fmt: skip
QUIET = DigestResult(answered=160, samples=160, changed=0, comparisons=(COMPARISON,), p50_s=0.4, baseline_p50_s=0.4, alerts=())
DIGEST = DigestFacts(
    migration=replace(MIGRATION, status=MigrationStatus.SIGNED),
    monitor=Monitor(
        id="mon1", migration_id="m1", target="local:gemma3-270m", prompt_hash=HASH, baseline_run="r9", cron="0 9 * * mon",
        timezone="Europe/Berlin", active=True,
    ),
    digest=Digest(id="g1", monitor_id="mon1", tick="2026-11-23T09:00", state="done", run_id="r10", json="{}"),
    result=QUIET,
)  # fmt: skip


def question(kind: QuestionKind, subject: str = "1") -> Question:
    return Question(migration_id="m1", key=f"{kind}:1", kind=kind, subject=subject, asked_at=NOW)


def asked(kind: QuestionKind, *, decided: str = "", is_open: bool = True) -> QuestionFacts:
    """A question's card with everything it can tell."""
    at = NOW + timedelta(minutes=5)
    decision = Decision(migration_id="m1", question=f"{kind}:1", answer=decided, by="U2", at=at, note="As agreed.\nSee notes.")
    return QuestionFacts(
        migration=MIGRATION,
        question=question(kind),
        open=is_open and not decided,
        decision=decision if decided else None,
        plan=PLAN,
        prompts=PROMPTS if kind is QuestionKind.PROMPTS else None,
        report=REPORT,
        report_hash=HASH,
        progress={"U3": (2, 20), "U4": (20, 20)},
    )


def status(migration_status: MigrationStatus, kind: QuestionKind | None) -> StatusFacts:
    """The pinned card's facts in any state, with nothing missing."""
    return StatusFacts(
        migration=replace(MIGRATION, status=migration_status),
        question=question(kind, "baseline") if kind else None,
        dataset=DATASET,
        has_prompt=True,
        runs=(RUN,) if kind is QuestionKind.RUNS else (),
        reviewers=("U3",) if kind is QuestionKind.REVIEW else (),
        report_hash=HASH,
        sign_off=SignOff(migration_id="m1", report_hash=HASH, by="U2", at=NOW),
        monitors=2 if migration_status is MigrationStatus.SIGNED else 0,
        spent="nothing: no call was charged",
    )


def cards() -> Iterator[tuple[str, Card]]:
    """Every card in every state that looks different, by the name of its golden file."""
    yield from _statuses()
    yield from _questions()
    yield from _work()
    yield from batched(asked(QuestionKind.PLAN), RUN)
    yield from prompted()
    yield from _trials()
    yield from _digests()
    yield from _notes()
    yield from _models()


def _statuses() -> Iterator[tuple[str, Card]]:
    empty = replace(MIGRATION, targets=(), owner=None, smes=(), thread_ts=None)
    new = replace(status(MigrationStatus.OPEN, QuestionKind.DATASET), migration=empty, dataset=None, has_prompt=False)
    yield "status_new", status_card(new)
    for each in MigrationStatus:
        yield f"status_{each}", status_card(status(each, QuestionKind.RUNS))
    stuck = replace(MIGRATION, status=MigrationStatus.STUCK, problem="The key <expired>. Renew it, then press Retry.")
    stopped = Purse(migration_id="m1", budget=20.0, spent=19.87, stopped="The budget is used up")
    yield "status_budget_used_up", status_card(replace(status(MigrationStatus.PAUSED, QuestionKind.RUNS), purse=stopped))
    yield "status_with_problem", status_card(replace(status(MigrationStatus.STUCK, None), migration=stuck))


SIGNED = (QuestionKind.SIGN_OFF, "approve")


def _questions() -> Iterator[tuple[str, Card]]:
    for kind in QuestionKind:
        yield f"question_{kind}", question_card(asked(kind))
        yield f"question_{kind}_over", question_card(replace(asked(kind), open=False))
    for kind, answer in (
        (QuestionKind.PLAN, "approve"),
        (QuestionKind.SIGN_OFF, "reject"),
        (QuestionKind.REVIEW, "close"),
        SIGNED,
    ):
        yield f"question_{kind}_{answer}", question_card(asked(kind, decided=answer))
    yield "question_plan_judged", question_card(replace(asked(QuestionKind.PLAN), plan=JUDGED_PLAN))
    waiting = replace(JUDGED_PLAN, criteria=replace(JUDGED_PLAN.criteria, judge=None), costs=())
    yield "question_plan_waiting_for_a_judge", question_card(replace(asked(QuestionKind.PLAN), plan=waiting))
    budget = Purse(migration_id="m1", budget=0.5, spent=0.25)
    yield "question_plan_budget", question_card(replace(asked(QuestionKind.PLAN), plan=JUDGED_PLAN, purse=budget))
    yield "question_plan_being_made", question_card(replace(asked(QuestionKind.PLAN), plan=None))
    yield "question_prompts_use", question_card(asked(QuestionKind.PROMPTS, decided="use"))
    yield "question_sign_off_being_written", question_card(replace(asked(QuestionKind.SIGN_OFF), report=None))


def _work() -> Iterator[tuple[str, Card]]:
    ids = tuple(f"s{n}" for n in range(8))
    found = (
        Finding(code="languages", level="info", message="Two languages."),
        Finding(code="duplicates", level="error", message="Duplicate <ids>.", sample_ids=ids),
    )
    yield "findings", findings_card(FindingsFacts(dataset=DATASET, findings=found))
    yield "findings_none", findings_card(FindingsFacts(dataset=DATASET, findings=()))
    failed = replace(RUN, id="r2", status=RunStatus.FAILED, failed=3, attempt=2, problem="Throttled. Press Retry.")
    runs = (replace(RUN, id="r3", status=RunStatus.DONE, stored=200), RUN, failed)
    yield "progress", progress_card(ProgressFacts(migration_id="m1", stage="baseline", runs=runs, seconds_left=754.0))
    again = ProgressFacts(migration_id="m1", stage="baseline", runs=(RUN,), again=31, throttled=12)
    yield "progress_retried", progress_card(again)
    yield "progress_paused", progress_card(ProgressFacts(migration_id="m1", stage="baseline", runs=(RUN,), paused=True))
    yield "review", review_card(REVIEW)
    yield "review_without_answer", review_card(replace(REVIEW, pair=replace(PAIR, second=None, reference=None)))
    yield "review_done", review_card(replace(REVIEW, pair=None, done=20))
    yield "review_closed", review_card(replace(REVIEW, closed=True))
    yield "errors", errors_card(ERRORS)
    none = replace(ARM, arm="bedrock:amazon.nova-lite-v1:0 · winner", failed=0, groups=())
    yield "errors_many", errors_card(replace(ERRORS, arms=(replace(ARM, groups=(GROUP,) * 9), none)))
    yield "errors_without_targets", errors_card(replace(ERRORS, arms=()))
    yield "references", references_card(REFERENCES)
    yield "references_done", references_card(replace(REFERENCES, doubt=None, done=4))
    yield "references_over", references_card(replace(REFERENCES, over=True))
    yield "corrections", corrections_card(CORRECTIONS)
    yield "corrections_without_version", corrections_card(replace(CORRECTIONS, corrected=1, dataset=None, owner=None, waiting=0))
    yield "table", table_card(TableFacts(name=MIGRATION.name, report=REPORT, report_hash=HASH))
    yield "table_costs", table_card(TableFacts(name=MIGRATION.name, report=REPORT, report_hash=HASH, part="costs"))
    full = build(made.full())
    yield "table_full", table_card(TableFacts(name=MIGRATION.name, report=full, report_hash=HASH))
    yield "table_full_costs", table_card(TableFacts(name=MIGRATION.name, report=full, report_hash=HASH, part="costs"))
    names = ("report.html", "report.xlsx", "report.json")
    yield "files", files_card(FilesFacts(name=MIGRATION.name, report_hash=HASH, files=names))
    yield "files_publishable", files_card(FilesFacts(name=MIGRATION.name, report_hash=HASH, files=names, publishable=True))
    yield "charts", files_card(FilesFacts(name=MIGRATION.name, report_hash=HASH, files=CHARTS, charts=True))


def _trials() -> Iterator[tuple[str, Card]]:
    yield "trial_waiting", trial_card(TrialFacts(number=3, samples=(), waiting=True))
    scores = (
        TriedScore(metric="rubric:tone", value=0.67, said="7 of 10: correct, but curt"),
        TriedScore(metric="rubric:house-rules", value=None, said="judge bad_json: the ruling was no JSON"),
        TriedScore(metric="check:at-most-50-words", value=1.0, said=""),
    )
    tried = TriedSample(question="Where is my <card>?", answer="It is on its way.\nAsk *again* on Monday.", scores=scores)
    yield "trial", trial_card(TrialFacts(number=3, samples=(tried, replace(tried, answer="")), waiting=False))


def _digests() -> Iterator[tuple[str, Card]]:
    yield "digest_working", digest_card(replace(DIGEST, result=None))
    yield "digest_quiet", digest_card(DIGEST)
    yield "digest_changed", digest_card(replace(DIGEST, result=replace(QUIET, changed=7)))
    alert = Alert(metric="exact_match", message="exact_match fell by 0.100 against the signed baseline.")
    yield "digest_alert", digest_card(replace(DIGEST, result=replace(QUIET, changed=7, alerts=(alert,))))


def _notes() -> Iterator[tuple[str, Card]]:
    yield "reply", reply_card(NoteFacts(key="reply:C1:1.1", body="*Plan*. 3 of 9 outputs.\nMore below.", mrkdwn=True))
    proposal = Proposal(kind="change_margin", value="0.03", sentence="Set the margin to 0.03, with a new plan?")
    yield "reply_proposal", reply_card(NoteFacts(key="reply:C1:1.1", body="", migration=MIGRATION, proposal=proposal))
    slow = Proposal(
        kind="another_round", value="1\nt1", sentence="Do a round of shorter answers?", told="*nova*\n• Priority <tier>"
    )
    yield "reply_proposal_told", reply_card(NoteFacts(key="reply:C1:1.1", body="", migration=MIGRATION, proposal=slow))
    wrong = NoteFacts(key="problem:1", body="The file has no column <question>. Add it.", migration=MIGRATION)
    yield "problem", problem_card(wrong)
    yield "problem_with_retry", problem_card(replace(wrong, retry=True))
    yield "problem_budget", problem_card(replace(wrong, body="The budget of 20.00 USD is used up.", budget=True))
    opening = read_opening("move our support classifier from GPT-4o to Haiku 4.5 and Nova Lite")
    yield "start", start_card(opening.sentence, opening.prefill)


def _models() -> Iterator[tuple[str, Card]]:
    source = {"context": Told(source="A list <of models>", date="2026-11-01")}
    nova = model(context=300_000, max_output=10_000, takes={"image": True, "audio": False}, told=source)
    dear = model("bedrock:eu.qwen.big", (2, 8), retires="2027-03-30", disagreements=("input: 1 and 2 differ by 50%",))
    others = [model("bedrock:global.qwen.big", (1, 4)), model("openai:gpt-9"), model("bedrock:eu.unheard.of", None)]
    wanted = Constraints(where="eu", mix=(3.0, 1.0), today="2026-11-25")
    cited = Citation(model="qwen.big", name="MMLU", figure=80.5, date="2026-09-01", source="vendor's page")
    found = shortlist([nova, dear, *others], wanted, [cited])
    yield "models", models_card(ModelsFacts(found=found))
    yield "models_not_understood", models_card(ModelsFacts(found=found, left=("fast", "<cheap>")))
    yield "models_none", models_card(ModelsFacts(found=shortlist(others[:2], wanted)))
    many = [model(f"bedrock:eu.maker.model-{n:02}") for n in range(25)]
    yield "models_many", models_card(ModelsFacts(found=shortlist(many, wanted)))


def homes() -> Iterator[tuple[str, dict[str, object]]]:
    """The home tab as a newcomer sees it, and as somebody with a full page."""
    yield "home_empty", home_view(HomeFacts(migrations=(), waiting=()))
    many = tuple(replace(MIGRATION, id=f"m{n}", name=f"Support {n}") for n in range(45))
    waiting = tuple((MIGRATION, question(kind)) for kind in QuestionKind)
    yield "home_second_page", home_view(HomeFacts(migrations=many, waiting=waiting, page=1))
