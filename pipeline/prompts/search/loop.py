"""The whole search for one target's prompt on dev, as a stream of events; closing the stream stops the spending at once.

In order of cost: the bars (as is, format-fixed) on all of dev, then the other candidates by successive halving, then GEPA from
the best of them. It ends early when a candidate is not worse than the source already, and in any case when the budget is used up.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from pipeline.decide.compare import compare
from pipeline.decide.pairs import together
from pipeline.decide.selection import Selection, choose, standings
from pipeline.prompts.methods.gepa import Gepa, why_not
from pipeline.prompts.port import Ask
from pipeline.prompts.search import events
from pipeline.prompts.search.evolution import FOUND, evolve, slices
from pipeline.prompts.search.halving import narrow, rungs
from pipeline.prompts.search.meter import SpentError, Used
from pipeline.prompts.search.order import shuffled
from pipeline.prompts.search.probe import Probe
from pipeline.records import Candidate, Comparison, PromptVersion, RunResult, Sample, Verdict

BARS = ("as is", "format-fixed")
RESCORED = 2  # versions of GEPA whose measurement on the rest of dev the budget keeps calls for
Propose = Callable[[Ask], Awaitable[Sequence[Candidate]]]


async def search(ask: Ask, propose: Propose, probe: Probe, source: Probe | None = None) -> AsyncGenerator[events.Event, None]:
    """Events of the search for `ask.target`, the last one `Ended`. `propose` gives candidates, guarded, in order of cost.

    `probe` measures prompts on the target, `source` the original on the source (None: nothing to be compared with). The same
    answers give the same events, so a search that was stopped resumes over the same journal. Raises what providers fail with.
    """
    told: asyncio.Queue[events.Event | None] = asyncio.Queue()
    working = _Search(ask=ask, propose=propose, probe=probe, source=source, tell=told.put_nowait)
    probe.meter.heard = lambda used: told.put_nowait(events.BudgetUsed(used=used))
    running = asyncio.create_task(_run(working, told))
    try:
        while (event := await told.get()) is not None:
            yield event
        await running
    finally:
        probe.meter.heard = _nobody
        running.cancel()
        await asyncio.wait([running])


def _nobody(_used: Used) -> None:
    """The stream is closed."""


async def _run(working: "_Search", told: "asyncio.Queue[events.Event | None]") -> None:
    try:
        await working.run()
    finally:
        told.put_nowait(None)


NONE_PASSES = "No candidate passes the guards, so nobody was asked. The first one: {}"
ALL_SHOWN = (
    "Every dev sample is shown inside a prompt, so none is left to choose by, and nobody was asked. Add dev samples: a search "
    "takes a few dozen."
)


@dataclass(slots=True, kw_only=True)
class _Search:
    """One search under way."""

    ask: Ask
    propose: Propose
    probe: Probe
    source: Probe | None
    tell: Callable[[events.Event], None]
    candidates: list[Candidate] = field(default_factory=list)
    bars: tuple[str, ...] = ()
    dev: tuple[Sample, ...] = ()
    runs: dict[str, RunResult] = field(default_factory=dict)
    source_run: RunResult | None = None
    dropped: dict[str, str] = field(default_factory=dict)
    best: Selection | None = None

    async def run(self) -> None:
        try:
            why = await self._climb()
        except SpentError as error:
            why = error.message
        winner = next((c.prompt for c in self.candidates if self.best and c.prompt.hash == self.best.prompt_hash), None)
        self.tell(
            events.Ended(
                winner=winner,
                selection=self.best,
                why=why,
                candidates=tuple(self.candidates),
                bars=self.bars,
                runs=dict(self.runs),
                source=self.source_run,
                dropped=dict(self.dropped),
            )
        )

    async def _climb(self) -> str:
        self._take(await self.propose(self.ask))
        if not self._open():
            return NONE_PASSES.format(self.candidates[0].refusal if self.candidates else "none was proposed.")
        shown = {shot for candidate in self._open() for shot in candidate.prompt.shots}
        self.dev = tuple(sample for sample in shuffled(self.ask.dev) if sample.id not in shown)
        if not self.dev:
            return ALL_SHOWN
        if self.source is not None:
            self.source_run = await self.source(self.ask.prompt, self.dev)
            self.probe = replace(self.probe, source_outputs=self.source_run.outputs)
        await self._measure([c.prompt for c in self._open() if c.prompt.hash in self.bars])
        if (good := self._good_enough()) is not None:
            return good
        await self._halve([c.prompt for c in self._open() if c.prompt.hash not in self.bars])
        if (good := self._good_enough()) is not None:
            return good
        return await self._improve()

    def _take(self, candidates: Sequence[Candidate]) -> None:
        self.candidates = list(candidates)
        self.bars = tuple(c.prompt.hash for c in self._open() if c.prompt.method in BARS)
        self.tell(events.Proposed(candidates=tuple(candidates)))
        for candidate in candidates:
            if candidate.refusal is not None:
                self.tell(events.Refused(candidate=candidate))

    def _open(self) -> list[Candidate]:
        return [candidate for candidate in self.candidates if candidate.refusal is None]

    async def _measure(self, prompts: Sequence[PromptVersion]) -> None:
        """Measures each prompt on all of dev, the cheapest first, and chooses again after each."""
        for prompt in prompts:
            self.runs[prompt.hash] = await self.probe(prompt, self.dev)
            self._choose()

    def _choose(self) -> None:
        order = [c.prompt.hash for c in self.candidates if c.prompt.hash in self.runs]
        before, self.best = self.best, self._chosen(order)
        if before is None or before.prompt_hash != self.best.prompt_hash:
            self.tell(events.Improved(selection=self.best))

    def _chosen(self, order: Sequence[str]) -> Selection:
        return choose([self.runs[name] for name in order], self.probe.criteria, price=self.ask.price, clusters=together(self.dev))

    async def _halve(self, rivals: Sequence[PromptVersion]) -> None:
        total = rungs(len(self.dev), len(rivals))[0]
        left = {prompt.hash: prompt for prompt in rivals}
        while left:
            front = self.dev[:total]
            runs = [self.runs[name] if total == len(self.dev) else _front(self.runs[name], front) for name in self.bars]
            runs += [await self.probe(prompt, front) for prompt in left.values()]
            self.tell(events.RungDone(total=total, table=standings(runs, self.probe.criteria)))
            after = narrow(runs, self.probe.criteria, len(self.dev), always=self.bars, price=self.ask.price)
            for name, reason in after.dropped.items():
                self.dropped[name] = reason
                self.tell(events.Dropped(prompt=left.pop(name), reason=reason))
            if after.total == total:
                break
            total = after.total
        await self._measure(list(left.values()))

    def _good_enough(self) -> str | None:
        """Why there is nothing left to improve, or None: the best candidate is not worse than the source by every metric."""
        compared = self._compared()
        if not compared or any(found.verdict not in {Verdict.BETTER, Verdict.NOT_WORSE} for found in compared):
            return None
        label = self.best.label if self.best else ""
        return f"{label} is not worse than the source on {len(self.dev)} dev samples, so nothing dearer was tried."

    def _compared(self) -> list[Comparison]:
        if self.source_run is None or self.best is None:
            return []
        found = compare(self.dev, self.source_run, self.runs[self.best.prompt_hash], self.probe.criteria)
        return [comparison for comparison in found if comparison.primary]

    async def _improve(self) -> str:
        start = next(c.prompt for c in self.candidates if self.best and c.prompt.hash == self.best.prompt_hash)
        ask = replace(self.ask, start=start, measure=self._within_reserve())
        if (reason := self._close_enough() or why_not(ask)) is not None:
            self.tell(events.LeftOut(reason=reason))
            return reason
        found = await evolve(ask, Gepa().name, self.dev)
        for candidate in found.refused:
            self.tell(events.Refused(candidate=candidate))
        known = {c.prompt.hash for c in self.candidates}
        fresh = [prompt for prompt in found.found if prompt.hash not in known]
        self.candidates += [*found.refused, *(Candidate(target=self.ask.target, prompt=prompt) for prompt in fresh)]
        await self._measure(fresh[:FOUND])
        return found.ended

    def _within_reserve(self) -> Probe:
        rest = len(self.dev) - len(slices(self.dev)[0])
        return self.probe.leaving(RESCORED * max(0, rest))

    def _close_enough(self) -> str | None:
        """Why the gap that is left is not worth GEPA's calls, or None."""
        margins = {choice.metric: choice.margin for choice in self.probe.criteria.primary}
        compared = self._compared()
        gaps = [(found.metric, -(found.difference or 0.0)) for found in compared if found.difference is not None]
        if not compared and self.best:
            gaps = [(name, 1 - sum(of.values()) / len(of)) for row in self.best.table for name, of in row.scores.items()
                    if row.prompt_hash == self.best.prompt_hash and of]  # fmt: skip
        if not gaps or any(gap > margins[name] for name, gap in gaps):
            return None
        against = "the source" if compared else "the highest score there is"
        return f"GEPA was left out: on dev the best candidate is within the margin of {against}, so there is no gap to close."


def _front(run: RunResult, samples: Sequence[Sample]) -> RunResult:
    """The part of a run over all of dev that covers `samples`."""
    wanted = {sample.id for sample in samples}
    return replace(
        run,
        outputs=tuple(output for output in run.outputs if output.sample_id in wanted),
        scores=tuple(score for score in run.scores if score.sample_id in wanted),
        input_hashes={name: found for name, found in run.input_hashes.items() if name in wanted},
    )
