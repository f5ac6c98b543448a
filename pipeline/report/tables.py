"""What each table of the report shows: one function for each, all from the report's own figures."""

from collections.abc import Iterable

from pipeline.decide.guards import same_family
from pipeline.models.failures import counted
from pipeline.models.lanes import AT_ONCE, has_lane
from pipeline.records import Comparison
from pipeline.report.records import ArmReport, Quantity, Report
from pipeline.report.sheets import Column, Sheet, Value, labelled, named, runs, spread, table

LANES = (
    "Calls made for throughput wait for each other, so models that are asked over a network are timed in a lane of their own, by "
    "the first samples of the test split."
)


def metrics(report: Report) -> Sheet:
    """Each metric of the source and of each arm: mean, margin, difference, both intervals, worst case, verdict."""
    columns = (
        "run", "metric", "decides", "scored", "samples", Column(name="mean", spread=True), "margin",
        Column(name="difference", spread=True, sign=True), Column(name="bootstrap", spread=True, sign=True),
        Column(name="if missing counts 0", sign=True), "verdict", "not scored because",
    )  # fmt: skip
    rows = (_metric_row(report, arm, place) for place in range(len(report.criteria.metrics)) for arm in runs(report))
    note = (
        f"Differences are target minus source over the same samples, with a {report.criteria.confidence:.0%} interval; the "
        f"bootstrap stands beside it for the metrics that decide. A verdict needs {report.criteria.coverage_gate:.0%} of the "
        "samples scored on both sides."
    )
    return table("Metrics", columns, rows, note)


def _metric_row(report: Report, arm: ArmReport, place: int) -> tuple[Value, ...]:
    choice, figure = report.criteria.metrics[place], arm.figures[place]
    found = next((c for c in arm.comparisons if c.metric == choice.metric), None)
    unscored = ", ".join(f"{kind}: {count}" for kind, count in figure.unscored.items())
    mean = Quantity(value=figure.mean, low=figure.low, high=figure.high, n=figure.scored)
    return (
        labelled(arm),
        named(report, choice.metric),
        "yes" if choice.primary else "no",
        figure.scored,
        figure.samples,
        mean,
        choice.margin if choice.primary else None,
        *_difference(found),
        unscored,
    )


def _difference(found: Comparison | None) -> tuple[Value, Value, Value, Value]:
    if found is None:
        return None, None, None, None
    return (
        spread(found.difference, found.interval, found.pairs),
        spread(found.difference, found.bootstrap, found.pairs) if found.bootstrap else None,
        found.worst_case,
        found.verdict.value,
    )


def reasons(report: Report) -> Sheet:
    """Why each verdict is what it is."""
    rows = (
        (labelled(arm), named(report, c.metric), c.verdict.value, c.reason + _related(report, arm, c.metric))
        for arm in report.arms
        for c in arm.comparisons
    )
    return table("Why each verdict", ("run", "metric", "verdict", "because"), rows)


def _related(report: Report, arm: ArmReport, metric: str) -> str:
    """A warning where the judge of the metric is of the target's own family."""
    judge = report.criteria.judge
    judged = judge is not None and any(standing.metric == metric for standing in report.judges)
    related = judged and judge is not None and same_family(judge.model, arm.model)
    return " The judge is of this target's own model family." if related else ""


def leaderboard(report: Report) -> Sheet:
    """Prompt x model x configuration, best quality first; test and dev are never mixed."""
    columns = (
        "split", "model", "prompt", "configuration", Column(name="quality", spread=True), "verdict",
        Column(name="$ per 1,000 calls", money=True), "chosen",
    )  # fmt: skip
    rows = (
        (p.split, p.model, p.prompt, p.config, p.quality, p.verdict.value if p.verdict else None, p.per_1k,
         f"refused: {p.refusal}" if p.refusal else "yes" if p.chosen else None)
        for p in report.leaderboard
    )  # fmt: skip
    note = "Quality is the mean over the metrics that decide, a missing score counting 0. Dev chose, test judges."
    return table("Leaderboard", columns, rows, note)


def latency(report: Report) -> Sheet:
    columns = (
        "run", "lane", "measured", Column(name="mean s", spread=True), Column(name="p50 s", spread=True),
        Column(name="p95 s", spread=True), Column(name="TTFT p50 s", spread=True), Column(name="TTFT p95 s", spread=True),
    )  # fmt: skip
    rows = (
        (labelled(a), lane(a), a.timing.mean.n, a.timing.mean, a.timing.p50, a.timing.p95, a.timing.ttft_p50, a.timing.ttft_p95)
        for a in runs(report)
    )
    note = f"Seconds. {LANES} "
    note += '"n too small": no number of these answers bounds the figure with this confidence.'
    return table("Latency", columns, rows, note)


def lane(arm: ArmReport) -> str:
    """How the calls were made that the times of a run are from."""
    provider = arm.model.partition(":")[0]
    if arm.lane:
        return f"its own, streamed, at most {AT_ONCE} at a time"
    if has_lane(arm.model):
        return "none: beside other calls"
    return {"recorded": "recorded with the dataset", "local": "as it ran, one at a time"}.get(provider, "as it ran")


def calls(report: Report) -> Sheet:
    """How the calls went: what was made again and why, where and in which tier, and what all of it cost."""
    columns = ("run", "attempts", "made again", "because", "region", "tier", Column(name="$", money=True), "priced", "prices")
    rows = (
        (labelled(arm), told.attempts, sum(told.retried.values()), counted(told.retried), ", ".join(told.regions),
         counted(told.tiers), told.usd, told.priced, ", ".join(told.price_ids))
        for arm in runs(report)
        if (told := arm.calls) is not None
    )  # fmt: skip
    note = (
        "Attempts that were billed are in the cost; those whose tokens nobody counted are not. Prices are named by date and hash."
    )
    return table("Calls", columns, rows, note)


def cost(report: Report) -> Sheet:
    """Tokens and USD of inference; an unknown price is said, never counted as 0."""
    columns: list[Column | str] = [
        "run",
        Column(name="tokens in per call", spread=True, digits=1),
        Column(name="tokens out per call", spread=True, digits=1),
        Column(name="$ per 1,000 calls", money=True),
    ]
    monthly = report.monthly_calls is not None
    columns += [Column(name=f"$ per month ({report.monthly_calls:,} calls)", money=True)] if monthly else []
    rows = (
        (labelled(a), a.input_tokens, a.output_tokens, a.cost.per_1k if a.cost.charged else "not charged",
         *((a.cost.monthly if a.cost.charged else "not charged",) if monthly else ()), a.cost.note)
        for a in runs(report)
    )  # fmt: skip
    note = (
        "Input tokens at the input price, output tokens at the output price, on demand unless the provider said another tier; "
        "what came from the prompt cache or went into it at its own price."
    )
    return table("Inference cost", [*columns, "note"], rows, note)


def evaluation(report: Report) -> Sheet:
    columns = ("metric", "judge", "calls", "tokens in", "tokens out", Column(name="$", money=True), "note")
    rows = ((e.metric, e.judge, e.calls, e.input_tokens, e.output_tokens, e.usd, e.note) for e in report.evaluation)
    return table("Evaluation cost", columns, rows, "What judging cost over all runs; no part of the inference cost.")


def gains(report: Report) -> Sheet:
    columns = ("target", "as is", "format-fixed", "winner", Column(name="credited to the prompt", spread=True, sign=True))
    rows = ((g.target, g.as_is, g.format_fixed, g.winner, g.credited) for g in report.gains)
    return table("Three bars", columns, rows, "Credited is winner minus format-fixed: what fixing the format brings is not.")


def criteria(report: Report) -> Sheet:
    columns = ("criterion", "run", "passed", "answers scored", Column(name="rate or mean", spread=True))
    rows = ((c.criterion, c.run, c.passed, c.rate.n, c.rate) for c in report.criteria_rates)
    return table("Own criteria", columns, rows)


def judges(report: Report) -> Sheet:
    """Who judged what, and whether people agree; for a pairwise judge also how often the order of the answers decided."""
    columns: list[Column | str] = ["metric", "judge", "whose metric", "validated", "agreement with people"]
    pairwise = any(j.inconsistent is not None for j in report.judges)
    columns += [Column(name="changed with the order", spread=True)] if pairwise else []
    rows = (
        (j.metric, j.judge, j.library, "yes" if j.validated else "no", j.note, *((j.inconsistent,) if pairwise else ()))
        for j in report.judges
    )
    return table("Judges", columns, rows)


def agreement(report: Report) -> Sheet:
    """Judges against people, and people among themselves, with what people would have seen of the judge's passes."""
    columns = (
        "metric", "against", "items", Column(name="kappa", digits=2, spread=True), "validated",
        Column(name="passes as judged"), Column(name="as people would see them", spread=True), "remark",
    )  # fmt: skip
    rows = (
        (a.metric, a.against, a.n, spread(a.kappa, a.interval, a.n), "yes" if a.validated else "no", a.rate,
         spread(a.corrected, a.corrected_interval, a.n), a.reason)
        for a in report.agreements
    )  # fmt: skip
    return table("Agreement with people", columns, rows, "Below kappa 0.6, and where kappa is unknown, a judge is not validated.")


def prior(report: Report) -> Sheet:
    rows = ((p.by, p.scale, spread(p.mean, p.interval, p.n), p.n, p.samples, p.note) for p in report.prior)
    columns = ("scored by", "scale", Column(name="mean", spread=True), "scored", "samples", "note")
    return table("Scores that came with the dataset", columns, rows, "Of the source's answers, on the scale of the file.")


def failures(report: Report) -> Sheet:
    rows = tuple(_failure_rows(report))
    return table("Failures by kind", ("run", "what failed", "kind", "samples"), rows)


def _failure_rows(report: Report) -> Iterable[tuple[Value, ...]]:
    for arm in runs(report):
        rows: list[tuple[Value, ...]] = [(labelled(arm), "call", kind, count) for kind, count in arm.failures.items()]
        rows += [(labelled(arm), "answer", "cut off", arm.cut_off)] if arm.cut_off else []
        for figure in arm.figures:
            rows += [(labelled(arm), f"score of {figure.metric}", kind, n) for kind, n in figure.unscored.items()]
        yield from rows or [(labelled(arm), "nothing", "–", 0)]


def error_groups(report: Report) -> Sheet:
    columns = ("run", "likely cause", "what", "samples", "evidence", "next step", "for example")
    rows = (
        (g.arm, g.cause.value, g.label, len(g.sample_ids), g.evidence, g.next_step, ", ".join(g.sample_ids[:5]))
        for g in report.error_groups
    )
    return table("Errors in groups", columns, rows)


def preferences(report: Report) -> Sheet:
    rows = ((p.target, p.better, p.same, p.worse) for p in report.preferences)
    return table("What people said of blind pairs", ("target", "better than the source", "the same", "worse"), rows)


def prices(report: Report) -> Sheet:
    columns = ("model", "priced as", "$ per million in", "$ per million out", "source", "date")
    rows = (
        (p.ref, p.model, p.input if p.charged else "not charged", p.output if p.charged else "not charged", p.source, p.date)
        for p in report.prices.values()
    )
    return table("Prices", columns, rows)


def sheets(report: Report) -> tuple[Sheet, ...]:
    """Every table that has something to say, in the order of reading."""
    always = (metrics, reasons, gains, leaderboard, latency, cost, calls, failures)
    wanted = (*always, evaluation, criteria, judges, agreement, prior, preferences, error_groups, prices)
    return tuple(sheet for make in wanted if (sheet := make(report)).rows)
