"""What the cards and forms about prompts tell, gathered from the store: candidates with their figures on dev, and the choices."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent import arms
from bot import prompt_beside
from bot.cards.prompts import CandidateFacts, PromptsFacts, TargetFacts
from bot.cards.tried import TriedFacts
from bot.cards.turn import TurnFacts
from bot.spending import NOTHING, spent
from db.records import (
    RESTING,
    Attempt,
    DatasetVersion,
    Fallen,
    Message,
    Plan,
    PromptChoice,
    Question,
    QuestionKind,
    Run,
    RunUse,
    Turn,
)
from db.store import Store
from pipeline.decide.selection import Standing, choose
from pipeline.decide.statistics import mean_interval, paired, wilson
from pipeline.errors import InputError
from pipeline.models.prices import Prices
from pipeline.records import Candidate, Criteria, Interval, Output, RunResult, Sample, Score, Spent, Split, Usage

FREE = "no call was charged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A round as its prompts need it: the plan, candidates, runs on dev by target and prompt hash, who fell out, who chose."""

    plan: Plan
    candidates: Sequence[Candidate]
    runs: Mapping[tuple[str, str], Run]
    fallen: Mapping[tuple[str, str], Fallen]
    choices: Sequence[PromptChoice]
    dataset: DatasetVersion | None

    @property
    def dev(self) -> int:
        """Samples of dev."""
        return self.dataset.dev if self.dataset else 0

    def of(self, target: str) -> list[Candidate]:
        return [each for each in self.candidates if each.target == target]

    def chosen(self, target: str) -> tuple[PromptChoice, ...]:
        """Every choice for a target, the oldest first; the last one stands."""
        return tuple(each for each in self.choices if each.target == target)

    def run(self, candidate: Candidate) -> Run | None:
        return self.runs.get((candidate.target, candidate.prompt.hash))


async def prompts(store: Store, migration_id: str, number: int, prices: Prices, *, advpo: bool = False) -> PromptsFacts:
    """Every target of round `number` with its candidates; in the plan's order, which is what buttons count by.

    `advpo` says whether Advanced Prompt Optimization is set up.
    """
    migration, found = await store.migrations.get(migration_id), await round_of(store, migration_id, number)
    runs = tuple(found.runs.values())
    targets = tuple([await target(store, found, place, prices) for place in range(len(found.plan.targets))])
    beside = await prompt_beside.read(store, found.plan, advpo=advpo)
    return PromptsFacts(
        migration_id=migration_id,
        name=migration.name,
        round=number,
        dev=found.dev,
        targets=tuple(beside.of(each, found.dev) for each in targets),
        on=_is_on(await store.questions.pending(migration_id), number),
        rests=migration.status in RESTING,
        calls=sum(run.stored for run in runs),
        planned=next((each for each in found.plan.estimates if each.stage == arms.CANDIDATES), None),
        spent=f"spent {said}" if (said := await spent(store, runs, prices)) != NOTHING else FREE,
        searches=await store.improvements.of(migration_id, number),
    )


def _is_on(pending: Question | None, number: int) -> bool:
    """Whether candidates are measured or searched for."""
    on = {(QuestionKind.RUNS, arms.candidates_stage(number)), (QuestionKind.IMPROVED, str(number))}
    return pending is not None and (pending.kind, pending.subject) in on


async def one(store: Store, found: Round, candidate: Candidate, prices: Prices) -> CandidateFacts:
    """One candidate with its figures; those of a single run are quickly read."""
    run = found.run(candidate)
    standings = await _standings(store, found.of(candidate.target), [run] if run else [], found.plan.criteria)
    used = {use.run_id: use for use in await store.runs.used([run.id])} if run else {}
    return _candidate(found, candidate, standings.get(candidate.prompt.hash), used, prices)


async def round_of(store: Store, migration_id: str, number: int) -> Round:
    runs = await store.runs.listed(migration_id, stage=arms.candidates_stage(number))
    dataset = await store.datasets.get(runs[0].dataset_id) if runs else await store.datasets.latest(migration_id)
    return Round(
        plan=await store.plans.get(migration_id, number),
        candidates=await store.prompts.candidates(migration_id, number),
        runs={(run.key.model, run.key.prompt_hash): run for run in runs},
        fallen={(each.target, each.prompt_hash): each for each in await store.prompts.fallen(migration_id, number)},
        choices=await store.prompts.choices(migration_id, number),
        dataset=dataset,
    )


async def target(store: Store, found: Round, place: int, prices: Prices) -> TargetFacts:
    """The candidates of the plan's target number `place`. Reading all scores takes a while where dev is large."""
    name = found.plan.targets[place]
    candidates, choices = found.of(name), found.chosen(name)
    runs = [run for each in candidates if (run := found.run(each))]
    standings = await _standings(store, candidates, runs, found.plan.criteria)
    used = {use.run_id: use for use in await store.runs.used([run.id for run in runs])}
    standing = choices[-1] if choices else None
    return TargetFacts(
        target=name,
        candidates=tuple(_candidate(found, each, standings.get(each.prompt.hash), used, prices) for each in candidates),
        reason=standing.reason if standing else "",
        by=standing.by if standing else None,
        at=standing.at if standing else None,
    )


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
    """Without the answers' texts, which the figures do not need and a large dev has many of."""
    answered = tuple(Output(sample_id=sample_id, text="") for sample_id in dict.fromkeys(score.sample_id for score in scores))
    return RunResult(key=run.key, label=run.label, outputs=answered, scores=tuple(scores))


def _table(results: Sequence[RunResult], criteria: Criteria, shots: frozenset[str]) -> Sequence[Standing]:
    return choose(results, criteria, left_out=shots).table


def _candidate(
    found: Round, candidate: Candidate, standing: Standing | None, used: Mapping[str, RunUse], prices: Prices
) -> CandidateFacts:
    prompt, run, choices = candidate.prompt, found.run(candidate), found.chosen(candidate.target)
    use, fallen = used.get(run.id) if run else None, found.fallen.get((candidate.target, prompt.hash))
    answered = use.answered if use and not use.unmetered and use.answered.calls else None
    return CandidateFacts(
        method=prompt.method,
        prompt_hash=prompt.hash,
        refusal=candidate.refusal,
        chosen=bool(choices) and choices[-1].prompt_hash == prompt.hash,
        edits=prompt.edits,
        n=standing.n if standing else 0,
        mean=standing.mean if standing else None,
        interval=interval_of(standing) if standing else None,
        tokens=(answered.input_tokens + answered.output_tokens) / answered.calls if answered else None,
        usd=_usd(candidate.target, answered, prices) if answered else None,
        fell=f"Out after {fallen.samples:,} samples. {fallen.why}" if fallen else "",
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


def _usd(model: str, used: Spent, prices: Prices) -> float | None:
    """USD for 1,000 calls such as these; None where no price is known."""
    try:
        price = prices.of(model)
    except InputError:
        return None
    return 1000 * price.of(Usage(input_tokens=used.input_tokens, output_tokens=used.output_tokens)) / used.calls


async def turn(store: Store, message: Message) -> TurnFacts:
    """One proposal that was asked for, and what came of it."""
    found = await store.rounds.get(message.subject)
    migration = await store.migrations.get(found.migration_id)
    return TurnFacts(
        migration_id=migration.id,
        turn_id=found.id,
        name=migration.name,
        round=found.number,
        turn=found.turn,
        target=found.target,
        technique=found.technique,
        group=found.group,
        sentence=found.sentence,
        state=state_of(found),
        said=found.refusal or found.advice,
        effects=found.effects or (),
        by=found.kept_by,
    )


def state_of(turn: Turn) -> str:
    """waiting, refused, measured, kept or reverted."""
    if turn.kept is not None:
        return "kept" if turn.kept else "reverted"
    if turn.refusal is not None:
        return "refused"
    return "waiting" if turn.effects is None else "measured"


async def tried(store: Store, message: Message) -> TriedFacts:
    """A prompt on one sample of dev, beside what the source answered to it."""
    attempt = await store.tries.get(message.subject)
    prompt = await store.prompts.get(attempt.migration_id, attempt.prompt_hash)
    runs = await store.runs.listed(attempt.migration_id, stage=arms.candidates_stage(attempt.number))
    dataset = await store.datasets.get(runs[0].dataset_id) if runs else await store.datasets.latest(attempt.migration_id)
    known = await store.datasets.chosen(dataset.id, [attempt.sample_id]) if dataset else {}
    sample, source = known.get(attempt.sample_id), await _source(store, attempt, dataset)
    text = source[0] if source else None
    failed = attempt.output.failure if attempt.output else None
    return TriedFacts(
        target=attempt.target,
        method=prompt.method,
        prompt_hash=prompt.hash,
        sample_id=attempt.sample_id,
        question=input_text(sample) if sample else "–",
        reference=sample.reference if sample else None,
        answer=attempt.output.text if attempt.output else None,
        scores=attempt.scores,
        source=text,
        source_scores=source[1] if source else (),
        problem=attempt.problem or (failed.message if failed else ""),
        took=_took(attempt),
        shown=attempt.sample_id in prompt.shots,
    )


def _took(attempt: Attempt) -> str:
    """The calls and tokens of a try, the judge's among them; empty while there is no answer."""
    if attempt.output is None or attempt.output.failure:
        return ""
    spent = [score.spent for score in attempt.scores if score.spent]
    judging, used = sum(each.calls for each in spent), attempt.output.usage or Usage(input_tokens=0, output_tokens=0)
    tokens = used.input_tokens + used.output_tokens + sum(each.input_tokens + each.output_tokens for each in spent)
    judge = f", {judging} of the judge's" if judging else ""
    return f"It took {1 + judging} call{'s' if judging else ''}{judge}" + (f", and {tokens:,} tokens." if tokens else ".")


async def _source(store: Store, attempt: Attempt, dataset: DatasetVersion | None) -> tuple[str | None, tuple[Score, ...]] | None:
    """What the source answered to the sample on dev, with its scores; None where it was not run on it."""
    runs = await store.runs.listed(attempt.migration_id, stage=arms.BASELINE)
    run = next((r for r in runs if r.key.split is Split.DEV and dataset and r.dataset_id == dataset.id), None)
    if run is None:
        return None
    return await store.runs.answer(run.id, attempt.sample_id), await store.runs.scores(run.id, [attempt.sample_id])


def input_text(sample: Sample) -> str:
    """What the models were given of a sample, as a person reads it."""
    if len(sample.variables) == 1:
        return next(iter(sample.variables.values()))
    return "\n".join(f"{name}: {value}" for name, value in sample.variables.items())
