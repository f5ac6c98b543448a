"""What a judged metric is, and what all of them share: rules before the judge, a deadline, an error instead of a guess."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pipeline.metrics.code.form import refuses
from pipeline.metrics.judge.port import Bench, JudgeError, Tab
from pipeline.metrics.metric import EMPTY, NO_SOURCE, Answer, Measure, Metric, as_score
from pipeline.records import Output, Sample, Score

REFUSED = "refusal: the answer declines instead of answering"

Ask = Callable[[Answer, Bench, Tab], Awaitable[Measure]]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedMetric(Metric):
    """A metric that needs a judge. `ask` may raise JudgeError; it sees answers that exist and that no rule has scored.

    `library` names whose metric it is ("ferry", "ragas 0.4.3"). `calls`, `input_tokens`, `output_tokens` are what one cell takes
    on texts of ordinary length, for estimates before anything is spent. `empty_is` and `refusal_is` are the scores of an empty
    answer and of a refusal, found by rule (None: `ask` sees them).
    """

    ask: Ask
    library: str = "ferry"
    calls: int = 1
    input_tokens: int = 800
    output_tokens: int = 200
    empty_is: float | None = 0.0
    refusal_is: float | None = 0.0

    async def score(self, sample: Sample, output: Output, bench: Bench, source: Output | None = None) -> Score:
        """A value or the reason there is none. Never raises for anything a judge does or fails to do."""
        problem = self.unscorable(sample, output) or self._without_source(source)
        if problem:
            return Score(sample_id=sample.id, metric=self.name, value=None, unscored=problem)
        answer = Answer(
            sample=sample, text=output.text or "", stop_reason=output.stop_reason, source_text=source.text if source else None
        )
        if (found := self._by_rule(answer)) is not None:
            return as_score(self, output, found)
        tab = Tab()
        try:
            async with asyncio.timeout(bench.deadline_s) as tab.limit:
                return as_score(self, output, await self.ask(answer, bench, tab), tab.spent())
        except JudgeError as error:
            return self._unscored(sample, error.kind, error.message, tab)
        except TimeoutError:
            return self._unscored(sample, "timeout", f"no score within {bench.deadline_s:g} s", tab)

    def _by_rule(self, answer: Answer) -> Measure | None:
        if not answer.text.strip():
            return None if self.empty_is is None else Measure(value=self.empty_is, reason=EMPTY)
        if self.refusal_is is None or not refuses(answer.text):
            return None
        return Measure(value=self.refusal_is, reason=REFUSED)

    def _without_source(self, source: Output | None) -> str | None:
        return NO_SOURCE if self.needs_source and (source is None or source.text is None) else None

    def _unscored(self, sample: Sample, kind: str, message: str, tab: Tab) -> Score:
        return Score(sample_id=sample.id, metric=self.name, value=None, unscored=f"judge {kind}: {message}", spent=tab.spent())
