"""What a plan proposes and how a change makes the next one. Pure; approval of its hash is what locks the criteria."""

from collections.abc import Sequence
from dataclasses import replace

from db.records import DatasetVersion, Estimate, Migration, Plan, PlanChange
from pipeline.records import Criteria, MetricChoice, Sample

REVIEW_PAIRS = 6
"""Blind pairs for each SME: about two minutes on a phone."""

CANDIDATES_GUESS = 4
BARS = 3
SECONDS = {"recorded": 0.0, "scripted": 0.02, "local": 0.5, "bedrock": 2.0}
IN_FLIGHT = {"recorded": 64, "scripted": 8, "local": 1, "bedrock": 16}
FREE = {"recorded": "replays what is in the file; nothing is charged", "scripted": "a script; nothing is charged"}
FREE["local"] = "runs on this machine; nothing is charged"
UNKNOWN_PRICE = "the price is unknown in this version"


def first(migration: Migration, dataset: DatasetVersion, samples: Sequence[Sample], criteria: Criteria) -> Plan:
    """Plan 1: the guide's criteria for this use case and these samples."""
    return _plan(migration, dataset, samples, 1, criteria, REVIEW_PAIRS)


def following(
    last: Plan, migration: Migration, dataset: DatasetVersion, samples: Sequence[Sample], change: PlanChange | None
) -> Plan:
    """The plan after `last` with `change` applied; the same change on the same plan makes the same plan."""
    asked = change or PlanChange()
    criteria = replace(last.criteria, metrics=tuple(_changed(choice, asked) for choice in last.criteria.metrics))
    pairs = last.review_pairs if asked.review_pairs is None else asked.review_pairs
    return _plan(migration, dataset, samples, last.number + 1, criteria, pairs)


def with_target(targets: tuple[str, ...], change: PlanChange | None) -> tuple[str, ...]:
    """`targets` and the one that was asked for, once each."""
    added = (change.add_target,) if change and change.add_target else ()
    return tuple(dict.fromkeys((*targets, *added)))


def provider(ref: str) -> str:
    return ref.partition(":")[0].strip().lower()


def _changed(choice: MetricChoice, change: PlanChange) -> MetricChoice:
    concerned = choice.metric == change.metric if change.metric else choice.primary
    return replace(choice, margin=change.margin) if concerned and change.margin is not None else choice


def _plan(
    migration: Migration, dataset: DatasetVersion, samples: Sequence[Sample], number: int, criteria: Criteria, review_pairs: int
) -> Plan:
    dev, test = dataset.dev, dataset.test
    recorded = _recorded_seconds(samples)
    stages = [_estimate("baseline", (migration.source,), dev + test, recorded)]
    stages.append(
        _estimate("candidates", migration.targets, CANDIDATES_GUESS * dev, None, f"about {CANDIDATES_GUESS} prompts each")
    )
    stages.append(_estimate("targets", migration.targets, BARS * test, None, f"at most {BARS} prompts each"))
    return Plan(
        migration_id=migration.id,
        number=number,
        criteria=criteria,
        source=migration.source,
        targets=migration.targets,
        review_pairs=review_pairs,
        estimates=tuple(stages),
    )


def _estimate(stage: str, refs: Sequence[str], calls: int, seconds: float | None, note: str = "") -> Estimate:
    """`calls` for each model, one model after the other; an unknown price is None with a note, never 0."""
    kinds = list(dict.fromkeys(provider(ref) for ref in refs))
    basis = "from the recorded latency" if seconds else "time by a rule of thumb"
    money = [FREE.get(kind, UNKNOWN_PRICE) for kind in kinds]
    return Estimate(
        stage=stage,
        calls=calls * len(refs),
        seconds=round(sum(calls * _pace(provider(ref), seconds) for ref in refs), 1),
        usd=None,
        note="; ".join(part for part in (note, basis, *dict.fromkeys(money)) if part),
    )


def _pace(kind: str, seconds: float | None) -> float:
    """Seconds a call adds to a stage. A recorded output is read, however long the model took for it once."""
    alone = SECONDS.get(kind, 2.0) if seconds is None or kind == "recorded" else seconds
    return alone / IN_FLIGHT.get(kind, 8)


def _recorded_seconds(samples: Sequence[Sample]) -> float | None:
    known = [s.recorded.latency_s for s in samples if s.recorded and s.recorded.latency_s is not None]
    return sum(known) / len(known) if known else None
