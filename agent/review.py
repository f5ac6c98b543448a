"""Which blind pairs SMEs get: where the answers differ most tellingly first, the order hidden and the same on every look."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from agent.arms import short_id
from db.records import Assignment
from pipeline.hashing import content_hash
from pipeline.records import Criteria, RunResult, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A finished run with its id; `result.outputs` and `.scores` cover the test split."""

    id: str
    result: RunResult


def assignments(
    migration_id: str, number: int, smes: Sequence[str], pairs: int, criteria: Criteria, source: Judged, winners: Sequence[Judged]
) -> tuple[Assignment, ...]:
    """At most `pairs` for each SME over all targets, the same for every SME so that their agreement can be measured."""
    chosen = _alternating([_worth_judging(source, winner, criteria) for winner in winners])[:pairs]
    return tuple(_assignment(migration_id, number, sme, sample_id, source.id, run) for sme in smes for sample_id, run in chosen)


def _worth_judging(source: Judged, winner: Judged, criteria: Criteria) -> list[tuple[str, str]]:
    """Samples both answered, differently: regressions first, then gains, then other differences."""
    before, after = _texts(source.result), _texts(winner.result)
    points = _differences(source.result, winner.result, criteria)
    shared = [s for s in before if s in after and before[s].strip() != after[s].strip()]
    ranked = sorted(shared, key=lambda s: (_rank(points.get(s, 0.0)), content_hash([s, winner.id])))
    return [(sample_id, winner.id) for sample_id in ranked]


def _rank(difference: float) -> tuple[int, float]:
    return (0, difference) if difference < 0 else (1, -difference)


def _texts(result: RunResult) -> dict[str, str]:
    return {o.sample_id: o.text for o in result.outputs if o.text is not None}


def _differences(source: RunResult, winner: RunResult, criteria: Criteria) -> Mapping[str, float]:
    """Target minus source by sample, summed over the primary metrics."""
    primary = {choice.metric for choice in criteria.primary}
    before = {(s.sample_id, s.metric): s.value for s in source.scores if s.value is not None}
    total: dict[str, float] = {}
    for score in _scored(winner.scores, primary):
        was = before.get((score.sample_id, score.metric))
        if was is not None and score.value is not None:
            total[score.sample_id] = total.get(score.sample_id, 0.0) + score.value - was
    return total


def _scored(scores: Iterable[Score], metrics: set[str]) -> Iterable[Score]:
    return (s for s in scores if s.metric in metrics and s.value is not None)


def _alternating(lists: Sequence[list[tuple[str, str]]]) -> list[tuple[str, str]]:
    """One of each target in turn."""
    return [pair for pair in chain.from_iterable(zip_longest(*lists)) if pair is not None]


def _assignment(migration_id: str, number: int, sme: str, sample_id: str, source: str, winner: str) -> Assignment:
    identity = short_id(migration_id, number, sme, sample_id, winner)
    # run ids never reach Slack, so nothing an SME's client holds tells which answer is whose
    source_first = int(content_hash([identity, source, winner]), 16) % 2 == 1
    first, second = (source, winner) if source_first else (winner, source)
    return Assignment(
        id=identity, migration_id=migration_id, round=number, sample_id=sample_id, sme=sme, run_a=first, run_b=second
    )
