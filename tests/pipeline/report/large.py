"""A large report's inputs, made by a generator: five metrics of three kinds, clusters, tokens, times and some failures."""

from dataclasses import replace
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
from pipeline.report.gather import RunCells, SampleFacts, metric_names
from pipeline.report.records import (
    AS_IS,
    FORMAT_FIXED,
    SOURCE,
    WINNER,
    Arm,
    Given,
    Provenance,
    Report,
    ReportInputs,
    label_of,
    quoted_of,
)

METRICS = ("exact_match", "rouge_l", "answer_recall", "rubric:tone", "refusal")
CRITERIA = Criteria(
    metrics=tuple(MetricChoice(metric=name, primary=place in {0, 2}) for place, name in enumerate(METRICS)),
    judge=JudgeChoice(model="bedrock:amazon.nova-pro-v1:0"),
)
PROMPT = PromptVersion(user="{question}")
JUDGED = frozenset({"answer_recall", "rubric:tone"})
SPENT = Spent(calls=2, input_tokens=600, output_tokens=60)
PAGE = 1_000


def inputs(n: int, arms: int = 4, seed: int = 1) -> ReportInputs:
    """`n` samples, each arm a little better than the one before, one answer in two hundred failed."""
    chance = Random(seed)
    samples = tuple(sample(i) for i in range(n))
    source, *runs = (_result(model, samples, skill, chance) for model, _, skill in plan(arms))
    made = [
        Arm(target=model, bar=bar, prompt=PROMPT, result=run) for (model, bar, _), run in zip(plan(arms)[1:], runs, strict=True)
    ]
    return ReportInputs(
        title="Large",
        use_case="classification",
        criteria=CRITERIA,
        samples=samples,
        source=source,
        source_prompt=PROMPT,
        arms=tuple(made),
        provenance=provenance(n),
    )


def given(n: int, arms: int = 4, seed: int = 1) -> Given:
    """The same report's cells, gathered a page at a time, as a worker gathers them: nothing is held whole."""
    chance = Random(seed)
    facts = SampleFacts(CRITERIA, metric_names(CRITERIA, METRICS))
    for start in range(0, n, PAGE):
        facts.add(sample(i) for i in range(start, min(start + PAGE, n)))
    hashes, runs = facts.inputs, []
    for model, bar, skill in plan(arms):
        cells = RunCells(facts, key(model), model, hashes)
        for start in range(0, n, PAGE):
            pairs = [_cells(f"s{i:06d}", skill, chance) for i in range(start, min(start + PAGE, n))]
            cells.add_outputs(output for output, _ in pairs)
            cells.add_scores(score for _, scores in pairs for score in scores)
        runs.append(cells.facts(SOURCE if bar == SOURCE else label_of(model, bar), bar))
    evidence = facts.evidence(runs)
    return Given(
        title="Large",
        use_case="classification",
        criteria=CRITERIA,
        prompts={run.label: PROMPT for run in runs},
        provenance=provenance(n),
        evidence=evidence,
        quoted=quoted_of(evidence),
    )


def sample(i: int) -> Sample:
    return Sample(
        id=f"s{i:06d}", variables={"question": f"Question {i}?"}, reference="yes", cluster=f"c{i // 3}" if i % 2 else None
    )


def plan(arms: int) -> list[tuple[str, str, float]]:
    """Model, bar and skill of the source and of each arm."""
    bars = (AS_IS, FORMAT_FIXED, WINNER)
    return [("recorded:gpt-4o", SOURCE, 0.6), *((f"bedrock:model-{i // 3}", bars[i % 3], 0.6 + i / 50) for i in range(arms))]


def provenance(n: int) -> Provenance:
    return Provenance(dataset_name="d", dataset_hash="h", dev=0, test=n, criteria_hash=CRITERIA.hash, plan="Plan 1")


def quotes(report: Report) -> Report:
    """The report with texts of a usual length for what it quotes."""
    said = "A sentence that an assistant might have written. " * 8
    return replace(
        report, regressions=tuple(replace(r, question=said, source_text=said, target_text=said) for r in report.regressions)
    )


def key(model: str) -> RunKey:
    return RunKey(model=model, prompt_hash=PROMPT.hash, split=Split.TEST)


def _result(model: str, samples: tuple[Sample, ...], skill: float, chance: Random) -> RunResult:
    pairs = [_cells(sample.id, skill, chance) for sample in samples]
    return RunResult(
        key=key(model),
        label=model,
        outputs=tuple(output for output, _ in pairs),
        scores=tuple(score for _, scores in pairs for score in scores),
        input_hashes={s.id: s.input_hash for s in samples},
    )


def _cells(name: str, skill: float, chance: Random) -> tuple[Output, list[Score]]:
    """One answer with its scores."""
    if chance.random() < 0.005:
        why = "call failed (timeout): Again."
        failed = Output(sample_id=name, text=None, failure=Failure(kind="timeout", message="Again."))
        return failed, [Score(sample_id=name, metric=m, value=None, unscored=why) for m in METRICS]
    usage = Usage(input_tokens=chance.randrange(50, 2_000), output_tokens=chance.randrange(1, 300))
    output = Output(sample_id=name, text="yes", usage=usage, latency_s=chance.random(), ttft_s=chance.random() / 9)
    good = float(chance.random() < skill)
    values = (good, chance.random() * skill, min(1.0, chance.random() + skill / 3), chance.randrange(10) / 9, 1.0)
    return output, [
        Score(sample_id=name, metric=m, value=v, spent=SPENT if m in JUDGED else None)
        for m, v in zip(METRICS, values, strict=True)
    ]
