"""What the cards and forms about prompts tell, gathered from the store: candidates with their figures on dev, and the choices."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent import arms
from bot.cards.prompts import CandidateFacts, PromptsFacts, TargetFacts
from db.records import Plan, Run, RunUse
from db.store import Store
from pipeline.decide.selection import Standing, choose
from pipeline.decide.statistics import mean_interval, paired, wilson
from pipeline.errors import InputError
from pipeline.models.prices import Prices
from pipeline.records import Candidate, Criteria, Interval, RunResult, Score, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A round as its prompts need it: the plan, every candidate, and the runs on dev by target and prompt hash."""

    plan: Plan
    candidates: Sequence[Candidate]
    runs: Mapping[tuple[str, str], Run]
    dev: int

    def of(self, target: str) -> list[Candidate]:
        return [each for each in self.candidates if each.target == target]


async def prompts(store: Store, migration_id: str, number: int, prices: Prices) -> PromptsFacts:
    """Every target of round `number` with its candidates; in the plan's order, which is what buttons count by."""
    migration, found = await store.migrations.get(migration_id), await round_of(store, migration_id, number)
    targets = [await target(store, found, place, prices) for place in range(len(found.plan.targets))]
    return PromptsFacts(migration_id=migration_id, name=migration.name, round=number, dev=found.dev, targets=tuple(targets))


async def round_of(store: Store, migration_id: str, number: int) -> Round:
    runs = await store.runs.listed(migration_id, stage=arms.candidates_stage(number))
    dataset = await store.datasets.get(runs[0].dataset_id) if runs else await store.datasets.latest(migration_id)
    return Round(
        plan=await store.plans.get(migration_id, number),
        candidates=await store.prompts.candidates(migration_id, number),
        runs={(run.key.model, run.key.prompt_hash): run for run in runs},
        dev=dataset.dev if dataset else 0,
    )


async def target(store: Store, found: Round, place: int, prices: Prices) -> TargetFacts:
    """The candidates of the plan's target number `place`. Reading all scores takes a while where dev is large."""
    name = found.plan.targets[place]
    candidates = found.of(name)
    runs = [run for each in candidates if (run := found.runs.get((name, each.prompt.hash)))]
    standings = await _standings(store, candidates, runs, found.plan.criteria)
    used = {use.run_id: use for use in await store.runs.used([run.id for run in runs])} if runs else {}
    chosen = (await store.prompts.chosen(found.plan.migration_id, found.plan.number)).get(name, ("", ""))
    told = []
    for each in candidates:
        run = found.runs.get((name, each.prompt.hash))
        told.append(
            _candidate(
                each, standings.get(each.prompt.hash), used.get(run.id) if run else None, prices, each.prompt.hash == chosen[0]
            )
        )
    return TargetFacts(target=name, candidates=tuple(told), reason=chosen[1])


async def _standings(
    store: Store, candidates: Sequence[Candidate], runs: Sequence[Run], criteria: Criteria
) -> dict[str, Standing]:
    """Figures by prompt hash, compared among the runs that cover equally many samples of dev."""
    primary = {choice.metric for choice in criteria.primary}
    by_size: dict[int, list[RunResult]] = defaultdict(list)
    for run in runs:
        scores = [score for score in await store.runs.scores(run.id) if score.metric in primary]
        if scores:
            by_size[run.total].append(_result(run, scores))
    shots = frozenset(sample_id for each in candidates for sample_id in each.prompt.shots)
    tables = [await asyncio.to_thread(_table, results, criteria, shots) for results in by_size.values()]
    return {standing.prompt_hash: standing for table in tables for standing in table}


def _result(run: Run, scores: Sequence[Score]) -> RunResult:
    return RunResult(key=run.key, label=run.label, outputs=(), scores=tuple(scores))


def _table(results: Sequence[RunResult], criteria: Criteria, shots: frozenset[str]) -> Sequence[Standing]:
    return choose(results, criteria, left_out=shots).table


def _candidate(
    candidate: Candidate, standing: Standing | None, use: RunUse | None, prices: Prices, chosen: bool
) -> CandidateFacts:
    calls = use.answered.calls if use and not use.unmetered else 0
    tokens = (use.answered.input_tokens + use.answered.output_tokens) / calls if use and calls else None
    return CandidateFacts(
        method=candidate.prompt.method,
        prompt_hash=candidate.prompt.hash,
        refusal=candidate.refusal,
        chosen=chosen,
        edits=candidate.prompt.edits,
        n=standing.n if standing else 0,
        mean=standing.mean if standing else None,
        interval=interval_of(standing) if standing else None,
        tokens=tokens,
        usd=_usd(candidate.target, use, prices) if use and calls else None,
    )


def interval_of(standing: Standing) -> Interval | None:
    """Of the mean over samples: Wilson's where every score is yes or no, else that of t; None where neither can be said."""
    by_sample: dict[str, list[float]] = defaultdict(list)
    for values in standing.scores.values():
        for sample_id, value in values.items():
            by_sample[sample_id].append(value)
    means = [sum(values) / len(values) for values in by_sample.values()]
    if means and set(means) <= {0.0, 1.0}:
        return wilson(sum(value == 1.0 for value in means), len(means))
    return mean_interval(paired(means)) if len(means) > 1 else None


def _usd(target: str, use: RunUse, prices: Prices) -> float | None:
    """USD for 1,000 calls such as these; None where no price is known."""
    spent = use.answered
    try:
        price = prices.of(target)
    except InputError:
        return None
    return 1000 * price.of(Usage(input_tokens=spent.input_tokens, output_tokens=spent.output_tokens)) / spent.calls
