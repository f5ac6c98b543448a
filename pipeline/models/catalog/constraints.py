"""What a person needs of a model, and the reason why one does not give it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.models.catalog.benchmarks import Citation
from pipeline.models.catalog.layers import ModelFacts
from pipeline.models.catalog.names import REGION, around, geography
from pipeline.models.catalog.retention import NO_RETENTION
from pipeline.models.prices import Price

DEFAULT_MIX = (3.0, 1.0)
LATENCY, TTFT = "latency", "ttft"
"""Names of external figures in seconds: of a whole answer, and until its first token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    """Everything is optional. Windows in tokens, ceilings in USD per million tokens, dates in ISO form.

    `latency_s` (a whole answer) and `ttft_s` (the first token) are ceilings for the external figures LATENCY and TTFT.
    `usd` is a ceiling for input and output together at `mix` (parts of input and output tokens). `where` is an AWS region or a
    geography such as eu. `providers` are who hosts the model, anybody when empty; `today` lets retired models fall out.
    """

    needs: tuple[str, ...] = ()
    context: int | None = None
    max_output: int | None = None
    input_usd: float | None = None
    output_usd: float | None = None
    usd: float | None = None
    latency_s: float | None = None
    ttft_s: float | None = None
    where: str | None = None
    providers: tuple[str, ...] = ("bedrock",)
    families: tuple[str, ...] = ()
    not_families: tuple[str, ...] = ()
    alive_on: str | None = None
    today: str | None = None
    mix: tuple[float, float] = DEFAULT_MIX


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a model falls out: `kind` is what is counted, `sentence` what is told of this one."""

    kind: str
    sentence: str


def blended(price: Price | None, mix: tuple[float, float]) -> float | None:
    """USD per million tokens when a call has so many parts of input and output; None for an unknown price."""
    return None if price is None else (price.input * mix[0] + price.output * mix[1]) / sum(mix)


def reasons(facts: ModelFacts, wanted: Constraints, citations: Sequence[Citation] = ()) -> Iterator[Reason]:
    """Every reason why the model does not fit, what cannot be changed first; none when it fits. `citations` are of this model."""
    yield from _who(facts, wanted)
    yield from _alive(facts, wanted)
    yield from _where(facts, wanted)
    yield from _windows(facts, wanted)
    yield from _features(facts, wanted)
    yield from _pace(wanted, citations)
    yield from _money(facts, wanted)


def _who(facts: ModelFacts, wanted: Constraints) -> Iterator[Reason]:
    if wanted.providers and facts.provider not in wanted.providers:
        yield Reason(kind="another provider", sentence=f"hosted by {facts.provider}, wanted is {' or '.join(wanted.providers)}")
    if wanted.families and facts.family not in wanted.families:
        yield Reason(kind="another family", sentence=f"made by {facts.family}, wanted is {' or '.join(wanted.families)}")
    if facts.family in wanted.not_families:
        yield Reason(kind="an excluded family", sentence=f"made by {facts.family}, which is excluded")


def _alive(facts: ModelFacts, wanted: Constraints) -> Iterator[Reason]:
    if facts.absent:
        yield Reason(kind="not offered there", sentence=f"AWS does not list it in {facts.absent}")
    if facts.on_demand is False:
        ways = ", ".join(f"{each}." for each in facts.profiles) or "none that AWS lists here"
        yield Reason(kind="only through an inference profile", sentence=f"AWS serves it through inference profiles only: {ways}")
    if facts.retires and wanted.today and facts.retires <= wanted.today:
        yield Reason(kind="retired", sentence=f"its end of life was {facts.retires}")
    elif facts.retires and wanted.alive_on and facts.retires < wanted.alive_on:
        yield Reason(kind="retires too soon", sentence=f"its end of life is {facts.retires}, before {wanted.alive_on}")


def _where(facts: ModelFacts, wanted: Constraints) -> Iterator[Reason]:
    if not wanted.where or is_in(facts, wanted.where):
        return
    profile = geography(facts.name)
    if profile:
        anywhere = "anywhere in the world" if profile == "global" else f"in {profile}"
        yield Reason(kind="another region", sentence=f"its inference profile answers {anywhere}, wanted is {wanted.where}")
    else:
        known = f"known are {', '.join(facts.regions)}" if facts.regions else "no region is known"
        yield Reason(kind="not known to be there", sentence=f"not known to be in {wanted.where}: {known}")


def is_in(facts: ModelFacts, where: str) -> bool:
    """Whether the model is known to answer in a region or geography; an inference profile does in all of its own."""
    profile = geography(facts.name)
    if profile == "global":
        return where == "global"
    if REGION.fullmatch(where):
        return profile in around(where) if profile else where in facts.regions
    return profile == where or (not profile and any(where in around(region) for region in facts.regions))


def _windows(facts: ModelFacts, wanted: Constraints) -> Iterator[Reason]:
    for name, has, needed in (
        ("context window", facts.context, wanted.context),
        ("longest answer", facts.max_output, wanted.max_output),
    ):
        if needed and has is None:
            yield Reason(kind=f"{name} unknown", sentence=f"its {name} is unknown")
        elif needed and has is not None and has < needed:
            yield Reason(kind=f"{name} too small", sentence=f"its {name} is {has:,} tokens, wanted are {needed:,}")


def _features(facts: ModelFacts, wanted: Constraints) -> Iterator[Reason]:
    for need in wanted.needs:
        said = facts.takes.get(need)
        if need == NO_RETENTION:
            yield from _keeps(facts, said)
        elif said is None:
            yield Reason(kind=f"{need} unknown", sentence=f"whether it has {need} is unknown")
        elif not said:
            yield Reason(kind=f"no {need}", sentence=f"it has no {need}")


def _keeps(facts: ModelFacts, nothing: bool | None) -> Iterator[Reason]:
    if nothing is None:
        yield Reason(kind="retention unknown", sentence="whether its host keeps prompts is unknown")
    elif not nothing:
        told = facts.told[f"takes {NO_RETENTION}"]
        yield Reason(kind="keeps prompts", sentence=f"its host may keep prompts and answers, as the service comes ({told})")


def _pace(wanted: Constraints, citations: Sequence[Citation]) -> Iterator[Reason]:
    """The latest figure counts. Ferry has none of its own before a run: they come from the operator's file."""
    for name, most in ((LATENCY, wanted.latency_s), (TTFT, wanted.ttft_s)):
        cited = max((each for each in citations if each.name.lower() == name), key=lambda each: each.date, default=None)
        if most is not None and cited is None:
            yield Reason(kind=f"{name} unknown", sentence=f"nobody cites its {name}: give figures with --benchmarks FILE")
        elif most is not None and cited is not None and cited.figure > most:
            yield Reason(kind="too slow", sentence=f"its {name} is {cited.figure:g} s, wanted are {most:g} s ({cited})")


def _money(facts: ModelFacts, wanted: Constraints) -> Iterator[Reason]:
    price, mix = facts.price, f"{wanted.mix[0]:g}:{wanted.mix[1]:g}"
    ceilings = (
        ("input", price.input if price else None, wanted.input_usd),
        ("output", price.output if price else None, wanted.output_usd),
        (f"input and output at {mix}", blended(price, wanted.mix), wanted.usd),
    )
    asked = [(side, has, most) for side, has, most in ceilings if most is not None]
    if asked and price is None:
        yield Reason(kind="price unknown", sentence="its price is unknown")
    for side, has, most in asked:
        if has is not None and most is not None and has > most:
            yield Reason(kind="too dear", sentence=f"{side} costs {has:g} USD per million tokens, at most {most:g} is wanted")
