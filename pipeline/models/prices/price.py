"""The price of a model reference: the operator's before the snapshot's; what runs here is not charged; unknown is an error."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.errors import InputError
from pipeline.hashing import OMIT_DEFAULT, content_hash
from pipeline.models.address import split_address
from pipeline.models.prices.snapshot import Entry, catalogued
from pipeline.records import Usage

UNCHARGED = frozenset({"local", "scripted"})
"""Providers that run on this machine: nobody sends a bill for a call."""

_SELLERS = {
    None: "openai",
    "https://api.openai.com/v1": "openai",
    "https://api.mistral.ai/v1": "mistral",
    "https://api.anthropic.com/v1": "anthropic",
    "https://generativelanguage.googleapis.com/v1beta/openai": "google",
}
"""Whose list prices hold at an address that speaks like OpenAI; what another server charges only the operator knows."""

MILLION, ID_DIGITS = 1_000_000, 12
ON_DEMAND = "default"
TIERS = (ON_DEMAND, "flex", "priority", "batch")
"""Service tiers as Bedrock names them (Converse, `serviceTier`), and batch inference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """USD per million tokens of `ref`, priced as `model`, with source and date; all 0 and no source when it is not `charged`."""

    ref: str
    model: str
    input: float
    output: float
    cache_read: float | None = None
    cache_write: float | None = None
    batch_input: float | None = None
    batch_output: float | None = None
    source: str = ""
    date: str = ""
    charged: bool = True
    flex_input: float | None = field(default=None, metadata=OMIT_DEFAULT)
    flex_output: float | None = field(default=None, metadata=OMIT_DEFAULT)
    priority_input: float | None = field(default=None, metadata=OMIT_DEFAULT)
    priority_output: float | None = field(default=None, metadata=OMIT_DEFAULT)

    def of(self, usage: Usage, tier: str = ON_DEMAND) -> float:
        """USD of these tokens: input at the input price, output at the output price, what the cache had or took at its own.

        `tier` is one of TIERS, as the service says which it used. Where no price of reading the cache is known, nothing is taken
        off; raises InputError that names the model for a tier, or for writing the cache, whose price is unknown.
        """
        paid_in, paid_out = self.tier(tier)
        read, written = usage.cache_read_tokens, usage.cache_write_tokens
        usd = (usage.input_tokens - read - written) * paid_in + usage.output_tokens * paid_out
        if self.charged and read:
            usd += read * self._reading(tier)
        if self.charged and written:
            usd += written * self._writing(tier)
        return usd / MILLION

    @property
    def id(self) -> str:
        """Names the figures that were charged: their date, and a hash over all of them and their source."""
        return f"{self.date or 'undated'}:{content_hash(self)[:ID_DIGITS]}" if self.charged else ""

    def _reading(self, tier: str) -> float:
        """The list gives cache prices on demand only; other tiers take the same share of their input price."""
        share = 1.0 if self.cache_read is None or not self.input else self.cache_read / self.input
        return self.tier(tier)[0] * share

    def _writing(self, tier: str) -> float:
        if self.cache_write is None or not self.input:
            raise InputError(
                f"The price of writing the prompt cache of {self.ref} is unknown. Write it into the price file (FERRY_PRICES, or "
                f'--prices FILE): {{"{self.ref}": {{..., "cache_write": USD per million tokens}}}}.'
            )
        return self.tier(tier)[0] * self.cache_write / self.input

    def per_1000(self, usages: Collection[Usage]) -> float | None:
        """USD of 1,000 calls like these; None without any."""
        return 1_000 * sum(map(self.of, usages)) / len(usages) if usages else None

    def tier(self, name: str) -> tuple[float, float]:
        """USD per million tokens of input and of output in a tier. Raises InputError as `of` does."""
        sides = {
            ON_DEMAND: (self.input, self.output),
            "batch": (self.batch_input, self.batch_output),
            "flex": (self.flex_input, self.flex_output),
            "priority": (self.priority_input, self.priority_output),
        }
        paid_in, paid_out = sides.get(name, (None, None)) if self.charged else (0.0, 0.0)
        if paid_in is None or paid_out is None:
            raise InputError(
                f"The price of {self.ref} in the tier {name} is unknown. Write it into the price file (FERRY_PRICES, or --prices "
                f'FILE): {{"{self.ref}": {{..., "{name}_input": USD per million tokens, "{name}_output": ...}}}}.'
            )
        return paid_in, paid_out


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Where prices come from: the operator's own by reference, then the snapshot."""

    overrides: Mapping[str, Entry] = field(default_factory=dict)

    def of(self, ref: str) -> Price:
        """The price of `ref`. Raises InputError that names the model and how to add its price.

        A recorded source is priced when its name is that of a model in the snapshot, or when the operator says what it was.
        """
        own = self.overrides.get(ref)
        provider, _, name = ref.partition(":")
        if own is not None:
            return _price(ref, own)
        if provider in UNCHARGED:
            return Price(ref=ref, model=name, input=0.0, output=0.0, source="runs on this machine: not charged", charged=False)
        model, address = split_address(name) if provider == "openai" else (name, None)
        found = catalogued(model)
        seller = {"bedrock": "bedrock", "openai": _SELLERS.get(address, "unknown")}.get(provider)
        if found is None or (seller is not None and found.provider != seller):
            raise InputError(
                f"The price of {ref} is unknown. Write it into the price file (FERRY_PRICES, or --prices FILE): "
                f'{{"{ref}": {{"input": USD per million tokens, "output": ...}}}}, or {{"same_as": "a model of the price list"}}.'
            )
        return _price(ref, found)


def money(usd: float) -> str:
    """USD with cents, or with as many digits as a small sum needs."""
    return f"{usd:,.2f} USD" if usd >= 0.0995 or usd == 0 else f"{usd:.2g} USD"


def price(ref: str, prices: Prices | None = None) -> Price:
    """As `Prices.of`, with the snapshot alone when no prices are given."""
    return (prices or Prices()).of(ref)


def known(refs: Iterable[str], prices: Prices | None = None) -> Mapping[str, Price]:
    """The prices that are known, by reference; a report prints the others as unknown."""
    found = {}
    for ref in dict.fromkeys(refs):
        try:
            found[ref] = price(ref, prices)
        except InputError:
            continue
    return found


def _price(ref: str, entry: Entry) -> Price:
    return Price(
        ref=ref,
        model=entry.model,
        input=entry.input,
        output=entry.output,
        cache_read=entry.cache_read,
        cache_write=entry.cache_write,
        batch_input=entry.batch_input,
        batch_output=entry.batch_output,
        flex_input=entry.flex_input,
        flex_output=entry.flex_output,
        priority_input=entry.priority_input,
        priority_output=entry.priority_output,
        source=entry.source,
        date=entry.date,
    )
