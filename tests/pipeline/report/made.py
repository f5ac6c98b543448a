"""A small finished migration, made by hand: the source and three arms over the same sixty samples."""

from dataclasses import replace

from pipeline.models.prices import Entry, Prices, known
from pipeline.records import (
    Agreement,
    Cause,
    Check,
    Criteria,
    ErrorGroup,
    Failure,
    Interval,
    JudgeChoice,
    MetricChoice,
    Output,
    PriorScores,
    PromptVersion,
    Rubric,
    RubricKind,
    RunKey,
    RunResult,
    Sample,
    Score,
    Spent,
    Split,
    Usage,
)
from pipeline.report.records import AS_IS, FORMAT_FIXED, WINNER, Arm, DevChoice, Preferences, Provenance, ReportInputs

SAMPLES = tuple(
    Sample(id=f"s{n:02d}", variables={"question": f"Where is my card number {n}?"}, reference="card arrival") for n in range(60)
)
CRITERIA = Criteria(metrics=(MetricChoice(metric="exact_match", primary=True, margin=0.05), MetricChoice(metric="refusal")))
SOURCE_PROMPT = PromptVersion(user="Message: {question}\nIntent:")


def run(label: str, right: set[int], *, prompt: PromptVersion = SOURCE_PROMPT, failed: frozenset[int] = frozenset()) -> RunResult:
    """A run in which the samples in `right` are right, those in `failed` have no answer, and the others are wrong."""
    outputs, scores = [], []
    for n, sample in enumerate(SAMPLES):
        if n in failed:
            outputs.append(Output(sample_id=sample.id, text=None, failure=Failure(kind="timeout", message="Try again later.")))
            scores.append(Score(sample_id=sample.id, metric="exact_match", value=None, unscored="no answer: timeout"))
            continue
        text = "card arrival" if n in right else "=lost card"
        usage = Usage(input_tokens=40, output_tokens=3)
        outputs.append(Output(sample_id=sample.id, text=text, usage=usage, latency_s=0.1 + n / 100, ttft_s=0.05))
        scores.append(Score(sample_id=sample.id, metric="exact_match", value=float(n in right)))
        scores.append(Score(sample_id=sample.id, metric="refusal", value=1.0))
    key = RunKey(model=label, prompt_hash=prompt.hash, split=Split.TEST)
    hashes = {s.id: s.input_hash for s in SAMPLES}
    return RunResult(key=key, label=label, outputs=tuple(outputs), scores=tuple(scores), input_hashes=hashes)


def locked(given: ReportInputs, criteria: Criteria) -> ReportInputs:
    """The inputs under other criteria, as the plan locked them."""
    return replace(given, criteria=criteria, provenance=replace(given.provenance, criteria_hash=criteria.hash))


def inputs(*, winner_right: set[int] | None = None, winner_failed: frozenset[int] = frozenset()) -> ReportInputs:
    """Source right on the first 24; the winner on 20 of these and 25 more, unless told otherwise."""
    won = PromptVersion(
        user="Message: Lost!\nIntent: lost card\n\nMessage: {question}\nIntent:", method="few-shot", shots=("d1",)
    )
    right = set(range(4, 49)) if winner_right is None else winner_right
    target = "local:tiny"
    arms = (
        Arm(target=target, bar=AS_IS, prompt=SOURCE_PROMPT, result=run(target, set(range(24)))),
        Arm(target=target, bar=FORMAT_FIXED, prompt=SOURCE_PROMPT, result=run(target, set(range(26)))),
        Arm(target=target, bar=WINNER, prompt=won, result=run(target, right, prompt=won, failed=winner_failed)),
    )
    return ReportInputs(
        title="Bank messages <script>alert(1)</script>",
        use_case="classification",
        criteria=CRITERIA,
        samples=SAMPLES,
        source=run("recorded:router", set(range(24))),
        source_prompt=SOURCE_PROMPT,
        arms=arms,
        dev=(
            DevChoice(target=target, label="as is", scored=20, mean=0.4, chosen=False),
            DevChoice(target=target, label="few-shot", scored=20, mean=0.75, chosen=True),
            DevChoice(
                target=target, label="family rules", scored=0, mean=None, chosen=False, refusal="It lost the variable question."
            ),
        ),
        preferences=(Preferences(target=target, better=7, same=3, worse=2),),
        provenance=Provenance(
            dataset_name="bank.csv",
            dataset_hash="d" * 64,
            dev=20,
            test=60,
            criteria_hash=CRITERIA.hash,
            plan="plan 1",
            versions={"ferry": "0.1.0"},
        ),
        prices=known(["recorded:router", target]),
    )


RUBRIC = Rubric(name="Tone", kind=RubricKind.YES_NO, text="Is it polite?", questions=("Is it polite?",))
CHECK = Check(name="At most ten words", rule="max_words", value="10", text="At most ten words.")
FULL_CRITERIA = Criteria(
    metrics=(
        MetricChoice(metric="exact_match", primary=True, margin=0.05),
        MetricChoice(metric=RUBRIC.metric, primary=True, margin=0.1),
        MetricChoice(metric=CHECK.metric),
    ),
    judge=JudgeChoice(model="bedrock:amazon.nova-pro-v1:0", prompts_hash="p" * 64, libraries=("deepeval 4.3.1",)),
    rubrics=(RUBRIC,),
    checks=(CHECK,),
)
PRICES = Prices(
    overrides={"recorded:router": Entry(model="router", provider="recorded", input=2.5, output=10.0, source="contract")}
)


def full() -> ReportInputs:
    """As `inputs`, with everything a report can hold: judged metrics, two targets, prices, cut answers, prior scores, groups."""
    given, nova = inputs(winner_right=set(range(2, 50)), winner_failed=frozenset({59})), "bedrock:amazon.nova-lite-v1:0"
    winner = replace(given.arms[2], result=_judged(given.arms[2].result, "polite"))
    other = Arm(
        target=nova, bar=f"{FORMAT_FIXED}, {WINNER}", prompt=SOURCE_PROMPT, result=_judged(run(nova, set(range(12))), "ok")
    )
    arms = (*(replace(arm, result=_judged(arm.result, "so-so")) for arm in given.arms[:2]), winner, other)
    samples = tuple(
        replace(s, reference=None if n == 5 else s.reference, cluster=f"c{n // 2}", prior=PriorScores(human=float(n % 5 + 1)))
        for n, s in enumerate(SAMPLES)
    )
    ids = tuple(s.id for s in SAMPLES[20:29])
    return replace(
        given,
        criteria=FULL_CRITERIA,
        samples=samples,
        source=_judged(given.source, "ok"),
        arms=arms,
        dev=tuple(replace(d, scores={"exact_match": {f"d{n}": float(n % 4 > 0) for n in range(20)}}) for d in given.dev[1:2]),
        prices=known(["recorded:router", "local:tiny", nova, "bedrock:amazon.nova-pro-v1:0"], PRICES),
        monthly_calls=120_000,
        agreements=(
            Agreement(
                metric=RUBRIC.metric, against="SME preferences", n=120, kappa=0.41, interval=Interval(low=0.3, high=0.52),
                validated=False,
            ),
        ),
        error_groups=(
            ErrorGroup(
                arm=other.label, cause=Cause.PROMPT, label="says 'lost card'", sample_ids=ids, evidence="All of one intent.",
                next_step="Add an example.",
            ),
        ),
        second_look="report 1 (0123456789abcdef) was made from it.",
        provenance=replace(given.provenance, criteria_hash=FULL_CRITERIA.hash),
    )  # fmt: skip


def _judged(result: RunResult, manner: str) -> RunResult:
    """The run with a rubric that cost calls and a check that cost none; one judge's answer is broken, two answers are cut off."""
    scores: list[Score] = [score for score in result.scores if score.metric == "exact_match"]
    spent, worse = Spent(calls=1, input_tokens=300, output_tokens=20), {"polite": 40, "ok": 8, "so-so": 3}[manner]
    for n, output in enumerate(result.outputs):
        broken = "judge bad_json: no JSON" if n == 7 else "no answer: timeout" if output.failure else None
        value = None if broken else float(n % worse > 0)
        scores.append(Score(sample_id=output.sample_id, metric=RUBRIC.metric, value=value, unscored=broken, spent=spent))
        scores.append(Score(sample_id=output.sample_id, metric=CHECK.metric, value=float(n % 6 > 0)))
    outputs = tuple(replace(o, stop_reason="max_tokens") if n in {3, 4} else o for n, o in enumerate(result.outputs))
    return replace(result, outputs=outputs, scores=tuple(scores))
