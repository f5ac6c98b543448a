"""The budget of a search in calls and money: a batch is admitted as a whole or not at all, and every call counts once."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.attachments.estimate import tokens
from pipeline.errors import FerryError, InputError
from pipeline.models.prices import Price, Prices
from pipeline.prompts.contract import CHARACTERS_PER_TOKEN
from pipeline.records import Output, Request, Spent, Usage

CHARGED = frozenset({"timeout", "guardrail", "malformed", "truncated_stream"})
"""Failures of calls a model had begun to answer: without a count of tokens they are charged as expected."""


class SpentError(FerryError):
    """The next batch does not fit into what is left of the budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What was asked of whom: `asked` is the hash of the prompt version, or of the whole request where no version is asked."""

    model: str
    asked: str
    sample_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What a search has used so far: calls (failed ones too) and USD, of the most it may; None where there is no such cap."""

    calls: int = 0
    usd: float = 0.0
    most_calls: int | None = None
    most_usd: float | None = None


def nothing(_used: Used) -> None:
    """Nobody listens."""


@dataclass(slots=True, kw_only=True)
class Meter:
    """Counts what is used and says no before the cap is passed.

    Calls never pass `most_calls`. Money is known after a call only: a batch is admitted by what such calls have cost so far, at
    first by what is `planned` for one of the model, else by its longest answer; so `most_usd` can be passed by one batch at most.
    `kept_usd` of it is set aside for what comes after. `heard` is told after every call.
    """

    most_calls: int | None = None
    most_usd: float | None = None
    kept_usd: float = 0.0
    prices: Mapping[str, Price] = field(default_factory=dict)
    planned: Mapping[str, float] = field(default_factory=dict)
    heard: Callable[[Used], None] = nothing
    _calls: int = 0
    _usd: float = 0.0
    _seen: set[Call] = field(default_factory=set)
    _of_model: dict[str, tuple[int, float]] = field(default_factory=dict)
    _of_judges: tuple[int, float] = (0, 0.0)

    @property
    def used(self) -> Used:
        return Used(calls=self._calls, usd=self._usd, most_calls=self.most_calls, most_usd=self.most_usd)

    def counted(self, call: Call) -> bool:
        """Whether this call has been counted, so that asking for its answer again costs nothing."""
        return call in self._seen

    def admit(self, ref: str, requests: Mapping[Call, Request], *, leave: int = 0, judged: bool = False) -> None:
        """Raises SpentError unless the requests that were not counted yet fit, with `leave` calls of `ref` still free after.

        With `judged` also what a judge of their answers takes.
        """
        new = [request for call, request in requests.items() if call not in self._seen]
        if not new or ref.startswith("recorded:"):
            return
        judging, judged_usd = self._judging(ref, len(new) + leave) if judged else (0, 0.0)
        calls = self._calls + len(new) + leave + judging
        if self.most_calls is not None and calls > self.most_calls:
            raise SpentError(
                f"The budget of {self.most_calls:,} calls is used up: {self._calls:,} were made, the next step takes {len(new):,}"
                + (f" and {judging:,} of the judge's" if judging else "")
                + (f" with {leave:,} kept for the end. " if leave else ". ")
                + "Allow more calls to go on from here; nothing is paid twice."
            )
        expected = sum(self.expected(ref, request) for request in new) * (1 + leave / len(new)) + judged_usd
        if self.most_usd is not None and self._usd + expected > self.most_usd - self.kept_usd:
            kept = f", ${self.kept_usd:,.2f} are kept for the look at test" if self.kept_usd else ""
            raise SpentError(
                f"The budget of ${self.most_usd:,.2f} is used up: ${self._usd:,.2f} were spent{kept}, and the next step may cost "
                f"${expected:,.2f}. Allow more money to go on from here; nothing is paid twice."
            )

    def expected(self, ref: str, request: Request) -> float:
        """USD of one call: the mean of those made of this model, else as planned, else at its longest answer."""
        calls, usd = self._of_model.get(ref, (0, 0.0))
        if calls:
            return usd / calls
        return self.planned[ref] if ref in self.planned else _at_most(self.prices.get(ref), request)

    def judging(self, ref: str) -> float:
        """USD of judges for one answer of `ref`, as those before took."""
        return self._judging(ref, 1)[1]

    def _judging(self, ref: str, answers: int) -> tuple[int, float]:
        """Calls and USD of judges for so many answers of `ref`, as those before took; nothing before the first were judged."""
        made, (calls, usd) = self._of_model.get(ref, (0, 0.0))[0], self._of_judges
        return (math.ceil(calls * answers / made), usd * answers / made) if made else (0, 0.0)

    def count(self, call: Call, output: Output, request: Request) -> None:
        """One answer, also one that was paid for in an earlier life of this search; the second time it costs nothing."""
        if call in self._seen or call.model.startswith("recorded:"):
            return
        usd = _cost(self.prices.get(call.model), output, request)
        self._seen.add(call)
        calls, sofar = self._of_model.get(call.model, (0, 0.0))
        self._of_model[call.model] = calls + 1, sofar + usd
        self._calls, self._usd = self._calls + 1, self._usd + usd
        self.heard(self.used)

    def judged(self, cell: Call, spent: Spent) -> None:
        """What a judge was paid for one cell, also in an earlier life of this search; the second time it costs nothing."""
        if cell in self._seen:
            return
        self._seen.add(cell)
        price, tokens = self.prices.get(cell.model), Usage(input_tokens=spent.input_tokens, output_tokens=spent.output_tokens)
        usd = price.of(tokens) if price else 0.0
        self._of_judges = self._of_judges[0] + spent.calls, self._of_judges[1] + usd
        self._calls, self._usd = self._calls + spent.calls, self._usd + usd
        self.heard(self.used)


def prices_for(refs: Iterable[str], prices: Prices, *, most_usd: float | None) -> Mapping[str, Price]:
    """The prices of `refs` that are known. Raises InputError when one is not and a cap in money is asked for."""
    found: dict[str, Price] = {}
    for ref in dict.fromkeys(ref for ref in refs if ref):
        try:
            found[ref] = prices.of(ref)
        except InputError as error:
            if most_usd is not None and not ref.startswith("recorded:"):
                raise InputError(
                    f"A cap in money cannot be held: {error.message} Or leave the cap out and cap the calls."
                ) from error
    return found


def _at_most(price: Price | None, request: Request) -> float:
    read = sum(len(text) for text in (request.system, *(turn.text for turn in request.turns))) // CHARACTERS_PER_TOKEN
    read += sum(map(tokens, request.attachments))
    return price.of(Usage(input_tokens=read, output_tokens=request.parameters.max_tokens)) if price else 0.0


def _cost(price: Price | None, output: Output, request: Request) -> float:
    if price is None:
        return 0.0
    if output.usage is not None:
        return price.of(output.usage)
    failed = output.failure is not None
    return 0.0 if failed and output.failure and output.failure.kind not in CHARGED else _at_most(price, request)
