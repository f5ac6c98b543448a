"""What Ferry says to an intent: an answer from the facts, or a proposal that a click confirms. It changes nothing."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from agent.interpret import Intent, IntentKind
from agent.rounds import try_change
from bot import facts
from bot.blocks.escape import literal
from bot.cards.errors import error_lines
from bot.cards.kit import mention, some, when
from bot.cards.note import Proposal
from bot.cards.status import STAGES
from bot.cards.verdict import verdict_lines
from bot.listeners import prompt_words
from bot.modals.budget import read_budget
from bot.modals.details import TARGETS_HINT, read_ref
from bot.modals.metrics import JUDGE_HINT, read_judge
from bot.modals.plan_change import read_margin, read_usd
from bot.subjects import MRKDWN, write_proposal
from db.keys import errors_card
from db.records import Migration, PlanChange
from db.store import Store
from pipeline.models.batch.router import GIVES_UP
from pipeline.models.prices import Prices, money
from pipeline.prompts.managed.form import is_prompt_name, prompt_name

WORST, MOST, GROUPS = 5, 10, 8
HELP = """You can ask: *status*, *why* (the verdict), *show worst* (samples that got worse), *show errors* (groups, causes),
*show prompts* (the candidates and which one is used).
You can propose: *set the margin to 0.03*, *add target local:gemma3-270m*, *pause*, *resume*, *cancel*,
*add metric chrf*, *remove metric chrf*, *use bedrock:MODEL-ID as judge*,
*at most 2 USD per 1,000 calls* (a cap on what a prompt costs), *no cost cap*, *set the budget to 20 USD*, *no budget*,
*use batch jobs*, *no batch*,
*try family rules on SAMPLE-ID*, *roll back*, *another round*, *make it faster*, *optimise with advpo*, *stop advpo*,
after the sign-off *publish as NAME*.
I change nothing before a click."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A reply as the outbox keeps it: `subject` is `mrkdwn` or a proposal."""

    subject: str
    body: str


async def answer_to(store: Store, migration: Migration, intent: Intent, prices: Prices) -> Answer:
    """The reply to what somebody wrote in the thread of `migration`. Raises InputError for a value that cannot be."""
    if intent.kind in prompt_words.ANSWERS:
        said = await prompt_words.answer(store, migration, intent, prices)
        return _propose(said) if isinstance(said, Proposal) else _say(said)
    return await ANSWERS[intent.kind](store, migration, intent)


async def _status(store: Store, migration: Migration, _: Intent) -> Answer:
    question = await store.questions.pending(migration.id)
    runs = await store.runs.listed(migration.id)
    done, total = sum(run.stored for run in runs), sum(run.total for run in runs)
    asked = f"{STAGES[question.kind]}, asked {when(question.asked_at)}" if question else f"{migration.status}"
    return _say(f"*{asked}*. {done:,} of {total:,} outputs so far. The status card at the top of this thread tells the rest.")


async def _why(store: Store, migration: Migration, _: Intent) -> Answer:
    stored = await store.reports.latest(migration.id)
    if stored is None:
        return _say("There is no verdict yet; the status card says what the migration waits for.")
    report = await facts.report(store, stored.hash)
    reasons = [
        f"• {literal(arm.model, 100)}, {literal(c.metric, 60)}: {literal(c.reason, 400)}"
        for arm in report.arms
        for c in arm.comparisons
        if c.primary and report.winner(arm.model) is arm
    ]
    return _say("\n".join([literal(report.headline, 800), *verdict_lines(report), *reasons[:10]]))


async def _worst(store: Store, migration: Migration, intent: Intent) -> Answer:
    stored = await store.reports.latest(migration.id)
    if stored is None:
        return _say("There is no report yet, so nothing has got worse that I know of.")
    report = await facts.report(store, stored.hash)
    winners = {winner.label for arm in report.arms if (winner := report.winner(arm.model))}
    worst = [regression for regression in report.regressions if regression.arm in winners]
    shown = [
        f"*{literal(r.sample_id, 60)}* ({literal(r.metric, 40)}): {literal(r.question, 200)}\n"
        f"      source: {literal(r.source_text or '–', 150)}\n      target: {literal(r.target_text or '–', 150)}"
        for r in worst[: min(intent.count or WORST, MOST)]
    ]
    if not shown:
        return _say("No sample got worse with the winning prompt.")
    return _say(
        "\n".join([*shown, f"Showing {len(shown)} of {max(len(worst), report.worse)}; all of them are in the report files."])
    )


async def _errors(store: Store, migration: Migration, _: Intent) -> Answer:
    """The newest round's groups, as its message in the thread has them."""
    from pipeline.decide.errors.summary import loads

    plan = await store.plans.latest(migration.id)
    for number in range(plan.number if plan else 0, 0, -1):
        message = await store.messages.get(errors_card(migration.id, number))
        if message is not None:
            lines = error_lines(loads(message.body), GROUPS)
            return _say("\n".join([f"*What goes wrong · round {number}*", *lines]))
    return _say("Nothing has been grouped yet: that happens as soon as the targets are measured.")


async def _margin(_: Store, __: Migration, intent: Intent) -> Answer:
    if intent.margin is None:
        return _say('Which margin? Write, for example, "set the margin to 0.03" (or 3 %).')
    margin = read_margin(f"{intent.margin:g}")
    of = f" of {intent.metric}" if intent.metric else ""
    value = f"{margin:g} {intent.metric or ''}".strip()
    return _propose(Proposal(kind="change_margin", value=value, sentence=f"Set the margin{of} to {margin:g}, with a new plan?"))


async def _cap(store: Store, migration: Migration, intent: Intent) -> Answer:
    if intent.usd is None:
        return _say('How much? Write, for example, "at most 2 USD per 1,000 calls", or "no cost cap".')
    usd = read_usd(f"{intent.usd:g}")
    await try_change(store, migration.id, PlanChange(most_usd=usd))
    sentence = f"Let a prompt cost at most {money(usd)} for 1,000 calls" if usd else "Take the cap on what a prompt costs back"
    return _propose(Proposal(kind="change_cap", value=f"{usd:g}", sentence=f"{sentence}, with a new plan?"))


async def _target(_: Store, __: Migration, intent: Intent) -> Answer:
    if intent.target is None:
        return _say(f'Which model? Write, for example, "add target local:gemma3-270m". {TARGETS_HINT}')
    ref = read_ref(intent.target)
    return _propose(Proposal(kind="add_target", value=ref, sentence=f"Add {ref} to the targets, with a new plan?"))


async def _add_metric(store: Store, migration: Migration, intent: Intent) -> Answer:
    if intent.metric is None:
        return _say(f"Which metric? {await _choices(store, migration)}")
    await try_change(store, migration.id, PlanChange(add_metrics=(intent.metric,)))
    return _propose(Proposal(kind="add_metric", value=intent.metric, sentence=f"Measure {intent.metric} too, with a new plan?"))


async def _remove_metric(store: Store, migration: Migration, intent: Intent) -> Answer:
    plan = await store.plans.latest(migration.id)
    names = [choice.metric for choice in plan.criteria.metrics] if plan else []
    if intent.metric not in names:
        return _say(f"Which metric? The plan measures {some([literal(name, 60) for name in names], 20) or 'nothing yet'}.")
    await try_change(store, migration.id, PlanChange(remove_metrics=(intent.metric,)))
    sentence = f"Measure {intent.metric} no more, with a new plan?"
    return _propose(Proposal(kind="remove_metric", value=intent.metric, sentence=sentence))


async def _use_judge(store: Store, migration: Migration, intent: Intent) -> Answer:
    if intent.judge is None:
        return _say(f'Which model shall judge? Write, for example, "use bedrock:MODEL-ID as judge". {JUDGE_HINT}')
    ref = read_judge(intent.judge) if intent.judge else ""
    await try_change(store, migration.id, PlanChange(judge=ref))
    sentence = f"Let {ref} judge, with a new plan?" if ref else "Do without a judge, with a new plan?"
    return _propose(Proposal(kind="use_judge", value=ref, sentence=sentence))


async def _publish(store: Store, migration: Migration, intent: Intent) -> Answer:
    if await store.reports.sign_off(migration.id) is None:
        return _say("A prompt is published once it is signed: that waits for the owner's sign-off.")
    name = intent.name or prompt_name(migration.name)
    if not is_prompt_name(name):
        return _say('Which name? Write, for example, "publish as support-intent": letters, digits, and single - or _ between.')
    sentence = f"Publish the signed prompt to Amazon Bedrock's prompt management as {name}?"
    return _propose(Proposal(kind="publish", value=name, sentence=sentence))


async def _budget(_: Store, __: Migration, intent: Intent) -> Answer:
    if intent.budget is None:
        return _say('Which budget? Write, for example, "set the budget to 20 USD", or "no budget".')
    if not intent.budget:
        return _propose(
            Proposal(kind="set_budget", value="", sentence="Take the budget away, so that nothing stops the spending?")
        )
    usd = read_budget(f"{intent.budget:.10g}") or 0.0
    sentence = f"Set the budget of this migration to {money(usd)} in all, what is spent already included?"
    return _propose(Proposal(kind="set_budget", value=f"{usd:.10g}", sentence=sentence))


async def _use_batch(store: Store, migration: Migration, _: Intent) -> Answer:
    if not any(ref.startswith("bedrock:") for ref in (migration.source, *migration.targets)):
        return _say("Batch jobs are Bedrock's, and no model of this migration is on Bedrock.")
    sentence = f"Let runs on test go by Bedrock batch jobs, where they can? That costs about half, and gives up {GIVES_UP}."
    return _propose(Proposal(kind="choose_way", value="yes", sentence=sentence))


async def _no_batch(_: Store, __: Migration, ___: Intent) -> Answer:
    sentence = "Ask on demand from now on? Jobs under way are still waited for, and what they leave is asked on demand."
    return _propose(Proposal(kind="choose_way", value="no", sentence=sentence))


async def _choices(store: Store, migration: Migration) -> str:
    plan = await store.plans.latest(migration.id)
    offered = some([literal(name, 60) for name in plan.offered], 20) if plan else ""
    return f"The data would allow {offered}." if offered else "There is no plan to add one to yet."


async def _pause(_: Store, __: Migration, ___: Intent) -> Answer:
    return _propose(Proposal(kind="pause", value="", sentence="Pause this migration? Calls in flight are finished."))


async def _resume(_: Store, __: Migration, ___: Intent) -> Answer:
    return _propose(Proposal(kind="resume", value="", sentence="Go on with this migration?"))


async def _cancel(_: Store, __: Migration, ___: Intent) -> Answer:
    return _propose(Proposal(kind="cancel", value="", sentence="Cancel this migration? Nothing is deleted."))


async def _help(_: Store, __: Migration, ___: Intent) -> Answer:
    return _say(HELP)


async def _unknown(_: Store, migration: Migration, __: Intent) -> Answer:
    return _say(f"I did not understand that. {HELP}\nFor anything else, ask {mention(migration.requester)}.")


def _say(body: str) -> Answer:
    return Answer(subject=MRKDWN, body=body)


def _propose(proposal: Proposal) -> Answer:
    return Answer(subject=write_proposal(proposal), body="")


ANSWERS: Mapping[IntentKind, Callable[[Store, Migration, Intent], Awaitable[Answer]]] = {
    IntentKind.STATUS: _status,
    IntentKind.WHY: _why,
    IntentKind.SHOW_WORST: _worst,
    IntentKind.SHOW_ERRORS: _errors,
    IntentKind.CHANGE_MARGIN: _margin,
    IntentKind.CHANGE_CAP: _cap,
    IntentKind.ADD_TARGET: _target,
    IntentKind.ADD_METRIC: _add_metric,
    IntentKind.REMOVE_METRIC: _remove_metric,
    IntentKind.USE_JUDGE: _use_judge,
    IntentKind.PUBLISH: _publish,
    IntentKind.SET_BUDGET: _budget,
    IntentKind.USE_BATCH: _use_batch,
    IntentKind.NO_BATCH: _no_batch,
    IntentKind.PAUSE: _pause,
    IntentKind.RESUME: _resume,
    IntentKind.CANCEL: _cancel,
    IntentKind.HELP: _help,
    IntentKind.UNKNOWN: _unknown,
}
