"""Which card shows which kind of message. Words are made from the facts at the moment of sending."""

from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot import facts, prompt_facts, prompt_files
from bot.cards.digest import digest_card
from bot.cards.errors import errors_card
from bot.cards.files import files_card, prompt_files_card
from bot.cards.findings import findings_card
from bot.cards.kit import Card
from bot.cards.note import problem_card, reply_card
from bot.cards.progress import ProgressFacts, progress_card
from bot.cards.prompts import prompts_card
from bot.cards.question import question_card
from bot.cards.references import corrections_card, references_card
from bot.cards.review import review_card
from bot.cards.status import status_card
from bot.cards.trial import trial_card
from bot.cards.tried import tried_card
from bot.cards.turn import turn_card
from bot.cards.verdict import table_card
from db.records import Message, MessageKind, MigrationStatus
from db.store import Store
from pipeline.models.prices import Prices

WINDOW_S = 120.0


@dataclass(slots=True)
class Speed:
    """How fast the outputs of a stage came in during the last minutes, as this process saw it."""

    seen: deque[tuple[datetime, int]] = field(default_factory=deque)

    def seconds_left(self, now: datetime, done: int, total: int) -> float | None:
        """None until two looks at least a second apart show progress."""
        if self.seen and done < self.seen[-1][1]:
            self.seen.clear()
        self.seen.append((now, done))
        while (now - self.seen[0][0]).total_seconds() > WINDOW_S and len(self.seen) > 2:
            self.seen.popleft()
        (since, before), passed = self.seen[0], (now - self.seen[0][0]).total_seconds()
        if passed < 1 or done <= before or now == since:
            return None
        return (total - done) * passed / (done - before)


@dataclass(slots=True, kw_only=True)
class Renderer:
    """Called with a message, answers with its card. Raises what the store raises; the outbox then holds the message."""

    store: Store
    clock: Callable[[], datetime]
    prices: Prices = field(default_factory=Prices)
    advpo: bool = False
    batch: bool = False
    speeds: dict[str, Speed] = field(default_factory=dict)

    async def __call__(self, message: Message) -> Card:
        return await RENDERERS[message.kind](self, message)

    async def status(self, message: Message) -> Card:
        return status_card(await facts.status(self.store, message, self.prices))

    async def question(self, message: Message) -> Card:
        return question_card(await facts.question(self.store, message, self.prices, batch=self.batch))

    async def findings(self, message: Message) -> Card:
        return findings_card(await facts.findings(self.store, message))

    async def progress(self, message: Message) -> Card:
        migration = await facts.migration_of(self.store, message)
        runs = await self.store.runs.listed(migration.id, message.subject)
        done, total = sum(run.stored for run in runs), sum(run.total for run in runs)
        speed = self.speeds.setdefault(message.key, Speed())
        paused = migration.status is MigrationStatus.PAUSED
        scored, cells = await facts.judged(self.store, runs)
        opinions, asked = await facts.second_opinion(self.store, runs)
        again, throttled = await self.store.runs.retried([run.id for run in runs])
        return progress_card(
            ProgressFacts(
                migration_id=migration.id,
                stage=message.subject,
                runs=runs,
                paused=paused,
                seconds_left=None if paused else speed.seconds_left(self.clock(), done, total),
                scored=scored,
                cells=cells,
                opinions=opinions,
                asked=asked,
                again=again,
                throttled=throttled,
                batches=tuple(b for b in await self.store.batches.of(*(run.id for run in runs)) if b.job.ending is None),
            )
        )

    async def prompts(self, message: Message) -> Card:
        number = int(message.subject)
        told = await prompt_facts.prompts(self.store, message.migration_id or "", number, self.prices, advpo=self.advpo)
        return prompts_card(told)

    async def turn(self, message: Message) -> Card:
        return turn_card(await prompt_facts.turn(self.store, message))

    async def tried(self, message: Message) -> Card:
        return tried_card(await prompt_facts.tried(self.store, message))

    async def review(self, message: Message) -> Card:
        return review_card(await facts.review(self.store, message))

    async def table(self, message: Message) -> Card:
        return table_card(await facts.table(self.store, message))

    async def files(self, message: Message) -> Card:
        """A report's files, or those of a candidate."""
        if about := await prompt_files.facts(self.store, message):
            return prompt_files_card(about)
        return files_card(await facts.files(self.store, message))

    async def digest(self, message: Message) -> Card:
        return digest_card(await facts.digest(self.store, message))

    async def trial(self, message: Message) -> Card:
        return trial_card(await facts.trial(self.store, message))

    async def errors(self, message: Message) -> Card:
        return errors_card(await facts.errors(self.store, message))

    async def references(self, message: Message) -> Card:
        """An SME's next reference, or in the thread what came of them."""
        if message.place == "thread":
            return corrections_card(await facts.corrections(self.store, message))
        return references_card(await facts.references(self.store, message))

    async def reply(self, message: Message) -> Card:
        return reply_card(await facts.note(self.store, message))

    async def problem(self, message: Message) -> Card:
        return problem_card(await facts.note(self.store, message))


RENDERERS: Mapping[MessageKind, Callable[[Renderer, Message], Awaitable[Card]]] = {
    MessageKind.STATUS: Renderer.status,
    MessageKind.QUESTION: Renderer.question,
    MessageKind.FINDINGS: Renderer.findings,
    MessageKind.PROGRESS: Renderer.progress,
    MessageKind.PROMPTS: Renderer.prompts,
    MessageKind.ROUND: Renderer.turn,
    MessageKind.TRY: Renderer.tried,
    MessageKind.REVIEW: Renderer.review,
    MessageKind.TABLE: Renderer.table,
    MessageKind.FILES: Renderer.files,
    MessageKind.DIGEST: Renderer.digest,
    MessageKind.TRIAL: Renderer.trial,
    MessageKind.ERRORS: Renderer.errors,
    MessageKind.REFERENCES: Renderer.references,
    MessageKind.REPLY: Renderer.reply,
    MessageKind.PROBLEM: Renderer.problem,
}
