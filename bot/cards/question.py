"""The cards of what the graph asks people. Once decided, the buttons are gone and who decided stays."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.blocks.escape import literal
from bot.buttons import Press
from bot.cards.accept import accept_body
from bot.cards.kit import Block, Card, actions, bar, button, context, header, lines, mention, section, when
from bot.cards.plan import can_be_tried, plan_body
from bot.cards.prompts import PromptsFacts
from bot.cards.verdict import caution_lines, verdict_lines
from bot.cards.ways import WaysFacts, ways_body
from db.records import Decision, Migration, Plan, Purse, Question, QuestionKind
from pipeline.models.prices import money
from pipeline.report.records import Report

ANSWERS = {
    "approve": "Approved",
    "change": "Change asked",
    "cancel": "Cancelled",
    "request_changes": "Changes requested",
    "reject": "Rejected",
    "close": "Closed",
    "use": "These prompts are used",
    "round": "Another round asked",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionFacts:
    """A question with what it is about; `open` is False once the graph has moved past it."""

    migration: Migration
    question: Question
    open: bool
    decision: Decision | None = None
    plan: Plan | None = None
    prompts: PromptsFacts | None = None
    report: Report | None = None
    report_hash: str = ""
    progress: Mapping[str, tuple[int, int]] | None = None
    purse: Purse | None = None
    ways: WaysFacts | None = None


def question_card(facts: QuestionFacts) -> Card:
    """The card of `facts.question`, by its kind."""
    return BUILDERS[facts.question.kind](facts)


def _dataset(facts: QuestionFacts) -> Card:
    kinds = "CSV, JSONL, JSON or XLSX, or a ZIP with it and its images and PDFs"
    ask = f"{mention(facts.migration.requester)}, drop the dataset into this thread: {kinds}."
    help_ = "Known columns: `sample_id`, `question`, `content`, `prompt_source_llm`, `answer_ground_truth`, `answer_source_llm`."
    blocks = [section(ask if facts.open else "The dataset has come in."), *([context(help_)] if facts.open else [])]
    return Card(text="Ferry needs the dataset", blocks=[*blocks, *_decided(facts)])


def _plan(facts: QuestionFacts) -> Card:
    title = f"Plan {facts.plan.number}" if facts.plan else "Plan"
    blocks: list[Block] = [header(f"{title}: {facts.migration.name}"), *plan_body(facts.plan), *_ways(facts), *_budget(facts)]
    if facts.open and not facts.decision:
        blocks.append(actions(*_plan_buttons(facts)))
    return Card(text=f"{title} for {literal(facts.migration.name, 200)}", blocks=[*blocks, *_decided(facts)])


def _ways(facts: QuestionFacts) -> list[Block]:
    return ways_body(facts.ways) if facts.ways else []


def _budget(facts: QuestionFacts) -> list[Block]:
    """The budget, and whether the estimate fits it."""
    purse, plan = facts.purse, facts.plan
    if purse is None or purse.budget is None or plan is None:
        return []
    estimate = sum(each.usd or 0.0 for each in plan.estimates)
    more = estimate + purse.spent > purse.budget
    note = " :warning: The estimate is above what is left of it: Ferry will stop and ask." if more else ""
    said = f"{money(purse.budget)} in all, {money(purse.spent)} charged so far, {money(estimate)} estimated for what is to come."
    return [section(f"*Budget* {said}{note}")]


def _plan_buttons(facts: QuestionFacts) -> list[Block]:
    over = "The migration ends; nothing is deleted."
    tried = [_button(facts, "Try on 3 samples", "plan_try", "try")] if facts.plan and can_be_tried(facts.plan) else []
    other = "Ask on demand" if facts.ways and facts.ways.by_batch else "Use batch jobs"
    ways = [_button(facts, other, "ways_choose", "no" if other.startswith("Ask") else "yes")] if facts.ways else []
    return [
        _button(facts, "Approve", "plan_approve", "approve", style="primary"),
        _button(facts, "Change", "plan_change", "change"),
        _button(facts, "Metrics and judge", "plan_metrics", "change"),
        _button(facts, "Add criteria", "plan_criteria", "change"),
        *tried,
        _button(facts, "Budget", "budget_open", "budget"),
        *ways,
        _button(facts, "Cancel", "plan_cancel", "cancel", style="danger", confirm=over),
    ]


def _prompts(facts: QuestionFacts) -> Card:
    title = "Use these prompts?" if facts.open and not facts.decision else "The prompts:"
    blocks: list[Block] = [header(f"{title} {facts.migration.name}"), *accept_body(facts.prompts)]
    if facts.open and not facts.decision:
        over = "The migration ends; nothing is deleted."
        blocks.append(
            actions(
                _button(facts, "Use these prompts", "prompts_use", "use", style="primary"),
                _button(facts, "Another round", "prompts_round", "round"),
                _button(facts, "Make it faster", "prompts_faster", "round"),
                _button(facts, "Cancel", "prompts_cancel", "cancel", style="danger", confirm=over),
            )
        )
    return Card(text=f"Prompts for {literal(facts.migration.name, 200)}", blocks=[*blocks, *_decided(facts)])


def _review(facts: QuestionFacts) -> Card:
    progress = facts.progress or {}
    people = [f"• {mention(sme)} {bar(done, total)} ({done} of {total})" for sme, (done, total) in progress.items()]
    intro = "*Review.* The SMEs judge blind pairs in their direct messages from Ferry: which answer is better, or the same."
    blocks: list[Block] = [section(intro), lines(people, what="SMEs")] if people else [section(intro)]
    if facts.open and not facts.decision:
        asked = "Pairs not judged yet stay out of the report."
        blocks.append(actions(_button(facts, "Close the review", "review_close", "close", confirm=asked)))
    return Card(text=f"Review of {literal(facts.migration.name, 200)}", blocks=[*blocks, *_decided(facts)])


def _sign_off(facts: QuestionFacts) -> Card:
    owner = mention(facts.migration.owner, nobody="an owner (to be named with *Edit details*)")
    blocks: list[Block] = [header(f"Sign-off: {facts.migration.name}"), *_verdict(facts)]
    if facts.open and not facts.decision:
        blocks.append(section(f"{owner}, the decision is yours: it binds you to exactly this report."))
        blocks.append(
            actions(
                _button(facts, "Sign off", "sign_off_approve", "approve", style="primary", confirm="You approve this report."),
                _button(facts, "Request changes", "sign_off_changes", "request_changes"),
                _button(facts, "Reject", "sign_off_reject", "reject", style="danger"),
            )
        )
    return Card(text=f"Sign-off of {literal(facts.migration.name, 200)}", blocks=[*blocks, *_decided(facts), *_publish(facts)])


def _publish(facts: QuestionFacts) -> list[Block]:
    """Once it is signed, where a target is on Bedrock."""
    signed = facts.decision is not None and facts.decision.answer == "approve"
    if not signed or not any(ref.startswith("bedrock:") for ref in facts.migration.targets):
        return []
    told = "*Publish* puts the signed prompt into Amazon Bedrock's prompt management."
    return [actions(_button(facts, "Publish the prompt", "publish_open", "publish")), context(told)]


def _verdict(facts: QuestionFacts) -> list[Block]:
    if facts.report is None:
        return [section("The report is being written.")]
    cautions = caution_lines(facts.report)
    return [
        section(literal(facts.report.headline, 2500)),
        lines(verdict_lines(facts.report), what="targets"),
        *([section(literal(facts.report.recommendation, 1500))] if facts.report.recommendation else []),
        *([lines(cautions, what="remarks")] if cautions else []),
        section(f"*Regressions* {facts.report.got_worse} sample(s) got worse; each is listed in the report files."),
        context(f"Report `{facts.report_hash[:16]}`: the sign-off is bound to this hash."),
    ]


def _decided(facts: QuestionFacts) -> list[Block]:
    decision = facts.decision
    if decision is None:
        return []
    answer = ANSWERS.get(decision.answer, "Decided")
    note = literal(decision.note, 1500).replace("\n", "\n> ") if decision.note else ""
    return [section(f"*{answer}* by {mention(decision.by)} {when(decision.at)}" + (f"\n> {note}" if note else ""))]


def _button(facts: QuestionFacts, text: str, action: str, answer: str, *, style: str = "", confirm: str = "") -> Block:
    press = Press(migration=facts.migration.id, question=facts.question.key, answer=answer)
    return button(text, action, press.dumps(), style=style, confirm=confirm)


def _nothing_to_press(facts: QuestionFacts) -> Card:
    return Card(text="Ferry is at work", blocks=[section("Ferry is at work; nothing is asked of people.")])


BUILDERS: Mapping[QuestionKind, Callable[[QuestionFacts], Card]] = {
    QuestionKind.DATASET: _dataset,
    QuestionKind.PLAN: _plan,
    QuestionKind.PROMPTS: _prompts,
    QuestionKind.REVIEW: _review,
    QuestionKind.SIGN_OFF: _sign_off,
    QuestionKind.RUNS: _nothing_to_press,
    QuestionKind.IMPROVED: _nothing_to_press,
    QuestionKind.REPORT: _nothing_to_press,
}
