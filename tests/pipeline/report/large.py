"""A large report's inputs, made by a generator: five metrics of three kinds, clusters, tokens, times and some failures."""

from random import Random

from pipeline.records import (
    Criteria,
    Failure,
    JudgeChoice,
    MetricChoice,
    Output,
    PromptVersion,
    RunKey,
    RunResult,
    Sample,
    Score,
    Spent,
    Split,
    Usage,
)
from pipeline.report.records import AS_IS, FORMAT_FIXED, WINNER, Arm, Provenance, ReportInputs

METRICS = ("exact_match", "rouge_l", "answer_recall", "rubric:tone", "refusal")
CRITERIA = Criteria(
    metrics=tuple(MetricChoice(metric=name, primary=place in {0, 2}) for place, name in enumerate(METRICS)),
    judge=JudgeChoice(model="bedrock:amazon.nova-pro-v1:0"),
)
PROMPT = PromptVersion(user="{question}")


def inputs(n: int, arms: int = 4, seed: int = 1) -> ReportInputs:
    """`n` samples, each arm a little better than the one before, one answer in two hundred failed."""
    chance = Random(seed)
    samples = tuple(
        Sample(id=f"s{i:06d}", variables={"question": f"Question {i}?"}, reference="yes", cluster=f"c{i // 3}" if i % 2 else None)
        for i in range(n)
    )
    bars = (AS_IS, FORMAT_FIXED, WINNER)
    made = [(f"bedrock:model-{i // 3}", bars[i % 3]) for i in range(arms)]
    return ReportInputs(
        title="Large",
        use_case="classification",
        criteria=CRITERIA,
        samples=samples,
        source=_run("recorded:gpt-4o", samples, 0.6, chance),
        source_prompt=PROMPT,
        arms=tuple(
            Arm(target=target, bar=bar, prompt=PROMPT, result=_run(target, samples, 0.6 + place / 50, chance))
            for place, (target, bar) in enumerate(made)
        ),
        provenance=Provenance(dataset_name="d", dataset_hash="h", dev=0, test=n, criteria_hash=CRITERIA.hash, plan="Plan 1"),
    )


def _run(model: str, samples: tuple[Sample, ...], skill: float, chance: Random) -> RunResult:
    outputs, scores = [], []
    for sample in samples:
        if chance.random() < 0.005:
            outputs.append(Output(sample_id=sample.id, text=None, failure=Failure(kind="timeout", message="Again.")))
            scores += [
                Score(sample_id=sample.id, metric=m, value=None, unscored="call failed (timeout): Again.") for m in METRICS
            ]
            continue
        usage = Usage(input_tokens=chance.randrange(50, 2_000), output_tokens=chance.randrange(1, 300))
        outputs.append(
            Output(sample_id=sample.id, text="yes", usage=usage, latency_s=chance.random(), ttft_s=chance.random() / 9)
        )
        good = float(chance.random() < skill)
        values = (good, chance.random() * skill, min(1.0, chance.random() + skill / 3), chance.randrange(10) / 9, 1.0)
        spent = Spent(calls=2, input_tokens=600, output_tokens=60)
        scores += [
            Score(sample_id=sample.id, metric=m, value=v, spent=spent if m in {"answer_recall", "rubric:tone"} else None)
            for m, v in zip(METRICS, values, strict=True)
        ]
    key = RunKey(model=model, prompt_hash=PROMPT.hash, split=Split.TEST)
    hashes = {s.id: s.input_hash for s in samples}
    return RunResult(key=key, label=model, outputs=tuple(outputs), scores=tuple(scores), input_hashes=hashes)
