"""The sentences of a search's report, for terminal, page and JSON alike."""

from pipeline.prompts.search.report import AS_IS, FIXED, WINNER, Bar, SearchReport
from pipeline.records import Comparison, Verdict


def headline(report: SearchReport) -> str:
    """What is credited to the search, in one sentence, by the first metric that decides."""
    found = next((c for c in report.credited if c.primary), None)
    bars = {bar.role: bar.prompt_hash for bar in report.bars}
    there = [role for role in (AS_IS, FIXED) if role in bars]
    if bars[WINNER] in {bars[role] for role in there}:
        return f"No other prompt beat {' and '.join(there)} on dev, so nothing is credited to the search."
    if FIXED not in there:
        refused = next(one for one in report.tried if one.method in {AS_IS, FIXED} and one.became == "refused")
        return f"What was gained cannot be told, because a guard refuses {refused.method}, so it was not asked: {refused.reason}"
    if found is None or found.difference is None or found.interval is None:
        return f"The gain on test cannot be told: {found.reason if found else 'no metric decides.'}"
    span = f"{found.interval.low:+.3f} to {found.interval.high:+.3f}"
    sure = "" if found.interval.low > 0 else " The interval reaches down to zero or below: this gain may be chance."
    return (
        f"Credited gain on {report.test_samples} test samples, winner minus {FIXED}: {found.difference:+.3f} in {found.metric} "
        f"(interval {span}).{sure}"
    )


def on_test(bar: Bar, metric: str, samples: int) -> str:
    """A bar's mean on test, and of how many of the `samples` it is where not all are scored."""
    if metric not in bar.test:
        return "none"
    missing = bar.unscored.get(metric, 0)
    return f"{bar.test[metric]:.3f}" + (f" ({samples - missing:,} of {samples:,} scored)" if missing else "")


def caveats(report: SearchReport) -> tuple[str, ...]:
    """What to know before the figures are read."""
    said = []
    if report.dev_gain is not None and report.dev_gain > 0:
        said.append(f"Dev showed {report.dev_gain:+.3f} for the same step; choosing flatters dev, so it is not what is credited.")
    if report.looks > 1:
        said.append(
            f"Test was looked at {report.looks} times with different winners, so its figures are optimistic. For a figure to "
            "sign, search again with fresh test samples." + "".join(f" Why again: {reason}" for reason in report.reasons)
        )
    lost = [found for found in report.compared if found.primary and found.regressed]
    said += [
        f"{len(found.regressed)} of {found.pairs} samples got worse in {found.metric} against {report.against}." for found in lost
    ]
    return tuple(said)


def verdicts(report: SearchReport) -> tuple[str, ...]:
    """Every comparison with the source (or as is), then those that decide with the other bars."""
    sets = [(report.compared, report.against), (report.credited, FIXED)]
    sets += [(report.over_as_is, AS_IS)] if report.against != AS_IS else []
    return tuple(
        _verdict(found, against) for place, (group, against) in enumerate(sets) for found in group if found.primary or not place
    )


def _verdict(found: Comparison, against: str) -> str:
    said = "no verdict" if found.verdict is Verdict.CANNOT_TELL and found.difference is None else found.verdict.value
    return f"{found.metric} against {against}: {said}. {found.reason}"
