"""How many samples a margin needs, before anything is spent."""

from dataclasses import dataclass

PLANNING_SD = 0.35  # of a yes/no difference when about one answer in eight changes (0.35² = 0.12)
POWER = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """How many samples a margin needs. `message` is a sentence for people."""

    samples: int
    needed: int
    enough: bool
    message: str


def hint(samples_n: int, margin: float, *, sd: float = PLANNING_SD, confidence: float = 0.95, power: float = POWER) -> Hint:
    """Whether `samples_n` samples can show "not worse than `margin`", if source and target are in truth equally good.

    The formula is that of `required_n` (Julious 2004, Statistics in Medicine 23:1921; for evaluations Miller 2024,
    arXiv:2411.00640). `sd` is that of the differences per sample; the default is a planning figure, a baseline run gives a better
    one. Raises ValueError unless margin > 0.
    """
    from pipeline.decide.statistics import required_n

    needed = required_n(sd, margin, confidence=confidence, power=power)
    enough = samples_n >= needed
    start = f"A margin of {margin:.0%} needs about {needed:,} samples in the test split"
    end = "and there are" if enough else "but there are only"
    rest = (
        ""
        if enough
        else ' With fewer, "cannot tell" becomes likely even if nothing got worse: add samples or accept a wider margin.'
    )
    return Hint(samples=samples_n, needed=needed, enough=enough, message=f"{start}, {end} {samples_n:,}.{rest}")
