"""The shortlist in words and cells: the same for the terminal, JSON and Slack."""

from collections.abc import Sequence

from pipeline.models.catalog.constraints import Constraints
from pipeline.models.catalog.layers import ModelFacts
from pipeline.models.catalog.names import geography
from pipeline.models.catalog.retention import NO_RETENTION
from pipeline.models.catalog.shortlist import Ranked, Shortlist
from pipeline.models.catalog.snapshot import LETTERS

UNKNOWN = "unknown"
DISPUTED, DISPUTED_SHOWN = "*", 3  # sources differ on the price
HEAD = ("model", "USD/M", "in", "out", "context", "answer", "has", "end of life", "also as")
"""USD per million tokens at the mix and by side; windows in tokens."""


def cells(ranked: Ranked) -> tuple[str, ...]:
    """A line under HEAD. A question mark follows a feature nobody has told of."""
    facts = ranked.facts
    known = (f"{name}?" if name not in facts.takes else name for name in ("image", "tools", "json schema"))
    has = [name for name in LETTERS if facts.takes.get(name)]
    return (
        facts.ref,
        f"{_usd(ranked.usd)}{DISPUTED if facts.disagreements else ''}",
        _usd(facts.price.input if facts.price else None),
        _usd(facts.price.output if facts.price else None),
        _short(facts.context),
        _short(facts.max_output),
        ", ".join([*has, *(name for name in known if name.endswith("?"))]) or "text only",
        facts.retires or ("legacy" if facts.legacy else "none known"),
        ", ".join(ref.partition(":")[2].partition(".")[0] + "." for ref in ranked.also) or "–",
    )


def _usd(usd: float | None) -> str:
    return UNKNOWN if usd is None else f"{usd:,.4g}"


def _count(tokens: int | None) -> str:
    return UNKNOWN if tokens is None else f"{tokens:,}"


def _short(tokens: int | None) -> str:
    """Rounded down, so that no window looks larger than it is."""
    return _count(tokens) if tokens is None or tokens < 1000 else f"{tokens // 1000:,}k"


def asked(wanted: Constraints) -> str:
    """The constraints as a sentence part."""
    parts = (
        *wanted.needs,
        f"context of {wanted.context:,} tokens" if wanted.context else "",
        f"answers of {wanted.max_output:,} tokens" if wanted.max_output else "",
        *(
            f"{side} at most {usd:g} USD per million"
            for side, usd in (("input", wanted.input_usd), ("output", wanted.output_usd), ("the mix", wanted.usd))
            if usd is not None
        ),
        f"answers within {wanted.latency_s:g} s" if wanted.latency_s is not None else "",
        f"a first token within {wanted.ttft_s:g} s" if wanted.ttft_s is not None else "",
        f"in {wanted.where}" if wanted.where else "",
        f"hosted by {' or '.join(wanted.providers)}" if wanted.providers else "hosted by anybody",
        f"made by {' or '.join(wanted.families)}" if wanted.families else "",
        *(f"not {name}" for name in wanted.not_families),
        f"not retiring before {wanted.alive_on}" if wanted.alive_on else "",
    )
    return ", ".join(part for part in parts if part)


def order(found: Shortlist) -> str:
    """How the list is ranked."""
    mix = found.constraints.mix
    cheapest = f"cheapest first at {mix[0]:g}:{mix[1]:g} input to output tokens, on demand, unknown prices last"
    return (
        f"highest {found.rank_by} first (external figures, not measured by Ferry), then {cheapest}" if found.rank_by else cheapest
    )


def fit(found: Shortlist) -> str:
    """How many models fit, as the beginning of a sentence."""
    count = len(found.ranked)
    return {0: "No model fits", 1: "1 model fits"}.get(count, f"{count} models fit")


def fell_out(found: Shortlist) -> str:
    """How many models fell out for which first reason."""
    counts = ", ".join(f"{count} {kind}" for kind, count in found.counts)
    return f"{len(found.fallen)} fell out, by first reason: {counts}." if found.fallen else "None fell out."


def sources(found: Shortlist) -> tuple[str, ...]:
    """Where the values of the ranked models come from, each source once."""
    facts = [ranked.facts for ranked in found.ranked]
    told = [str(where) for each in facts for where in each.told.values()]
    priced = [f"{each.price.source.split(', from ')[0]}, {each.price.date}" for each in facts if each.price and each.price.source]
    return tuple(dict.fromkeys((*told, *priced)))


def remarks(found: Shortlist) -> tuple[str, ...]:
    """What must be said beside the list: layers that disagree, external figures, what is not known."""
    disputed = [ranked.facts for ranked in found.ranked if ranked.facts.disagreements]
    said = [f"{DISPUTED} {facts.ref}: {each}." for facts in disputed[:DISPUTED_SHOWN] for each in facts.disagreements]
    if len(disputed) > DISPUTED_SHOWN:
        said.append(f"{DISPUTED} So do the prices of {len(disputed) - DISPUTED_SHOWN} more: ferry models --why REF shows each.")
    said += [f"{ranked.facts.ref}: {cited}." for ranked in found.ranked for cited in ranked.citations]
    if any(ranked.facts.provider not in {"bedrock", "local"} for ranked in found.ranked):
        said.append("Ferry calls models on Bedrock and on this machine itself; of others it needs recorded outputs.")
    if found.constraints.where and any(geography(ranked.facts.name) is None for ranked in found.ranked):
        said.append("The price of a plain model id is one for all regions; a region of its own price may be dearer.")
    if any(ranked.facts.provider == "bedrock" for ranked in found.ranked):
        said.append("Whether your account may call a model is not known here: ferry doctor --model REF asks.")
    return tuple(said)


def about(facts: ModelFacts) -> tuple[tuple[str, str, str], ...]:
    """Everything known of one model: what, the value, where it comes from."""
    told = {name: str(where) for name, where in facts.told.items()}
    price = facts.price
    priced = f"{price.source}, {price.date}" if price and price.date else price.source if price else ""
    return (
        ("made by", facts.family, "its name"),
        ("context window", _count(facts.context), told.get("context", "")),
        ("longest answer", _count(facts.max_output), told.get("max_output", "")),
        *((name, _yes(facts.takes.get(name)), told.get(f"takes {name}", "")) for name in (*LETTERS, NO_RETENTION)),
        ("end of life", facts.retires or "none known", told.get("retires", "")),
        ("regions", _listed(facts.regions), told.get("regions", "")),
        ("inference profiles", _listed(tuple(f"{each}." for each in facts.profiles)), ""),
        ("input, USD per million", _usd(price.input if price else None), priced),
        ("output, USD per million", _usd(price.output if price else None), priced),
        *(("prices disagree", each, "") for each in facts.disagreements),
    )


def _yes(said: bool | None) -> str:
    return UNKNOWN if said is None else "yes" if said else "no"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none known"
