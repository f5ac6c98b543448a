"""A small finished migration, made by hand: the source and three arms over the same sixty samples."""

from pipeline.records import (
    Criteria,
    Failure,
    MetricChoice,
    Output,
    PromptVersion,
    RunKey,
    RunResult,
    Sample,
    Score,
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
    )
