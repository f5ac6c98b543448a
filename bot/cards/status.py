"""The pinned card: always true about the stage, who is waited for, what was spent and what comes next."""

from dataclasses import dataclass

from bot.blocks.escape import literal
from bot.buttons import Press
from bot.cards.kit import Block, Card, actions, bar, button, context, fields, header, mention, mentions, section, some, when
from db.records import DatasetVersion, Migration, MigrationStatus, Purse, Question, QuestionKind, Run, RunStatus, SignOff
from pipeline.models.prices import money


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusFacts:
    """What the card tells; `runs` are those of the stage that is worked on, `reviewers` the SMEs with pairs still to judge."""

    migration: Migration
    question: Question | None
    dataset: DatasetVersion | None
    has_prompt: bool
    runs: tuple[Run, ...]
    reviewers: tuple[str, ...]
    report_hash: str | None
    sign_off: SignOff | None
    monitors: int
    spent: str
    purse: Purse | None = None


STAGES = {
    QuestionKind.DATASET: "Dataset",
    QuestionKind.PLAN: "Plan",
    QuestionKind.RUNS: "Runs",
    QuestionKind.IMPROVED: "Search for better prompts",
    QuestionKind.PROMPTS: "Prompts",
    QuestionKind.REVIEW: "Review by SMEs",
    QuestionKind.REPORT: "Report",
    QuestionKind.SIGN_OFF: "Sign-off",
}
ENDS = {
    MigrationStatus.PAUSED: "Paused",
    MigrationStatus.CANCELLED: "Cancelled",
    MigrationStatus.SIGNED: "Signed",
    MigrationStatus.REJECTED: "Rejected",
    MigrationStatus.STUCK: "Stopped by a problem",
}


RAISE = "raise the budget with *Budget* (Ferry then goes on, and pays for nothing twice), or press *Cancel*."


def status_card(facts: StatusFacts) -> Card:
    migration = facts.migration
    name = literal(migration.name, 200)
    blocks: list[Block] = [
        header(f"Migration: {migration.name}"),
        fields(
            (
                ("Stage", stage(facts)),
                ("Waiting for", waiting(facts)),
                ("From", f"{literal(migration.source, 150)}"),
                ("To", targets(migration)),
                ("Dataset", _dataset(facts)),
                ("Spent", _spent(facts)),
                ("People", f"Requester {mention(migration.requester)}\nOwner {mention(migration.owner)}"),
                ("SMEs", mentions(migration.smes)),
            )
        ),
        section(f"*Next:* {next_step(facts)}"),
    ]
    if migration.problem:
        blocks.append(section(f":warning: {literal(migration.problem, 1500)}"))
    buttons = _buttons(migration)
    blocks += [actions(*buttons)] if buttons else []
    blocks.append(context(f"{migration.use_case} · started {when(migration.created_at)} · `{literal(migration.id, 60)}`"))
    return Card(text=f"Migration {name}: {stage(facts)}, waiting for {waiting(facts)}"[:3000], blocks=blocks)


def stage(facts: StatusFacts) -> str:
    """Where the migration stands, in a word or two."""
    ended = ENDS.get(facts.migration.status)
    if ended:
        return ended
    if facts.question is None:
        return "Getting ready"
    if facts.question.kind is QuestionKind.RUNS:
        return f"Runs: {literal(facts.question.subject or facts.question.key, 60)}"
    return STAGES[facts.question.kind]


def waiting(facts: StatusFacts) -> str:
    """Who or what has to move."""
    migration, question = facts.migration, facts.question
    if migration.status in {MigrationStatus.CANCELLED, MigrationStatus.SIGNED, MigrationStatus.REJECTED}:
        return "nobody"
    if migration.status is MigrationStatus.PAUSED:
        return f"{mention(migration.requester)} to resume it"
    if question is None:
        return "Ferry"
    people = {
        QuestionKind.RUNS: _progress(facts.runs),
        QuestionKind.IMPROVED: "Ferry",
        QuestionKind.REPORT: "Ferry",
        QuestionKind.REVIEW: mentions(facts.reviewers, nobody="Ferry"),
        QuestionKind.SIGN_OFF: mention(migration.owner, nobody="an owner to be named"),
    }
    return people.get(question.kind, mention(migration.requester))


def _progress(runs: tuple[Run, ...]) -> str:
    done, total = sum(run.stored for run in runs), sum(run.total for run in runs)
    failed = sum(run.status is RunStatus.FAILED for run in runs)
    return f"the models, {bar(done, total)}" + (f", {failed} run(s) failed" if failed else "")


def next_step(facts: StatusFacts) -> str:
    """One sentence: what happens next, and what a person does for it."""
    migration, question = facts.migration, facts.question
    ends = {
        MigrationStatus.PAUSED: RAISE
        if facts.purse and facts.purse.stopped
        else "press *Resume* when the migration should go on.",
        MigrationStatus.CANCELLED: "nothing; `/migrate again` starts a new one with the same details.",
        MigrationStatus.REJECTED: "nothing; `/migrate again` starts a new one with the same details.",
        MigrationStatus.STUCK: "repair what is named below, then press *Retry*.",
        MigrationStatus.SIGNED: _after_sign_off(facts),
    }
    if migration.status in ends:
        return ends[migration.status]
    missing = missing_details(facts)
    if missing:
        return f"still to be told: {', '.join(missing)}. Press *Edit details*, or drop the dataset file into this thread."
    return _next_of(question.kind if question else None)


def _after_sign_off(facts: StatusFacts) -> str:
    signed = f"signed by {mention(facts.sign_off.by)} {when(facts.sign_off.at)}; " if facts.sign_off else ""
    return signed + (
        f"{facts.monitors} monitor(s) write digests into this thread." if facts.monitors else "no monitor is active."
    )


def missing_details(facts: StatusFacts) -> tuple[str, ...]:
    """What the requester has not told yet, in the order it is needed."""
    migration = facts.migration
    needs = (
        (facts.dataset is None, "the dataset"),
        (not facts.has_prompt, "the prompt"),
        (not migration.targets, "target models"),
        (not migration.smes, "SMEs"),
        (migration.owner is None, "the owner"),
    )
    return tuple(words for missing, words in needs if missing)


def _next_of(kind: QuestionKind | None) -> str:
    steps = {
        QuestionKind.DATASET: "drop the dataset file (CSV, JSONL, JSON or XLSX) into this thread.",
        QuestionKind.PLAN: "approve or change the plan in this thread.",
        QuestionKind.RUNS: "nothing to do; progress is shown in this thread.",
        QuestionKind.IMPROVED: "nothing to do; better prompts are being searched for, the prompts card shows the budget used.",
        QuestionKind.PROMPTS: "look at the prompts in this thread, then press *Use these prompts*.",
        QuestionKind.REVIEW: "the SMEs judge blind pairs in their direct messages from Ferry.",
        QuestionKind.REPORT: "nothing to do; the report is being written.",
        QuestionKind.SIGN_OFF: "the owner reads the report in this thread and decides.",
    }
    return steps[kind] if kind else "nothing to do; Ferry is at work."


def _spent(facts: StatusFacts) -> str:
    """What the stored answers took, and what all calls together have taken of the budget, if there is one."""
    purse = facts.purse
    if purse is None or purse.budget is None:
        return facts.spent
    return f"{facts.spent}\nBudget {money(purse.budget)}: {money(purse.spent)} charged for all calls"


def targets(migration: Migration) -> str:
    return some([literal(target, 150) for target in migration.targets], 5, "\n") or "not named yet"


def _dataset(facts: StatusFacts) -> str:
    if facts.dataset is None:
        return "none yet"
    found = facts.dataset
    return f"{literal(found.source_name, 100)} (version {found.number})\n{found.dev} dev + {found.test} test samples"


def _buttons(migration: Migration) -> tuple[Block, ...]:
    value = Press(migration=migration.id).dumps()
    edit = button("Edit details", "details_open", value)
    budget = button("Budget", "budget_open", value)
    cancel = button("Cancel", "migration_cancel", value, style="danger", confirm="The migration ends; nothing is deleted.")
    if migration.status is MigrationStatus.OPEN:
        return (edit, button("Pause", "migration_pause", value), budget, cancel)
    if migration.status is MigrationStatus.PAUSED:
        return (button("Resume", "migration_resume", value, style="primary"), edit, budget, cancel)
    if migration.status is MigrationStatus.STUCK:
        return (button("Retry", "migration_retry", value, style="primary"), edit, budget, cancel)
    return (button("Migrate again", "again_open", value),)
