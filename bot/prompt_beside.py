"""What stands beside a target's candidates: the methods that were not tried, and what Bedrock was or can be asked to optimise."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from agent import advpo
from bot.cards.advpo import AdvpoFacts
from bot.cards.prompts import TargetFacts
from db.keys import prompts_card
from db.records import AdvpoJob, MigrationStatus, Plan
from db.store import Store
from pipeline.report.records import AS_IS, FORMAT_FIXED

MOST_SAMPLES = 100
"""Dev samples that a job is sent at most; `pipeline.prompts.advpo` has the source."""
UNSET = f"Bedrock's Advanced Prompt Optimization cannot be asked for here: the operator has not set {advpo.SETTING}."
ELSEWHERE = "Bedrock's Advanced Prompt Optimization rewrites prompts for models on Bedrock alone."


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """`untried` sentences by target; `wanted` while a new candidate could still become the prompt, `set_up` by the operator."""

    untried: Mapping[str, Sequence[str]]
    jobs: Sequence[AdvpoJob]
    wanted: bool
    set_up: bool

    def of(self, target: TargetFacts, dev: int) -> TargetFacts:
        job = next((each for each in reversed(self.jobs) if each.target == target.target), None)
        fits = advpo.may_be_asked(target.target)
        samples = min(dev, MOST_SAMPLES)
        usd = _usd(target)
        facts = AdvpoFacts(
            offered=fits and self.set_up and self.wanted,
            samples=samples,
            usd=None if usd is None else usd * samples / 1000,
            job=job,
        )
        missing = () if self.set_up and fits else (UNSET if fits else ELSEWHERE,)
        return replace(target, untried=(*self.untried.get(target.target, ()), *missing), advpo=facts)


def _usd(target: TargetFacts) -> float | None:
    """What 1,000 calls cost with the prompt as it is, or with its form alone settled."""
    bars = [each.usd for each in target.candidates if each.method in {AS_IS, FORMAT_FIXED} and each.usd]
    return bars[0] if bars else None


async def read(store: Store, plan: Plan, *, advpo: bool) -> Beside:
    """What is known of plan `plan`'s targets; sentences about methods are kept with the card's message."""
    card = await store.messages.get(prompts_card(plan.migration_id, plan.number))
    going = (await store.migrations.get(plan.migration_id)).status is MigrationStatus.OPEN
    return Beside(
        untried=json.loads(card.body) if card and card.body else {},
        jobs=await store.advpo.of(plan.migration_id, plan.number),
        wanted=going and await _is_wanted(store, plan),
        set_up=advpo,
    )


async def _is_wanted(store: Store, plan: Plan) -> bool:
    return await advpo.is_wanted(store, plan)
