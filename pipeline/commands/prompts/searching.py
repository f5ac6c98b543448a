"""What `ferry prompts optimize` does: a plan, the search behind a bar with the budget used, the one look at test."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from pipeline.commands.convert import all_methods, write_all
from pipeline.commands.judging import rulings_beside
from pipeline.commands.prompts.budget import PendingLook, check_look, for_test
from pipeline.metrics.judge.bench import open_bench
from pipeline.metrics.judge.port import Bench
from pipeline.metrics.judge.rulings import FileRulings
from pipeline.metrics.registry import judged_metrics
from pipeline.models import ModelSettings, open_model
from pipeline.models.prices import Price
from pipeline.prompts.cost import usage_of_a_call
from pipeline.prompts.importers import Imported
from pipeline.prompts.importers.candidate import candidate
from pipeline.prompts.methods import METHODS, Ask, candidates
from pipeline.prompts.methods.bedrock_optimize import BedrockOptimize
from pipeline.prompts.methods.rewrite import ALL as CONVERSIONS
from pipeline.prompts.search import events
from pipeline.prompts.search.journal import FileJournal
from pipeline.prompts.search.looks import Looks
from pipeline.prompts.search.loop import BARS, search
from pipeline.prompts.search.meter import Meter, Used
from pipeline.prompts.search.plan import Plan, plan
from pipeline.prompts.search.probe import Paid, Probe
from pipeline.prompts.search.report import SearchReport, build, look
from pipeline.records import Candidate, Criteria, Split

INTERRUPTED = 130
PROPOSED = "candidates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Most:
    """Caps of a search: calls on dev, money, and calls at once; None where there is none."""

    calls: int | None = None
    usd: float | None = None
    in_flight: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Searching:
    """What is to be searched, with what, how far. `key` says which search the journal is of; `writer` is a ref or empty.

    `beside` are other tools' prompts, candidates like Ferry's own. `looks` are those at test so far.
    """

    ask: Ask
    writer: str
    criteria: Criteria
    settings: ModelSettings
    prices: Mapping[str, Price]
    journal: Path
    key: str
    beside: tuple[Imported, ...] = ()
    looks: Looks
    most: Most

    @property
    def asks_source(self) -> bool:
        """Whether the source is called, and not read from the dataset."""
        return bool(self.ask.source) and not self.ask.source.startswith("recorded:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """How a search ended, and its report where there is a winner to report."""

    ended: events.Ended
    report: SearchReport | None


async def planned(searching: Searching) -> Plan:
    """What the search will take at most, from the candidates that cost no call and a place for each that does."""
    conversions = [each.name for each in CONVERSIONS]
    asking = {BedrockOptimize().name, *conversions}
    ask = replace(searching.ask, writer=open_model(searching.writer, settings=searching.settings) if searching.writer else None)
    free = {name: method for name, method in METHODS.items() if name not in asking}
    found = list(await candidates(replace(ask, writer=None), free))
    paid = [method for method in all_methods(searching.settings).values() if method.applies(ask) and method.name in asking]
    found += [replace(found[0], prompt=replace(ask.prompt, method=method.name), refusal=None) for method in paid]
    found += _beside(searching, ask, found)
    bars = sum(one.prompt.method in BARS and one.refusal is None for one in found)
    written = sum(method.name in conversions for method in paid)
    return plan(ask, found, bars, searching.prices, asks_source=searching.asks_source, conversions=written)


async def searched(searching: Searching, ahead: Plan, out: Path | None = None) -> Searched:
    """Searches on dev, writes the candidates to `out`, then looks at test. What is in the journal costs nothing."""
    searching.looks.check_writable()
    with FileJournal(searching.journal, searching.key) as journal:
        async with _opened(searching, journal, ahead) as tools:
            ended = await _search(tools, journal)
            if out:  # what was paid for on dev is there, whatever becomes of the look at test
                write_all(ended.candidates, out)
            if ended.winner is None:
                return Searched(ended=ended, report=None)
            ask = searching.ask
            searching.looks.remember(journal.looked)
            searching.looks.check(ended.winner)
            look = PendingLook(probe=tools.probe, source=tools.source, original=ask.prompt, test=ask.held_out)
            await check_look(searching.most.usd, ended, ended.winner, look)
            searching.looks.note(ended.winner)
            return Searched(ended=ended, report=await _reported(tools, ended))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tools:
    """The models opened, behind journal and meter; `methods` propose what costs a service's call."""

    searching: Searching
    ask: Ask
    probe: Probe
    source: Probe | None
    console: Console = field(default_factory=lambda: Console(stderr=True))


@asynccontextmanager
async def _opened(searching: Searching, journal: FileJournal, ahead: Plan) -> AsyncIterator[_Tools]:
    ask, settings = searching.ask, searching.settings
    most = searching.most.calls or ahead.dev
    price = searching.prices.get(ask.target)
    meter = Meter(
        most_calls=most,
        most_usd=searching.most.usd,
        kept_usd=for_test(searching.most.usd, ahead),
        prices=searching.prices,
        planned={ask.target: price.of(usage_of_a_call(ask.prompt, ask.dev))} if price else {},
    )
    samples = (*ask.dev, *ask.held_out)
    refs = dict.fromkeys(ref for ref in (ask.target, ask.source, searching.writer) if ref)
    models = {ref: open_model(ref, samples=samples, settings=settings) for ref in refs}
    async with _bench(searching) as bench:
        probe = Probe(
            model=models[ask.target],
            criteria=searching.criteria,
            journal=journal,
            meter=meter,
            bench=bench,
            in_flight=searching.most.in_flight,
        )
        source = replace(probe, model=models[ask.source]) if ask.source else None
        writer = Paid(models[searching.writer], journal, meter) if searching.writer else None
        try:
            yield _Tools(searching=searching, ask=replace(ask, writer=writer), probe=probe, source=source)
        finally:
            for model in models.values():
                await model.close()


@asynccontextmanager
async def _bench(searching: Searching) -> AsyncIterator[Bench | None]:
    """The judge of the criteria, where a judged metric decides; its rulings lie beside the journal."""
    criteria = searching.criteria
    if criteria.judge is None or not judged_metrics(criteria, Split.DEV):
        yield None
        return
    with FileRulings(rulings_beside(searching.journal)) as rulings:
        async with open_bench(criteria.judge, rulings, settings=searching.settings) as bench:
            yield bench


async def _search(tools: _Tools, journal: FileJournal) -> events.Ended:
    """Every event as a line above the bar; the journal goes to the disk at the end of each rung."""

    async def propose(ask: Ask) -> Sequence[Candidate]:
        known = journal.proposed(PROPOSED)
        if known is not None:
            return known
        found = list(await candidates(ask, all_methods(tools.searching.settings)))
        found += _beside(tools.searching, ask, found)
        if all(one.prompt.user for one in found):  # a method that failed may do better next time
            journal.keep_proposed(PROPOSED, found)
        return found

    most = tools.probe.meter.most_calls
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[used]}"))
    with Progress(*columns, console=tools.console, transient=True) as progress:
        bar = progress.add_task(tools.ask.target, total=most, used="")
        async with aclosing(search(tools.ask, propose, tools.probe, tools.source)) as stream:
            async for event in stream:
                if isinstance(event, events.BudgetUsed):
                    progress.update(bar, completed=event.used.calls, used=used_words(event.used))
                    continue
                journal.sync()
                if isinstance(event, events.Ended):
                    return event
                progress.console.print(Text(told(event)))
    raise RuntimeError("a search ends with Ended")


def _beside(searching: Searching, ask: Ask, found: Sequence[Candidate]) -> list[Candidate]:
    """Other tools' prompts, guarded like our own; one that a method made too is there already."""
    known = {one.prompt.hash for one in found}
    others = {other.prompt.hash: other for other in (candidate(one, ask) for one in searching.beside)}
    return [other for name, other in others.items() if name not in known]


async def _reported(tools: _Tools, ended: events.Ended) -> SearchReport:
    used, looks = tools.probe.meter.used, tools.searching.looks
    free = Meter(prices=tools.searching.prices)  # the look at test was admitted as a whole
    source = replace(tools.source, meter=free) if tools.source else None
    winner = ended.winner or tools.ask.prompt
    seen = await look(ended, winner, replace(tools.probe, meter=free), tools.ask.held_out, source)
    spent = Used(calls=used.calls + free.used.calls, usd=used.usd + free.used.usd)
    price = tools.searching.prices.get(tools.ask.target)
    told = build(ended, seen, tools.ask.held_out, tools.searching.criteria, used=spent, price=price, looks=len(looks))
    return replace(told, reasons=looks.reasons)


def told(event: events.Event) -> str:
    """One event as a line for people; samples' texts are in none."""
    said = ""
    match event:
        case events.Proposed(candidates=found):
            said = f"{sum(c.refusal is None for c in found)} of {len(found)} candidates pass the guards."
        case events.Refused(candidate=lost):
            said = f"Refused, {lost.prompt.method}: {lost.refusal}"
        case events.RungDone(total=total, table=table):
            said = f"On {total} dev samples: " + ", ".join(f"{row.label} {row.mean or 0.0:.3f}" for row in table)
        case events.Dropped(prompt=prompt, reason=reason):
            said = f"{prompt.method}: {reason}"
        case events.Improved(selection=selection):
            said = f"Best so far: {selection.reason}"
        case events.LeftOut(reason=reason):
            said = reason
    return said


def used_words(used: Used) -> str:
    """Calls and money of the most there may be."""
    calls = f"{used.calls:,}" + (f" of {used.most_calls:,}" if used.most_calls is not None else "") + " calls"
    money = f", ${used.usd:,.4f}" + (f" of ${used.most_usd:,.2f}" if used.most_usd is not None else "")
    return calls + (money if used.usd or used.most_usd is not None else "")
