"""What a plan shows: who judges, what is measured and why, what it costs, what it cannot conclude. Every part is a few lines."""

from collections.abc import Iterator, Mapping

from bot.blocks.escape import literal
from bot.cards.kit import Block, context, duration, lines, section, some
from db.records import Estimate, MetricCost, Plan
from pipeline.models.prices import money
from pipeline.records import Criteria, MetricChoice, Rubric, RubricKind


def plan_body(plan: Plan | None) -> list[Block]:
    """The plan, or that there is none yet."""
    if plan is None:
        return [section("The plan is being made.")]
    costs = {cost.metric: cost for cost in plan.costs}
    own, notes = list(_own(plan.criteria)), [f"• {literal(note, 500)}" for note in plan.notes]
    to = some([literal(target, 150) for target in plan.targets], 15)
    return [
        section(f"*From* {literal(plan.source, 150)} *to* {to}"),
        section(_judge(plan.criteria)),
        lines(["*Metrics*", *(_metric(choice, costs) for choice in plan.criteria.metrics)], what="metrics"),
        *([lines(["*Your own criteria*", *own], what="criteria")] if own else []),
        lines(["*Estimate*", *(_estimate(estimate) for estimate in plan.estimates)] if plan.estimates else [], what="stages"),
        *([lines(["*Before you approve*", *notes], what="notes")] if notes else []),
        section(f"*Review* {plan.review_pairs} blind pairs for the SMEs; *confidence* {plan.criteria.confidence:.0%}."),
        section(f"*Cost cap* {_cap(plan.criteria)}"),
        *_monthly(plan),
        context(f"Approving locks these criteria: `{plan.criteria.hash[:12]}`"),
    ]


def _monthly(plan: Plan) -> list[Block]:
    calls = plan.monthly_calls
    return [section(f"*Calls a month* {calls:,}: the report says what a month costs.")] if calls else []


def _cap(criteria: Criteria) -> str:
    cap = criteria.most_usd
    return "none: a prompt may cost what it costs." if cap is None else f"a prompt may cost {money(cap)} for 1,000 calls at most."


def can_be_tried(plan: Plan) -> bool:
    """Whether the plan has criteria of people that can be shown on samples now."""
    return bool(plan.criteria.checks) or bool(plan.criteria.rubrics and plan.criteria.judge)


def _judge(criteria: Criteria) -> str:
    judge = criteria.judge
    if judge is None:
        return "*Judge* none: only what code can measure. Choose one with *Metrics and judge*."
    panel = f"; disputed cells also by {some([literal(ref, 100) for ref in judge.panel], 3)}" if judge.panel else ""
    return f"*Judge* {literal(judge.model, 150)}; likeness by {literal(judge.embedder, 100)}{panel}"


def _metric(choice: MetricChoice, costs: Mapping[str, MetricCost]) -> str:
    decides = f"decides, margin {choice.margin:g}" if choice.primary else "reported"
    reason = f" {literal(choice.reason, 300)}" if choice.reason else ""
    cost = _cost(costs[choice.metric]) if choice.metric in costs else ""
    return f"• *{literal(choice.metric, 60)}* ({decides}){reason}{cost}"


def _cost(cost: MetricCost) -> str:
    money = "" if not cost.usd else f", about {cost.usd:,.2f} USD"
    return f" _about {cost.calls:,} calls, {short(cost.input_tokens + cost.output_tokens)} tokens{money}_"


def _own(criteria: Criteria) -> Iterator[str]:
    for rubric in criteria.rubrics:
        waits = "" if criteria.judge else "; needs a judge"
        yield f"• *{literal(rubric.name, 80)}* ({_answered(rubric)}{waits}): {literal(_first(rubric), 200)}"
    for check in criteria.checks:
        yield f"• *{literal(check.name, 120)}* (tested by code): {literal(check.text, 200)}"


def _answered(rubric: Rubric) -> str:
    return "from 1 to 10" if rubric.kind is RubricKind.SCALE else f"{len(rubric.questions)} yes/no questions"


def _first(rubric: Rubric) -> str:
    return rubric.questions[0] if rubric.questions else rubric.text


def _estimate(estimate: Estimate) -> str:
    money = "" if estimate.usd is None else f", about {estimate.usd:,.2f} USD"
    note = f" ({literal(estimate.note, 200)})" if estimate.note else ""
    return f"• {literal(estimate.stage, 60)}: {estimate.calls:,} calls, about {duration(estimate.seconds)}{money}{note}"


def short(tokens: int) -> str:
    """A number of tokens in thousands or millions."""
    return f"{tokens / 1e6:.1f} M" if tokens >= 1_000_000 else f"{tokens / 1e3:.1f} k"
