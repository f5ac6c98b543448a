"""Measures a prompt on samples: answers by `pipeline.run`, scores by the metrics that decide, nothing asked or paid for twice."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from pipeline.errors import PermanentError, TemporaryError
from pipeline.hashing import content_hash
from pipeline.metrics.judge.port import Bench
from pipeline.metrics.registry import code_metrics, judged_metrics
from pipeline.metrics.scoring import score_judged, score_with
from pipeline.models.failures import KINDS
from pipeline.models.lanes import has_lane
from pipeline.prompts.search.journal import Journal
from pipeline.prompts.search.meter import Call, Meter
from pipeline.prompts.template import render
from pipeline.records import (
    Criteria,
    Lane,
    Model,
    Output,
    PromptVersion,
    Request,
    RunKey,
    RunResult,
    Sample,
    Score,
    Spent,
    Split,
    Usage,
)
from pipeline.run import answer

SETTINGS = frozenset(
    {"no_credit", "daily_quota", "access", "model_not_enabled", "needs_inference_profile", "unknown_model", "unknown", "budget"}
)
"""Failures that say nothing of the prompt: a person has to see to them before the search can go on."""
JUDGE_AWAY = frozenset({"throttled", "transient", "timeout", "access", "failed", "budget"})
"""Kinds of a judge's failures that say nothing of the answer; a ruling that cannot be read is an unscored cell."""


@dataclass(frozen=True, slots=True)
class Paid:
    """A model whose answers are kept in a journal and counted by a meter; what is kept is not asked again.

    `asked` is the hash of the prompt version that is being measured, or empty: then every request stands for itself. A failure
    of the provider is raised, as TemporaryError or PermanentError, and is neither kept nor taken for the prompt's.
    """

    model: Model
    journal: Journal
    meter: Meter
    asked: str = ""

    @property
    def ref(self) -> str:
        return self.model.ref

    @property
    def concurrency(self) -> int:
        return self.model.concurrency

    async def answer(self, request: Request) -> Output:
        call = self.call(request)
        known = await self.journal.get(call)
        if known is None:
            if not self.asked:
                self.meter.admit(self.ref, {call: request})
            known = await self.model.answer(request)
            if not _provider_failed(known):
                await self.journal.keep(call, known)
        self.meter.count(call, known, request)
        if _provider_failed(known):
            raise _raised(self.ref, known)
        return known

    async def close(self) -> None:
        await self.model.close()

    def call(self, request: Request) -> Call:
        return Call(model=self.ref, asked=self.asked or content_hash(request), sample_id=request.sample_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a search measures prompts with. A batch that does not fit the budget raises SpentError before its first call.

    `leave` calls stay free after each batch. `bench` is for criteria that a judge decides; `source_outputs` are what the source
    answered, for metrics that compare with it.
    """

    model: Model
    criteria: Criteria
    journal: Journal
    meter: Meter
    bench: Bench | None = None
    in_flight: int | None = None
    leave: int = 0
    source_outputs: tuple[Output, ...] = ()

    async def __call__(self, prompt: PromptVersion, samples: Sequence[Sample], split: Split = Split.DEV) -> RunResult:
        """The run of `prompt` over `samples`, in their order, with the scores that decide on dev (all of them on test).

        Raises SpentError, TemporaryError or PermanentError; what was answered until then is kept.
        """
        paid = Paid(self.model, self.journal, self.meter, prompt.hash)
        if not self.model.ref.startswith("recorded:"):
            requests = [render(prompt, sample) for sample in samples]
            asked, judged = {paid.call(request): request for request in requests}, bool(judged_metrics(self.criteria, split))
            self.meter.admit(self.model.ref, asked, leave=self.leave, judged=judged)
        found: dict[str, Output] = {}
        lane = Lane.BULK if has_lane(self.model.ref) else Lane.NONE
        async with aclosing(answer(paid, prompt, samples, in_flight=self.in_flight, lane=lane)) as outputs:
            async for output in outputs:
                found[output.sample_id] = output
        ordered = tuple(found[sample.id] for sample in samples)
        return RunResult(
            key=RunKey(model=self.model.ref, prompt_hash=prompt.hash, split=split, purpose="search"),
            label=prompt.method,
            outputs=ordered,
            scores=await self._scores(prompt.hash, samples, ordered, split),
            input_hashes={sample.id: sample.input_hash for sample in samples},
        )

    def leaving(self, calls: int) -> "Probe":
        """The same probe, which leaves so many calls free after each batch."""
        return replace(self, leave=calls)

    async def _scores(self, asked: str, samples: Sequence[Sample], outputs: Sequence[Output], split: Split) -> tuple[Score, ...]:
        primary = {choice.metric for choice in self.criteria.primary}
        code = [m for m in code_metrics(self.criteria) if split is Split.TEST or m.name in primary]
        found = list(score_with(samples, outputs, code))
        judged = judged_metrics(self.criteria, split)
        if judged and self.bench is not None:
            wanted = {sample.id for sample in samples}
            before = [output for output in self.source_outputs if output.sample_id in wanted]
            async with aclosing(score_judged(samples, outputs, judged, self.bench, source_outputs=before)) as scores:
                ruled = [score async for score in scores if await self._counted(asked, score)]
            _check_judge(ruled)
            found += sorted(ruled, key=lambda score: (score.sample_id, score.metric))
        return tuple(found)

    async def _counted(self, asked: str, score: Score) -> bool:
        """What the judge was paid for a cell is kept beside the answers: a ruling that comes from its cache says no more of it.

        An output for each time it was paid, whose attempts are the judge's calls: one that could not be read is asked for again.
        Always True.
        """
        judge, spent = self.criteria.judge, score.spent or Spent()
        cell = Call(model=judge.model if judge else "", asked=f"{asked}:{score.metric}", sample_id=score.sample_id)
        if not spent.calls and self.meter.counted(cell):
            return True
        times = 1
        while (known := await self.journal.get(cell)) is not None:
            self._charge(cell, known)
            times += 1
            cell = replace(cell, asked=f"{asked}:{score.metric}:{times}")
        if spent.calls:
            tokens = Usage(input_tokens=spent.input_tokens, output_tokens=spent.output_tokens)
            paid = Output(sample_id=score.sample_id, text=None, usage=tokens, attempts=spent.calls)
            await self.journal.keep(cell, paid)
            self._charge(cell, paid)
        return True

    def _charge(self, cell: Call, paid: Output) -> None:
        used = paid.usage or Usage(input_tokens=0, output_tokens=0)
        self.meter.judged(cell, Spent(calls=paid.attempts, input_tokens=used.input_tokens, output_tokens=used.output_tokens))


def _provider_failed(output: Output) -> bool:
    return output.failure is not None and (KINDS[output.failure.kind].retry or output.failure.kind in SETTINGS)


def _raised(ref: str, output: Output) -> TemporaryError | PermanentError:
    said = output.failure.message if output.failure else ""
    passing = output.failure is not None and KINDS[output.failure.kind].retry
    return (TemporaryError if passing else PermanentError)(f"{ref} could not be asked: {said}")


def _check_judge(scores: Sequence[Score]) -> None:
    """A judge that is away would make every prompt look bad. Raises TemporaryError; what was ruled is kept by its own cache."""
    for score in scores:
        kind, _, said = (score.unscored or "").removeprefix("judge ").partition(": ")
        if score.unscored and score.unscored.startswith("judge ") and kind in JUDGE_AWAY:
            raise TemporaryError(f"The judge could not be asked ({kind}): {said}")
