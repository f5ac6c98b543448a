"""The sentences at the top of a report: what each target's winner amounts to, and which one may replace the source."""

from collections.abc import Iterable, Sequence

from pipeline.records import Comparison, Verdict
from pipeline.report.records import WINNER, ArmReport, Point

SAID = {
    Verdict.BETTER: "is better than the source",
    Verdict.NOT_WORSE: "is not worse than the source",
    Verdict.WORSE: "is worse than the source",
    Verdict.CANNOT_TELL: "cannot be told from the source yet",
}
ALLOWED = (Verdict.BETTER, Verdict.NOT_WORSE)


def headline(arms: Sequence[ArmReport]) -> str:
    """One sentence on each target's winner; the first thing an owner reads."""
    return " ".join(_sentence(arm) for arm in arms if WINNER in arm.bar) or "No target finished a run on the test split."


def _sentence(arm: ArmReport) -> str:
    primary = [c for c in arm.comparisons if c.primary]
    if arm.verdict is None:
        return f"{arm.model}: no primary metric, so no verdict."
    parts = "; ".join(f"{c.metric} {_signed(c)}" for c in primary)
    return f"{arm.model} with the {arm.method} prompt {SAID[arm.verdict]} ({parts})."


def _signed(comparison: Comparison) -> str:
    if comparison.difference is None or comparison.interval is None:
        return "has no figure"
    return f"{comparison.difference:+.3f}, interval {comparison.interval.low:+.3f} to {comparison.interval.high:+.3f}"


def recommendation(source: ArmReport, arms: Sequence[ArmReport], tradeoff: Sequence[Point]) -> str:
    """Which target may replace the source under the locked criteria, and what it costs. Only a target whose verdict is better
    or not worse is ever named as a replacement: the cheapest of these, and quality decides where cost cannot.
    """
    winners = [arm for arm in arms if WINNER in arm.bar]
    allowed = [arm for arm in winners if arm.verdict in ALLOWED]
    if not winners:
        return "No target finished a run on the test split, so none is recommended."
    if not allowed:
        refused = "; ".join(_refused(arm, source) for arm in winners)
        return f"No target is recommended as a replacement: under the locked criteria {refused}."
    best = min(allowed, key=_preference)
    return " ".join(part for part in (_chosen(best, source, tradeoff), *_others(best, allowed), _barred(winners)) if part)


def _preference(arm: ArmReport) -> tuple[float, float]:
    """Known cost before unknown, less before more; then quality."""
    return (arm.cost.per_1k if arm.cost.per_1k is not None else float("inf")), -(arm.quality.value or 0.0)


def _refused(arm: ArmReport, source: ArmReport) -> str:
    if arm.verdict is None:
        return f"{arm.model} has no verdict"
    blocking = [c for c in arm.comparisons if c.primary and c.verdict is arm.verdict]
    wanted = max((c.needed or 0 for c in blocking), default=0)
    more = f" (about {wanted:,} samples would tell)" if arm.verdict is Verdict.CANNOT_TELL and wanted else ""
    return f"{arm.model} {SAID[arm.verdict]} on {', '.join(c.metric for c in blocking)}{more}{_cheaper(arm, source)}"


def _cheaper(arm: ArmReport, source: ArmReport) -> str:
    """What the locked criteria do not allow to be bought."""
    ours, theirs = arm.cost.per_1k, source.cost.per_1k
    if ours is None or theirs is None or ours >= theirs:
        return ""
    return f", though it would cost {_against(arm, source)}" if arm.cost.charged else ", though it would not be charged for"


def _chosen(arm: ArmReport, source: ArmReport, tradeoff: Sequence[Point]) -> str:
    margins = ", ".join(f"{c.metric} (margin {c.margin:g})" for c in arm.comparisons if c.primary)
    front = next((point.front for point in tradeoff if point.label == arm.label), None)
    beaten = " Another run is at least as good for no more: see the trade-off." if front is False else ""
    verdict = SAID[arm.verdict or Verdict.CANNOT_TELL]
    return f"Recommended: {arm.model} with the {arm.method} prompt. It {verdict} on {margins}{_priced(arm, source)}.{beaten}"


def _priced(arm: ArmReport, source: ArmReport) -> str:
    if not arm.cost.charged:
        return " and is not charged for: it runs on this machine"
    if arm.cost.per_1k is None:
        return f"; its cost is not known ({arm.cost.note})"
    return f" and costs {_against(arm, source)}"


def _against(arm: ArmReport, source: ArmReport) -> str:
    """`$0.42 for 1,000 calls against $3.10 (86 % less)`, of an arm whose cost is known."""
    ours, theirs = arm.cost.per_1k or 0.0, source.cost.per_1k
    if theirs is None:
        return f"{usd(ours)} for 1,000 calls (the source: {source.cost.note})"
    if theirs in {0, ours}:
        return f"{usd(ours)} for 1,000 calls against {usd(theirs)}"
    change = abs(ours - theirs) / theirs
    return f"{usd(ours)} for 1,000 calls against {usd(theirs)} ({change:.0%} {'less' if ours < theirs else 'more'})"


def _others(best: ArmReport, allowed: Sequence[ArmReport]) -> Iterable[str]:
    """What another allowed target would bring, and for how much."""
    for arm in allowed:
        if arm is best or arm.quality.value is None or best.quality.value is None:
            continue
        if arm.quality.value <= best.quality.value:
            continue
        if arm.cost.per_1k is None or best.cost.per_1k is None:
            price = f"its cost is not known ({arm.cost.note or best.cost.note})"
        else:
            price = f"for {usd(arm.cost.per_1k - best.cost.per_1k)} more for 1,000 calls"
        yield f"{arm.model} is allowed too, with a quality of {arm.quality.value:.3f} against {best.quality.value:.3f}; {price}."


def _barred(winners: Sequence[ArmReport]) -> str:
    barred = [arm.model for arm in winners if arm.verdict not in ALLOWED]
    return f"Not allowed by the locked criteria: {', '.join(barred)}." if barred else ""


def usd(amount: float) -> str:
    """Dollars with as many digits as the amount needs to be told from nothing."""
    digits = 2 if abs(amount) >= 0.1 or amount == 0 else 4 if abs(amount) >= 0.001 else 6
    return f"${amount:,.{digits}f}"
