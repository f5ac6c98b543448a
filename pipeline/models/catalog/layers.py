"""What is known of a model: the operator's file before live AWS before the snapshot, each value with where it comes from.

A value no layer gives stays None or missing: unknown is said, never guessed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.models.catalog.names import base, geography, maker, split
from pipeline.models.catalog.retention import NO_RETENTION, retention
from pipeline.models.catalog.snapshot import Listed, snapshot
from pipeline.models.prices import Price, Prices, differences, price, read_facts, read_overrides, second_opinion
from pipeline.models.prices.overrides import OPERATOR, GivenFacts

if TYPE_CHECKING:
    from pipeline.models.catalog.live import Live


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Where a value comes from, and when that was so (an ISO date, or empty)."""

    source: str
    date: str = ""

    def __str__(self) -> str:
        return f"{self.source}, {self.date}" if self.date else self.source


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """A model with all that is known. `told` is by field name, features as `takes image`; windows in tokens.

    `profiles` are the geographies of its inference profiles. `on_demand` is False when AWS serves it through profiles only,
    `absent` says where AWS does not offer it.
    """

    ref: str
    provider: str
    name: str
    family: str
    context: int | None = None
    max_output: int | None = None
    takes: Mapping[str, bool] = field(default_factory=dict)
    retires: str | None = None
    regions: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    on_demand: bool | None = None
    legacy: bool | None = None
    absent: str = ""
    price: Price | None = None
    told: Mapping[str, Told] = field(default_factory=dict)
    disagreements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The layers, the first one first: `facts` of the operator by reference, `live` AWS if it was asked, the snapshot."""

    facts: Mapping[str, GivenFacts] = field(default_factory=dict)
    prices: Prices = field(default_factory=Prices)
    live: "Live | None" = None

    def of(self, ref: str) -> ModelFacts | None:
        """What is known of `ref`; None when no layer knows the model. A recorded source is looked up by its name."""
        provider, name = split(ref)
        layers = list(self._layers(ref, provider, name))
        if not layers:
            return None
        live = self.live.models.get(name) if self.live and provider == "bedrock" else None
        merged, told = _merged([*layers, *_kept(provider, name)])
        return ModelFacts(
            ref=ref,
            provider=provider,
            name=name,
            family=maker(provider, name),
            context=merged.context,
            max_output=merged.max_output,
            takes=merged.takes,
            retires=merged.retires,
            regions=merged.regions,
            profiles=self._profiles(provider, name),
            on_demand=live.on_demand if live else None,
            legacy=live.legacy if live else None,
            absent=self.live.region if self.live and provider == "bedrock" and live is None else "",
            price=self._price(ref),
            told=told,
            disagreements=self._disagreements(ref),
        )

    def all(self) -> tuple[ModelFacts, ...]:
        """Every model that can be named, in the order of their references: of the operator, of AWS, of the snapshot."""
        listed = [f"{provider}:{name}" for provider, name in snapshot().models]
        live = [f"bedrock:{name}" for name in self.live.models] if self.live else []
        refs = {ref.lower(): ref for ref in (*listed, *live, *self.facts)}
        return tuple(found for _, ref in sorted(refs.items()) if (found := self.of(ref)))

    def _layers(self, ref: str, provider: str, name: str) -> Iterator[tuple[Listed, Told]]:
        own = self.facts.get(ref)
        if own:
            told = Told(source=own.source or OPERATOR, date=own.date)
            yield Listed(**own.model_dump(exclude={"takes", "lacks", "source", "date"}), takes=own.features), told
        live = self.live.models.get(name) if self.live and provider == "bedrock" else None
        if self.live and live:
            yield live.listed, Told(source=f"AWS in {self.live.region}", date=self.live.date)
        whole = snapshot()
        found = whole.models.get((provider, name)) if provider != "recorded" else _by_name(name)
        if found:
            yield found, Told(source=whole.source, date=whole.date)

    def _profiles(self, provider: str, name: str) -> tuple[str, ...]:
        if provider != "bedrock":
            return ()
        if self.live:
            return self.live.profiles(base(name))
        return _snapshot_profiles(base(name))

    def _price(self, ref: str) -> Price | None:
        try:
            return self.prices.of(ref)
        except InputError:
            return None

    def _disagreements(self, ref: str) -> tuple[str, ...]:
        own = self.prices.overrides.get(ref)
        try:
            listed = price(ref)
        except InputError:
            return ()
        if own is None or not listed.charged:
            return ()
        theirs = f"{listed.source}, {listed.date}"
        return differences((own.input, own.output), own.source or OPERATOR, (listed.input, listed.output), theirs)


def checked(facts: ModelFacts) -> ModelFacts:
    """`facts` with what a second source says of the list price too: asked for the models that are shown, not for all."""
    said = second_opinion(facts.price) if facts.price else ()
    return replace(facts, disagreements=(*facts.disagreements, *said))


def read_catalog(path: Path | None, live: "Live | None" = None) -> Catalog:
    """The layers with the operator's file at `path`, if there is one. Raises InputError for a file that is not as it must be."""
    return Catalog(facts=read_facts(path), prices=Prices(overrides=read_overrides(path)), live=live)


def _kept(provider: str, name: str) -> Iterator[tuple[Listed, Told]]:
    """What the host says of keeping prompts, as the last layer."""
    said = retention(provider, name)
    if said:
        yield Listed(takes={NO_RETENTION: said.nothing}), Told(source=said.source, date=said.date)


def _by_name(name: str) -> Listed | None:
    return next((listed for (_, known), listed in snapshot().models.items() if known == name), None)


def _snapshot_profiles(model: str) -> tuple[str, ...]:
    names = (name for provider, name in snapshot().models if provider == "bedrock" and base(name) == model)
    return tuple(sorted(found for name in names if (found := geography(name))))


def _merged(layers: list[tuple[Listed, Told]]) -> tuple[Listed, Mapping[str, Told]]:
    """Value by value, the first layer that gives one."""
    merged, told = Listed(), dict[str, Told]()
    for listed, where in layers:
        for name in ("context", "max_output", "retires", "regions"):
            if getattr(listed, name) and not getattr(merged, name):
                merged = replace(merged, **{name: getattr(listed, name)})
                told[name] = where
        new = {feature: said for feature, said in listed.takes.items() if feature not in merged.takes}
        merged = replace(merged, takes={**merged.takes, **new})
        told.update({f"takes {feature}": where for feature in new})
    return merged, told
