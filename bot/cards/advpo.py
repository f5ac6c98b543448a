"""Advanced Prompt Optimization on the candidates card: ask for it, see how it is, stop it."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.blocks.escape import literal
from bot.cards.kit import Block, button, mention, when
from db.records import AdvpoJob, JobState

NAME = "Bedrock's Advanced Prompt Optimization"
TAKES = "15 min to hours"
STOPPED = "The job is stopped at AWS. The calls it has made are charged."


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvpoFacts:
    """One target's. `offered` while it can be asked for; `samples` of dev would leave, and `usd` is what the target's calls over
    them cost once, None where a price is unknown. `job` is the newest that was asked for.
    """

    offered: bool = False
    samples: int = 0
    usd: float | None = None
    job: AdvpoJob | None = None


NOTHING_ASKED = AdvpoFacts()


def leaves(facts: AdvpoFacts) -> str:
    """What leaves and what it costs, as far as that can be told before."""
    money = "" if facts.usd is None else f", about {facts.usd:,.4f} USD"
    calls = f"{facts.samples:,} calls of the target{money}"
    return (
        f"Sent to the operator's S3 bucket and to Bedrock: prompt, criteria, {facts.samples:,} dev samples with references, "
        f"never test. It takes {TAKES}. One pass is {calls}; the service makes several, and a judge's, and AWS bills them: they "
        "are not in the budget."
    )


def advpo_buttons(facts: AdvpoFacts, press: str) -> Iterator[Block]:
    job = facts.job
    if job is not None and job.is_open:
        if job.stopped_by is None:
            yield button("Stop the optimisation", "advpo_stop", press, style="danger", confirm=STOPPED)
    elif facts.offered and (job is None or job.state is JobState.FAILED):
        text = f"Ask Bedrock to optimise ({TAKES})" if job is None else f"Ask Bedrock once more ({TAKES})"
        yield button(text, "advpo_ask", press, confirm=leaves(facts))


def advpo_lines(facts: AdvpoFacts, *, rests: bool = False) -> Iterator[str]:
    """How the newest job is; while the migration `rests` none is sent."""
    job = facts.job
    if job is None:
        return
    asked = f"{NAME}, asked for by {mention(job.by)} {when(job.at)}"
    problem = f" {literal(job.note, 500)}" if job.note else ""
    if not job.is_open:
        yield f"{asked}: {literal(job.note, 700)}"
    elif job.stopped_by:
        yield f"{asked}: {mention(job.stopped_by)} wants it stopped; it is being stopped at AWS.{problem}"
    elif job.job is None:
        yield f"{asked}: it is sent once the migration goes on." if rests else f"{asked}: it is being sent.{problem}"
    else:
        yield f"{asked}: under way at AWS ({TAKES}). Nothing waits for it: the prompts can be used without it.{problem}"
