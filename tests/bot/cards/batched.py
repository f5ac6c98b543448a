"""Facts of batch jobs: both ways on a plan, and jobs under way."""

from collections.abc import Iterator
from dataclasses import replace

from bot.cards.kit import Card
from bot.cards.progress import ProgressFacts, progress_card
from bot.cards.question import QuestionFacts, question_card
from bot.cards.ways import WaysFacts
from db.records import BatchChoice, Run, RunBatch
from pipeline.models.batch.records import BatchJob
from pipeline.models.batch.router import offer
from pipeline.models.prices import Prices
from pipeline.records import Usage
from tests.bot.cards.prompted import NOW

BATCHABLE = ("bedrock:amazon.nova-lite-v1:0", "bedrock:amazon.nova-pro-v1:0")


def batched(asked: QuestionFacts, run: Run) -> Iterator[tuple[str, Card]]:
    """`asked` is a plan that is asked about."""
    offers = tuple(offer(ref, 1_000, Usage(input_tokens=900, output_tokens=60), Prices()) for ref in BATCHABLE)
    plan = replace(asked, ways=WaysFacts(offers=offers))
    yield "question_plan_ways", question_card(plan)
    chosen = BatchChoice(migration_id="m1", wanted=True, by="U0OWNER", at=NOW)
    yield "question_plan_by_batch", question_card(replace(plan, ways=WaysFacts(offers=offers, choice=chosen)))
    job = RunBatch(migration_id="m1", run_id=run.id, job=BatchJob(low=40, high=200), at=NOW)
    jobs = (replace(job, status="InProgress", records=155, done=60), replace(job, job=BatchJob(low=200, high=360)))
    yield "progress_batches", progress_card(ProgressFacts(migration_id="m1", stage="targets:1", runs=(run,), batches=jobs))
