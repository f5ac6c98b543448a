"""A shortlist of models: those that fit, the cheapest first, and why each other one fell out."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.errors import InputError
from pipeline.models.catalog.benchmarks import Citation
from pipeline.models.catalog.constraints import Constraints, Reason, blended, reasons
from pipeline.models.catalog.layers import ModelFacts, checked
from pipeline.models.catalog.names import base, split


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A model that fits. `usd` is per million tokens at the mix, None when unknown.

    `also` are other references to the same model that fit as well: its other inference profiles, which cost the same or more.
    """

    facts: ModelFacts
    usd: float | None
    also: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallen:
    """A model that does not fit, with every reason; the first one is counted."""

    ref: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortlist:
    """`counts` are models by their first reason, the most frequent first. `rank_by` is a benchmark if that was asked for."""

    constraints: Constraints
    ranked: tuple[Ranked, ...]
    fallen: tuple[Fallen, ...]
    counts: tuple[tuple[str, int], ...]
    rank_by: str = ""


def shortlist(
    models: Iterable[ModelFacts], wanted: Constraints, citations: Sequence[Citation] = (), rank_by: str = ""
) -> Shortlist:
    """Models that fit `wanted`, cheapest first at its mix, unknown prices last.

    External figures stand beside and never rank, unless `rank_by` names one: then the highest figure is first. Raises InputError
    when nobody cites that one.
    """
    if rank_by and rank_by not in {cited.name for cited in citations}:
        known = ", ".join(dict.fromkeys(cited.name for cited in citations)) or "none"
        raise InputError(f'No figure called "{rank_by}" is cited. Cited are: {known}. Give a file with it (--benchmarks FILE).')
    fits, fallen = [], []
    for facts in models:
        against = tuple(reasons(facts, wanted, [cited for cited in citations if cites(cited, facts)]))
        if against:
            fallen.append(Fallen(ref=facts.ref, reasons=against))
        else:
            fits.append(facts)
    ranked = sorted(_once(fits, wanted, citations), key=lambda each: _place(each, rank_by))
    counts = Counter(each.reasons[0].kind for each in fallen)
    return Shortlist(
        constraints=wanted, ranked=tuple(ranked), fallen=tuple(fallen), counts=tuple(counts.most_common()), rank_by=rank_by
    )


def _once(fits: Sequence[ModelFacts], wanted: Constraints, citations: Sequence[Citation]) -> Iterable[Ranked]:
    """Each model once, by its cheapest reference; a plain model id before its profiles where they cost the same."""
    together: dict[tuple[str, str], list[ModelFacts]] = {}
    for facts in fits:
        together.setdefault((facts.provider, base(facts.name)), []).append(facts)
    for same in together.values():
        first, *others = sorted(same, key=lambda facts: (_usd_key(blended(facts.price, wanted.mix)), len(facts.name), facts.ref))
        yield Ranked(
            facts=checked(first),
            usd=blended(first.price, wanted.mix),
            also=tuple(facts.ref for facts in others),
            citations=tuple(cited for cited in citations if cites(cited, first)),
        )


def cites(cited: Citation, facts: ModelFacts) -> bool:
    """Whether a figure is of this model: named by reference, by name, or as the model behind an inference profile."""
    named = cited.model.strip().lower()
    return named in {facts.ref.lower(), facts.name, base(facts.name)} or base(split(named)[1]) == base(facts.name)


def _usd_key(usd: float | None) -> tuple[bool, float]:
    return usd is None, usd or 0.0


def _place(ranked: Ranked, rank_by: str) -> tuple[bool, float, bool, float, str]:
    figures = [cited.figure for cited in ranked.citations if rank_by and cited.name == rank_by]
    return bool(rank_by and not figures), -max(figures, default=0.0), *_usd_key(ranked.usd), ranked.facts.ref
