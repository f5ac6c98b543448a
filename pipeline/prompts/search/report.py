"""What a search found, as it may be told: three bars, one look at test, and a credited gain that dev has no part in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.decide.compare import compare
from pipeline.models.prices import Price
from pipeline.prompts.diff import Change, changes
from pipeline.prompts.search.events import Ended
from pipeline.prompts.search.meter import Used
from pipeline.prompts.search.probe import Probe
from pipeline.records import Comparison, Criteria, Edit, PromptVersion, RunResult, Sample, Split, Usage

AS_IS, FIXED, WINNER = "as is", "format-fixed", "winner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The runs over test by the bar they are of, and the source's where there is a source."""

    runs: Mapping[str, RunResult]
    prompts: Mapping[str, PromptVersion]
    source: RunResult | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One of the three bars: means by metric over what is scored on test, the mean on dev that chose, what a call takes (tokens,
    USD for 1,000). `unscored` says by metric how many of the samples have no score; metrics without one are left out.
    """

    role: str
    method: str
    prompt_hash: str
    dev: float | None
    test: Mapping[str, float]
    unscored: Mapping[str, int]
    characters: int
    tokens: float | None
    usd_per_1000: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One candidate and what became of it: refused, fell out, measured on all of dev (with its mean) or chosen; and why."""

    method: str
    prompt_hash: str
    became: str
    dev: float | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchReport:
    """`credited` is winner against format-fixed on test, the only gain that is credited to the search; `over_as_is` is winner
    against the prompt as is; both are empty where a guard refused that bar. `against` names what `compared` stands against, the
    source or else the prompt as is. `dev_gain` is what dev showed for winner against format-fixed: flattered by choosing.

    `looks` counts the winners test was looked at with, this one included: from the second on, figures on test are optimistic.
    `reasons` are why it was looked at again.
    """

    target: str
    against: str
    dev_samples: int
    test_samples: int
    why: str
    selection: str
    bars: tuple[Bar, ...]
    compared: tuple[Comparison, ...]
    credited: tuple[Comparison, ...]
    over_as_is: tuple[Comparison, ...]
    dev_gain: float | None
    changes: tuple[Change, ...]
    edits: tuple[Edit, ...]
    tried: tuple[Tried, ...]
    used: Used
    looks: int
    winner: PromptVersion
    reasons: tuple[str, ...] = ()

    @property
    def metrics(self) -> tuple[str, ...]:
        """Those that were measured on test, in the order of the criteria where there is something to compare with."""
        return tuple(found.metric for found in self.compared) or tuple(self.bars[-1].test)


async def look(ended: Ended, winner: PromptVersion, probe: Probe, test: Sequence[Sample], source: Probe | None = None) -> Look:
    """The one look at test: the source, as is, format-fixed and the winner; equal prompts are asked once."""
    prompts = bars(ended, winner)
    before = await source(original(ended), test, Split.TEST) if source else None
    probe = replace(probe, source_outputs=before.outputs if before else ())
    runs = {role: await probe(prompt, test, Split.TEST) for role, prompt in prompts.items()}
    return Look(runs=runs, prompts=prompts, source=before)


def bars(ended: Ended, winner: PromptVersion) -> dict[str, PromptVersion]:
    """The three bars by role, without what a guard refused; where format-fixed changed nothing it is the prompt as is."""
    by_method = {c.prompt.method: c for c in reversed(ended.candidates)}  # of two of a name the first, which is Ferry's own
    as_is = by_method.get(AS_IS)
    wanted = {AS_IS: as_is, FIXED: by_method.get(FIXED, as_is)}
    return {role: each.prompt for role, each in wanted.items() if each and each.refusal is None} | {WINNER: winner}


def original(ended: Ended) -> PromptVersion:
    """The prompt as is, also where the target may not be asked it."""
    return next(c.prompt for c in ended.candidates if c.prompt.method == AS_IS)


def build(
    ended: Ended,
    seen: Look,
    test: Sequence[Sample],
    criteria: Criteria,
    *,
    used: Used,
    price: Price | None = None,
    looks: int = 1,
) -> SearchReport:
    """The report of a search that has a winner. Raises InputError as `decide.compare` does."""
    standing = next((role for role in (AS_IS, FIXED) if role in seen.runs), "")
    against = seen.source or seen.runs.get(standing)
    winner, fixed = seen.prompts[WINNER], seen.prompts.get(FIXED)
    dev = {row.prompt_hash: row.mean for row in ended.selection.table} if ended.selection else {}
    before, after = dev.get(fixed.hash) if fixed else None, dev.get(winner.hash)

    def gain(over: RunResult | None) -> tuple[Comparison, ...]:
        return compare(test, over, seen.runs[WINNER], criteria) if over else ()

    return SearchReport(
        target=seen.runs[WINNER].key.model,
        against="source" if seen.source else standing,
        dev_samples=ended.selection.table[0].n if ended.selection else 0,
        test_samples=len(test),
        why=ended.why,
        selection=ended.selection.reason if ended.selection else "",
        bars=tuple(_bar(role, prompt, seen.runs[role], dev, price) for role, prompt in seen.prompts.items()),
        compared=gain(against),
        credited=gain(seen.runs.get(FIXED)),
        over_as_is=gain(seen.runs.get(AS_IS)),
        dev_gain=None if before is None or after is None else after - before,
        changes=changes(original(ended), winner),
        edits=winner.edits,
        tried=tuple(_tried(ended, winner)),
        used=used,
        looks=looks,
        winner=winner,
    )


def _bar(role: str, prompt: PromptVersion, run: RunResult, dev: Mapping[str, float | None], price: Price | None) -> Bar:
    usages = [output.usage for output in run.outputs if output.usage is not None]
    values: dict[str, list[float]] = {}
    for score in run.scores:
        values.setdefault(score.metric, []).extend([] if score.value is None else [score.value])
    return Bar(
        role=role,
        method=prompt.method,
        prompt_hash=prompt.hash,
        dev=dev.get(prompt.hash),
        test={metric: sum(found) / len(found) for metric, found in values.items() if found},
        unscored={metric: missing for metric, found in values.items() if (missing := len(run.outputs) - len(found))},
        characters=sum(map(len, prompt.texts)),
        tokens=sum(_tokens(usage) for usage in usages) / len(usages) if usages else None,
        usd_per_1000=price.per_1000(usages) if price else None,
    )


def _tokens(usage: Usage) -> int:
    return usage.input_tokens + usage.output_tokens


def _tried(ended: Ended, winner: PromptVersion) -> list[Tried]:
    dev = {row.prompt_hash: row.mean for row in ended.selection.table} if ended.selection else {}
    found = []
    for candidate in ended.candidates:
        name = candidate.prompt.hash
        if candidate.refusal is not None:
            became, reason = "refused", candidate.refusal
        elif name == winner.hash:
            became, reason = "chosen", ended.selection.reason if ended.selection else ""
        elif name in ended.dropped:
            became, reason = "fell out", ended.dropped[name]
        else:
            became, reason = ("measured", "") if name in dev else ("not measured", "The budget did not reach for it.")
        method = candidate.prompt.method
        found.append(Tried(method=method, prompt_hash=name, became=became, dev=dev.get(name), reason=reason))
    return found
