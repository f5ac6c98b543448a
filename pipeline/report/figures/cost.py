"""What calls cost: of inference for each run, of judging for each metric. An unknown price is said, never counted as 0."""

from collections.abc import Mapping

from pipeline.errors import InputError
from pipeline.models.prices import ON_DEMAND, Price
from pipeline.records import JudgeChoice, Usage
from pipeline.report.evidence import billed
from pipeline.report.figures.spread import rounded
from pipeline.report.figures.stored import Stored
from pipeline.report.records import Cost, EvaluationCost, RunFacts


def unknown(ref: str) -> str:
    return f"price unknown: {ref}"


def inference(run: RunFacts, calls: int, prices: Mapping[str, Price], monthly_calls: int | None) -> Cost:
    """USD for 1,000 calls like those that carry token counts: input at the input price, output at the output price.

    Cached tokens and other service tiers count at their rates where a provider told of them. Attempts that were made again do
    not: production meets other weather.
    """
    price, counted = prices.get(run.key.model), int((run.input_tokens.known & run.output_tokens.known).sum())
    if price is None:
        return Cost(priced=0, calls=calls, note=unknown(run.key.model))
    if not price.charged:
        monthly = _monthly(0.0, monthly_calls)
        return Cost(per_1k=0.0, monthly=monthly, priced=calls, calls=calls, note=price.source, charged=False)
    if not counted:
        return Cost(priced=0, calls=calls, note="token counts unknown")
    try:
        per_1k = 1_000 * sum(price.of(usage, tier or ON_DEMAND) for usage, tier in billed(run)) / counted
    except InputError:
        return Cost(priced=0, calls=calls, note=f"{unknown(run.key.model)}, in a tier or of its cache")
    partly = f"from the {counted} of {calls} calls with token counts" if counted < calls else ""
    return Cost(per_1k=rounded(per_1k), monthly=_monthly(per_1k, monthly_calls), priced=counted, calls=calls, note=partly)


def _monthly(per_1k: float, monthly_calls: int | None) -> float | None:
    return None if monthly_calls is None else rounded(per_1k * monthly_calls / 1_000)


def evaluation(stored: Stored, prices: Mapping[str, Price]) -> tuple[EvaluationCost, ...]:
    """What judging cost, metric by metric over all runs; a metric of which no cell cost anything has no line."""
    judge = stored.criteria.judge
    found = []
    for metric in stored.evidence.metrics:
        columns = [stored.column(run, metric.name) for run in stored.evidence.runs]
        if any(column.calls for column in columns):
            calls = sum(column.calls.total() for column in columns)
            spent = Usage(
                input_tokens=sum(column.input_tokens.total() for column in columns),
                output_tokens=sum(column.output_tokens.total() for column in columns),
            )
            found.append(_line(metric.name, judge, calls, spent, prices))
    return tuple(found)


def _line(metric: str, judge: JudgeChoice | None, calls: int, spent: Usage, prices: Mapping[str, Price]) -> EvaluationCost:
    ref = judge.model if judge else "judge not recorded"
    refs = (ref, *(judge.panel if judge else ()))
    known = [prices[each] for each in refs if each in prices]
    rates = {(price.input, price.output) for price in known}
    note, usd = "", None
    if len(known) < len(refs):
        note = unknown(next(each for each in refs if each not in prices))
    elif len(rates) > 1:
        note = "the cells do not say which judge of the panel took which tokens, and their prices differ"
    else:
        usd, note = rounded(known[0].of(spent)), "" if known[0].charged else known[0].source
    return EvaluationCost(
        metric=metric,
        judge=ref,
        calls=calls,
        input_tokens=spent.input_tokens,
        output_tokens=spent.output_tokens,
        usd=usd,
        note=note,
    )
