"""How many samples a margin needs, before anything is spent: from a pilot's differences where there are any."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.decide.pairs import Pairs, check_same_inputs, index, pair, units
from pipeline.decide.statistics import ALIKE, PLANNING_SD, paired, required_n
from pipeline.metrics.registry import metric_named
from pipeline.records import Criteria, RunResult, Sample

PILOT = 20  # pairs below which a standard deviation is a worse guide than the planning figure
CAUTION = 0.8  # a pilot's sd is taken at its upper limit with this confidence
PLANNING_CORRELATION = 0.3  # of differences within a cluster, when no pilot has shown it
POWER = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Pilot:
    """What the pairs at hand say of one sample's difference: `sd` as seen, over `pairs`, with the clusters' `design_effect`."""

    sd: float
    pairs: int
    design_effect: float

    @property
    def cautious(self) -> float:
        """The upper 80 % limit of the sd, since a pilot as often shows too little spread as too much.

        Browne 1995, "On the use of a pilot sample for sample size determination", Statistics in Medicine 14:1933.
        """
        from scipy.special import chdtri

        freedom = self.pairs - 1
        return self.sd * math.sqrt(freedom / float(chdtri(freedom, CAUTION)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Whether `samples` samples can show "not worse"; `needed` would, `basis` says by which figures. `message` is for people."""

    samples: int
    needed: int
    enough: bool
    sd: float
    design_effect: float
    basis: str
    message: str


def pilot(samples: Sequence[Sample], source: RunResult, target: RunResult, metric: str, criteria: Criteria) -> Pilot | None:
    """A pilot from two runs over the same samples, such as the source's and a candidate's on dev.

    None below 20 pairs or when all pairs differ alike: then the planning figure is the better guide. InputError as in `compare`.
    """
    check_same_inputs(samples, source, target)
    return pilot_of(pair(samples, index(source), index(target), metric_named(metric, criteria)))


def pilots(samples: Sequence[Sample], source: RunResult, targets: Sequence[RunResult], criteria: Criteria) -> Mapping[str, Pilot]:
    """The pilot of each metric that decides, the one that asks for most samples where several targets give one."""
    found: dict[str, Pilot] = {}
    for choice in criteria.primary:
        of_metric = [known for target in targets if (known := pilot(samples, source, target, choice.metric, criteria))]
        if of_metric:
            found[choice.metric] = max(of_metric, key=lambda known: known.cautious**2 * known.design_effect)
    return found


def pilot_of(pairs: Pairs) -> Pilot | None:
    """As `pilot`, from pairs that are at hand."""
    if len(pairs.ids) < PILOT:
        return None
    found = paired(pairs.differences, pairs.clusters)
    if found.sd <= ALIKE:
        return None
    return Pilot(sd=found.sd, pairs=found.pairs, design_effect=found.design_effect)


def size(
    samples: Sequence[Sample],
    margin: float,
    *,
    known: Pilot | None = None,
    family: int = 1,
    confidence: float = 0.95,
    power: float = POWER,
) -> Size:
    """Whether these test samples can show "not worse by more than `margin`" if source and target are in truth equally good.

    The formula is that of `required_n`; the confidence is shared among the `family` of primary metrics times targets, as in
    `needed`. Without a pilot the sd is a planning figure, and clusters count by 1 + (m - 1) · 0.3 with m the mean size of the
    cluster a sample is in (Kish 1965, "Survey Sampling", section 5.4). Raises ValueError unless margin > 0.
    """
    sd, effect, basis = _basis(samples, known)
    shared = 1 - (1 - confidence) / family
    needed = required_n(sd, margin, confidence=shared, power=power, design_effect=effect)
    enough = len(samples) >= needed
    return Size(
        samples=len(samples),
        needed=needed,
        enough=enough,
        sd=sd,
        design_effect=effect,
        basis=basis,
        message=_message(len(samples), needed, margin, basis),
    )


def _basis(samples: Sequence[Sample], known: Pilot | None) -> tuple[float, float, str]:
    if known is None:
        effect = design_effect(samples)
        clustered = f", samples of one cluster counted {1 / effect:.2f} each" if effect > 1 else ""
        return PLANNING_SD, effect, f"a planning figure for the spread, {PLANNING_SD:g}{clustered}"
    clustered = f", clusters widen it {known.design_effect:.1f} times" if known.design_effect > 1 else ""
    effect = max(1.0, known.design_effect)
    return known.cautious, effect, f"the spread of {known.pairs} pairs at hand, at most {known.cautious:.2f}{clustered}"


def design_effect(samples: Sequence[Sample], correlation: float = PLANNING_CORRELATION) -> float:
    """The factor by which clusters raise the samples needed, for a correlation within clusters; 1 without clusters."""
    found = units(samples)
    if found is None:
        return 1.0
    sizes = Counter(found).values()
    return 1 + (sum(m * m for m in sizes) / len(samples) - 1) * correlation


def _message(samples: int, needed: int, margin: float, basis: str) -> str:
    start = f"A margin of {margin:.0%} needs about {needed:,} samples in the test split (by {basis})"
    if samples >= needed:
        return f"{start}, and there are {samples:,}."
    return (
        f'{start}, but there are only {samples:,}. With fewer, "cannot tell" becomes likely even if nothing got worse: '
        "add samples or accept a wider margin."
    )
