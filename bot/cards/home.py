"""The App Home: what waits for me, then my migrations, page by page (Slack takes 100 blocks)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.blocks.escape import literal
from bot.cards.kit import Block, actions, button, context, header, lines, section, some, when
from bot.cards.status import STAGES
from db.records import Migration, Question

PAGE = 20
WAITING = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeFacts:
    """`migrations` are the person's own, newest first; `waiting` what they are asked, `doubted` how many references besides."""

    migrations: Sequence[Migration]
    waiting: Sequence[tuple[Migration, Question]]
    page: int = 0
    doubted: Sequence[tuple[Migration, int]] = ()


def home_view(facts: HomeFacts) -> dict[str, Any]:
    """The view for views.publish."""
    pages = max(1, -(-len(facts.migrations) // PAGE))
    page = min(max(facts.page, 0), pages - 1)
    shown = facts.migrations[page * PAGE : (page + 1) * PAGE]
    asked = [*(_waiting(*each) for each in facts.waiting), *(_doubted(*each) for each in facts.doubted)]
    blocks: list[Block] = [
        header("What waits for you"),
        lines(asked[:WAITING], what="questions") if asked else section("Nothing."),
        *([context(f"and {len(asked) - WAITING} more")] if len(asked) > WAITING else []),
        header("Your migrations"),
        *(section(_migration(migration)) for migration in shown),
        *([] if shown else [section("None yet. Run `/migrate` in the channel where the migration shall live.")]),
        *_pager(page, pages, len(facts.migrations)),
    ]
    return {"type": "home", "blocks": blocks}


def _waiting(migration: Migration, question: Question) -> str:
    return (
        f"• *{literal(migration.name, 100)}* in <#{migration.channel}>: {STAGES[question.kind]}, since {when(question.asked_at)}"
    )


def _doubted(migration: Migration, references: int) -> str:
    what = "1 reference" if references == 1 else f"{references:,} references"
    return f"• *{literal(migration.name, 100)}* in <#{migration.channel}>: {what} to check, in your messages from Ferry"


def _migration(migration: Migration) -> str:
    to = some([literal(target, 100) for target in migration.targets], 5) or "targets not named"
    place = f"<#{migration.channel}> · {migration.status} · {when(migration.created_at)}"
    return f"*{literal(migration.name, 150)}*\n{literal(migration.source, 100)} → {to}\n{place}"


def _pager(page: int, pages: int, total: int) -> list[Block]:
    if pages == 1:
        return []
    buttons = [button("Newer", "home_newer", str(page - 1))] if page > 0 else []
    buttons += [button("Older", "home_older", str(page + 1))] if page < pages - 1 else []
    return [actions(*buttons), context(f"Page {page + 1} of {pages}, {total} migrations")]
