"""Builds samples and finished runs for the tests of decisions."""

from collections.abc import Mapping, Sequence

from pipeline.records import Criteria, Failure, MetricChoice, Output, RunKey, RunResult, Sample, Score, Split, Usage

CRITERIA = Criteria(metrics=(MetricChoice(metric="normalised_match", primary=True, margin=0.05),))
GRADED = Criteria(metrics=(MetricChoice(metric="rouge_l", primary=True, margin=0.05),))


def samples(n: int, *, clusters: Sequence[str] | None = None, reference: str | None = "yes") -> tuple[Sample, ...]:
    return tuple(
        Sample(id=f"s{i:04}", variables={"q": str(i)}, reference=reference, cluster=clusters[i] if clusters else None)
        for i in range(n)
    )


def run(
    of: Sequence[Sample],
    values: Sequence[float | None],
    *,
    metric: str = "normalised_match",
    label: str = "target",
    more: Mapping[str, Sequence[float]] | None = None,
    tokens: int | None = None,
) -> RunResult:
    """A run whose outputs got `values`; None is a failed call."""
    failure = Failure(kind="throttled", message="Try again later.")
    usage = None if tokens is None else Usage(input_tokens=tokens, output_tokens=0)
    outputs = tuple(
        Output(sample_id=s.id, text=None, failure=failure) if v is None else Output(sample_id=s.id, text="yes", usage=usage)
        for s, v in zip(of, values, strict=True)
    )
    scores = [
        Score(sample_id=s.id, metric=metric, value=v, unscored=None if v is not None else "call failed (throttled): Try again.")
        for s, v in zip(of, values, strict=True)
    ]
    for name, others in (more or {}).items():
        scores += [Score(sample_id=s.id, metric=name, value=v) for s, v in zip(of, others, strict=True)]
    return RunResult(
        key=RunKey(model=f"scripted:{label}", prompt_hash=f"hash of {label}", split=Split.TEST),
        label=label,
        outputs=outputs,
        scores=tuple(scores),
        input_hashes={s.id: s.input_hash for s in of},
    )
