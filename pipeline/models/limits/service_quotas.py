"""What Service Quotas says an account may ask of Bedrock's models: one listing for all, read by the names of the quotas.

https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html. There is no field for the model, so
the name is matched with the model's id, word by word; where two quotas fit equally well, neither is taken.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.models.catalog.names import base, geography
from pipeline.models.limits.rules import NONE, Limits
from pipeline.models.providers.bedrock import make_client, or_failure
from pipeline.models.settings import ModelSettings
from pipeline.records import Failure

SOURCE = "the account's quota (Service Quotas)"
RIGHT = "servicequotas:ListServiceQuotas"
PAGE = 100
_NAME = re.compile(
    r"(?P<kind>on-demand|cross-region|global cross-region) (?:model inference|invokemodel) (?P<unit>requests|tokens) per minute"
    r" for (?P<model>.+)",
    re.IGNORECASE,
)
_UNSAID = frozenset({"ai"})  # in a maker's name, not in its id
_DATE = re.compile(r"\b20\d{6}\b")
_FIRST = re.compile(r"\bv1\b")
_WORD = re.compile(r"[a-z]+|\d+")


@dataclass(frozen=True, slots=True)
class Quota:
    """One quota of the listing: `kind` as in its name, small; `words` of the model's name."""

    kind: str
    unit: str
    words: tuple[str, ...]
    per_minute: float


def words(name: str) -> tuple[str, ...]:
    """What a model's id and its name in a quota have in common, sorted: "llama3-3-70b" and "Llama 3.3 70B" both have 3 twice."""
    plain = _FIRST.sub(" ", _DATE.sub(" ", name.lower().partition(":")[0]))
    return tuple(sorted(word for word in _WORD.findall(plain) if word not in _UNSAID))


def read_quota(name: str, value: float) -> Quota | None:
    """None for a quota of something else, and for one of nothing: such a model cannot be called, and the provider says so."""
    found = _NAME.fullmatch(" ".join(name.split()))
    if found is None or value <= 0:
        return None
    return Quota(found["kind"].lower(), found["unit"].lower(), words(found["model"]), value)


def limits_of(ref: str, quotas: Iterable[Quota]) -> Limits:
    """Of the model id or inference profile in `ref`; NONE where no quota, or more than one, fits it."""
    name = ref.partition(":")[2].strip().lower()
    kind = {None: "on-demand", "global": "global cross-region"}.get(geography(name), "cross-region")
    wanted = _model_words(base(name))
    found: dict[str, list[float]] = {"requests": [], "tokens": []}
    for quota in quotas:
        if quota.kind == kind and quota.words in wanted:
            found[quota.unit].append(quota.per_minute)
    rates = {unit: rates[0] if len(set(rates)) == 1 else None for unit, rates in found.items()}
    if rates == {"requests": None, "tokens": None}:
        return NONE
    return Limits(requests_per_minute=rates["requests"], tokens_per_minute=rates["tokens"], source=SOURCE)


def _model_words(model: str) -> tuple[tuple[str, ...], ...]:
    """The id's words, with and without its maker, which some names leave out."""
    maker, _, rest = model.partition(".")
    name = rest.partition(":")[0].removesuffix("-1")
    return words(f"{maker} {name}"), words(name)


@dataclass(kw_only=True)
class ServiceQuotas:
    """The quotas of the account and region of `settings`, listed once, at the first call of a model on Bedrock.

    `say` is told once why there are none; calls then go without a limit, and only throttles slow them.
    """

    settings: ModelSettings
    say: Callable[[str], None]
    _listed: tuple[Quota, ...] | None = None
    _listing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def __call__(self, ref: str) -> Limits:
        if ref.partition(":")[0].strip().lower() != "bedrock":
            return NONE
        async with self._listing:
            if self._listed is None:
                self._listed = await self._list()
        return limits_of(ref, self._listed)

    async def _list(self) -> tuple[Quota, ...]:
        listed = await asyncio.to_thread(or_failure, self._asked, self.settings)
        if not isinstance(listed, Failure):
            return listed
        self.say(f"{listed.kind}: quotas are not known, so only throttles slow the calls; {RIGHT} lets Ferry read them")
        return ()

    def _asked(self) -> tuple[Quota, ...]:
        client = make_client("service-quotas", self.settings)
        try:
            pages = client.get_paginator("list_service_quotas").paginate(
                ServiceCode="bedrock", PaginationConfig={"PageSize": PAGE}
            )
            return tuple(quota for page in pages for each in page["Quotas"] if (quota := _quota(each)) is not None)
        finally:
            client.close()


def _quota(said: Mapping[str, object]) -> Quota | None:
    value = said.get("Value")
    return read_quota(str(said.get("QuotaName", "")), float(value)) if isinstance(value, int | float) else None
