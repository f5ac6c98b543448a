"""Quality against cost: the leaderboard, the front, the three bars, and which target the locked criteria allow."""

from collections.abc import Iterable, Mapping, Sequence

from pipeline.records import Parameters, PromptVersion
from pipeline.report.figures.spread import mean_of, rounded
from pipeline.report.figures.stored import Stored
from pipeline.report.records import (
    AS_IS,
    FORMAT_FIXED,
    WINNER,
    ArmReport,
    DevChoice,
    Gain,
    Place,
    Point,
    Quantity,
)

TEST, DEV = "test", "dev"


def config(parameters: Parameters) -> str:
    """Inference parameters in words."""
    said = [f"max {parameters.max_tokens} tokens"]
    said += [f"temperature {parameters.temperature:g}"] if parameters.temperature is not None else []
    said += [f"top p {parameters.top_p:g}"] if parameters.top_p is not None else []
    said += ["stop sequences"] if parameters.stop else []
    return ", ".join([*said, *(["JSON schema"] if parameters.json_schema else [])])


def leaderboard(
    arms: Sequence[ArmReport], prompts: Mapping[str, PromptVersion], dev: Sequence[DevChoice], stored: Stored
) -> tuple[Place, ...]:
    """Every run on test, then every candidate on dev, best quality first; the two splits are never mixed."""
    tested = [
        Place(
            split=TEST,
            model=arm.model,
            prompt=f"{arm.bar} ({arm.method})" if arm.bar not in {arm.method, "source"} else arm.bar,
            config=config(prompts[arm.label].parameters),
            quality=arm.quality,
            verdict=arm.verdict,
            per_1k=arm.cost.per_1k,
            chosen=WINNER in arm.bar,
        )
        for arm in arms
    ]
    tried = [
        Place(
            split=DEV,
            model=choice.target,
            prompt=choice.label,
            config=choice.config,
            quality=_dev_quality(choice, stored.criteria.confidence),
            chosen=choice.chosen,
            refusal=choice.refusal,
        )
        for choice in dev
    ]
    return (*sorted(tested, key=_rank), *sorted(tried, key=_rank))


def _rank(place: Place) -> float:
    return -(place.quality.value if place.quality.value is not None else -1.0)


def _dev_quality(choice: DevChoice, confidence: float) -> Quantity:
    """The mean the choice was made by, from its scores where they are stored; the interval is of the samples' own means."""
    import numpy as np

    if not choice.scores:
        mean = None if choice.mean is None else rounded(choice.mean)
        return Quantity(value=mean, n=choice.scored, note="as given" if mean is not None else "no figure")
    means = [sum(values.values()) / len(values) for values in choice.scores.values()]
    samples = sorted({i for values in choice.scores.values() for i in values})
    each = [_mean([values[i] for values in choice.scores.values() if i in values]) for i in samples]
    spread = mean_of(np.asarray(each, dtype=float), None, confidence)
    return Quantity(value=rounded(_mean(means)), low=spread.low, high=spread.high, n=len(samples), note=spread.note)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def points(arms: Sequence[ArmReport]) -> tuple[Point, ...]:
    """The runs whose quality and cost are both known; on the front none is beaten in one without being better in the other."""
    known = [(a, a.quality.value, a.cost.per_1k) for a in arms if a.quality.value is not None and a.cost.per_1k is not None]
    return tuple(
        Point(label=arm.label, model=arm.model, quality=quality, per_1k=cost, front=not _beaten(quality, cost, known))
        for arm, quality, cost in known
    )


def _beaten(quality: float, cost: float, others: Iterable[tuple[ArmReport, float, float]]) -> bool:
    return any(q >= quality and c <= cost and (q > quality or c < cost) for _, q, c in others)


def gains(stored: Stored, arms: Sequence[ArmReport]) -> tuple[Gain, ...]:
    """What the prompt's optimisation is credited with: never the gain that fixing the format alone brings."""
    return tuple(_gain(stored, model, [a for a in arms if a.model == model]) for model in dict.fromkeys(a.model for a in arms))


def _gain(stored: Stored, model: str, arms: Sequence[ArmReport]) -> Gain:
    def bar(name: str) -> ArmReport | None:
        return next((arm for arm in arms if name in [part.strip() for part in arm.bar.split(",")]), None)

    as_is, fixed, winner = bar(AS_IS), bar(FORMAT_FIXED), bar(WINNER)
    return Gain(
        target=model,
        as_is=as_is.quality.value if as_is else None,
        format_fixed=fixed.quality.value if fixed else None,
        winner=winner.quality.value if winner else None,
        credited=_credited(stored, fixed, winner),
    )


def _credited(stored: Stored, fixed: ArmReport | None, winner: ArmReport | None) -> Quantity:
    if winner is None or fixed is None:
        return Quantity(note=f"no {WINNER if winner is None else FORMAT_FIXED} bar was run, so nothing is credited")
    if winner.label == fixed.label:
        return Quantity(value=0.0, n=winner.samples, note="the winner is the format-fixed prompt")
    before = stored.quality(stored.evidence.run(fixed.label))
    after = stored.quality(stored.evidence.run(winner.label))
    return mean_of(after - before, stored.units, stored.criteria.confidence, bounded=False)
