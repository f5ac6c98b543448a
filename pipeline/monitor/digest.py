"""A monitor's tick: the signed target today against its own baseline, on the same frozen test split."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from pipeline.decide.compare import compare
from pipeline.decide.latency import DIGITS, latency
from pipeline.hashing import canonical_json
from pipeline.records import Comparison, Criteria, RunResult, Sample, Verdict

SLOWER = 1.5  # a median latency this many times the baseline's is worth an alert


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A threshold crossed: what, and what to do about it."""

    metric: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestResult:
    """What one tick found. `changed` counts samples whose text differs from the baseline's."""

    answered: int
    samples: int
    changed: int
    comparisons: tuple[Comparison, ...]
    p50_s: float | None
    baseline_p50_s: float | None
    alerts: tuple[Alert, ...]

    @property
    def quiet(self) -> bool:
        """Nothing moved: the digest is one line."""
        return not self.alerts and self.changed == 0


def digest(samples: Sequence[Sample], baseline: RunResult, now: RunResult, criteria: Criteria) -> DigestResult:
    """Compare `now` with `baseline`. Raises InputError when the two are not over the same inputs."""
    comparisons = compare(samples, baseline, now, criteria)
    before, after = latency(baseline.outputs), latency(now.outputs)
    texts = {o.sample_id: o.text for o in baseline.outputs}
    return DigestResult(
        answered=sum(o.text is not None for o in now.outputs),
        samples=len(samples),
        changed=sum(texts.get(o.sample_id) != o.text for o in now.outputs),
        comparisons=comparisons,
        p50_s=after.p50.value,
        baseline_p50_s=before.p50.value,
        alerts=(*_drops(comparisons), *_slowdown(before.p50.value, after.p50.value), *_silence(now, len(samples))),
    )


def dumps(result: DigestResult) -> str:
    return canonical_json(result)


def loads(text: str) -> DigestResult:
    return TypeAdapter(DigestResult).validate_json(text)


def _drops(comparisons: Sequence[Comparison]) -> list[Alert]:
    return [
        Alert(
            metric=c.metric,
            message=f"{c.metric} fell by {abs(round(c.difference or 0, DIGITS)):.3f} against the signed baseline, and the whole "
            f"interval is below zero. Look at the {len(c.regressed)} samples that got worse, or start the migration again.",
        )
        for c in comparisons
        if c.primary and c.verdict is Verdict.WORSE
    ]


def _slowdown(before: float | None, after: float | None) -> list[Alert]:
    if before is None or after is None or after <= SLOWER * before:
        return []
    return [Alert(metric="latency", message=f"The median answer takes {after:.2f} s; at sign-off it took {before:.2f} s.")]


def _silence(now: RunResult, samples: int) -> list[Alert]:
    failed = sum(o.failure is not None for o in now.outputs)
    if failed <= 0.02 * samples:
        return []
    return [
        Alert(metric="failures", message=f"{failed} of {samples} calls failed. Check the provider's status and the credentials.")
    ]
