"""GEPA's loop on our ground: our calls, scores, guards, budget and words; the library chooses parents and keeps score.

What the library would do otherwise, and why not: rows are known by our ids, since its own numbers mix up the rows to learn from
and those to select by; its cache and its files (pickle) stay off, since the journal knows every answer; a provider's failure ends
the run instead of counting as 0; and its bound on calls is soft, so the meter's rules.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pipeline.errors import FerryError
from pipeline.prompts.guards import check
from pipeline.prompts.port import Ask, Measure
from pipeline.prompts.search.bridge import Bridge, in_thread
from pipeline.prompts.search.meter import SpentError
from pipeline.prompts.search.order import shuffled
from pipeline.prompts.search.reflection import Row, question, read
from pipeline.records import Candidate, Edit, Model, PromptVersion, RunResult, Sample

if TYPE_CHECKING:
    from gepa.core.adapter import EvaluationBatch
    from gepa.core.result import GEPAResult
    from gepa.core.state import GEPAState

SMALLEST_SLICE, LARGEST_SLICE = 30, 50
"""Samples candidates are selected by inside GEPA; the best are measured on all of dev afterwards."""
MINIBATCH = 8
"""Rows the writer sees at once. The parent's answers to them are known already, so many rows cost little and mislead less."""
TRIES = 3  # times the writer may answer before a refused rewriting is given up
FOUND = 3
PATIENCE, MOST_TURNS = 6, 100
_SOURCE = "GEPA, Agrawal et al. 2025, arXiv 2507.19457; the writer's own reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evolved:
    """What GEPA found, the best on its slice first; what the guards refused of it; why it ended."""

    found: tuple[PromptVersion, ...]
    refused: tuple[Candidate, ...]
    ended: str


def slices(dev: Sequence[Sample]) -> tuple[tuple[Sample, ...], tuple[Sample, ...]]:
    """The rows to select by and the rows to learn from: 30 to 50 from the front of the shuffled dev, and all others."""
    ordered = shuffled(dev)
    size = min(LARGEST_SLICE, max(SMALLEST_SLICE, len(ordered) // 2))
    return ordered[:size], ordered[size:]


async def evolve(ask: Ask, name: str, samples: Sequence[Sample] | None = None) -> Evolved:
    """Improves `ask.start` with `ask.writer` by `ask.measure`, the same way every time for the same answers and seed.

    It measures on `samples` of dev (None: all that the start does not show). A budget that is used up ends it well, with what was
    found by then. Raises TemporaryError or PermanentError when a provider fails, FerryError where the ask has no writer or no
    measure.
    """
    if ask.measure is None or ask.writer is None:
        raise FerryError("GEPA needs a model that writes prompts and a way to measure them. Name a writer to use it.")
    start = ask.start or ask.prompt
    selecting, learning = slices([s for s in samples or ask.dev if s.id not in start.shots])
    measure, writer = ask.measure, ask.writer

    def run(bridge: Bridge) -> Evolved:
        adapter = Adapter(ask=ask, start=start, name=name, measure=measure, writer=writer, bridge=bridge)
        return _run(adapter, selecting, learning)

    return await in_thread(run)


@dataclass(slots=True, kw_only=True)
class Adapter:
    """What the library calls from its thread: to measure a candidate, to show what went wrong, to rewrite a part."""

    ask: Ask
    start: PromptVersion
    name: str
    measure: Measure
    writer: Model
    bridge: Bridge
    refused: list[Candidate] = field(default_factory=list)
    propose_new_texts: None = None
    _versions: dict[tuple[tuple[str, str], ...], PromptVersion] = field(default_factory=dict)

    def seed(self) -> dict[str, str]:
        """The parts that may change: user text and, where there is one, system text."""
        texts = {"system": self.start.system, "user": self.start.user}
        parts = {part: text for part, text in texts.items() if text.strip()}
        self._versions[_key(parts)] = self.start
        return parts

    def version(self, candidate: Mapping[str, str]) -> PromptVersion:
        return self._versions[_key(candidate)]

    def evaluate(
        self, batch: list[Sample], candidate: dict[str, str], capture_traces: bool = False
    ) -> "EvaluationBatch[Row, str]":
        """Scores of one candidate on a batch; raises instead of scoring what a provider failed at."""
        from gepa.core.adapter import EvaluationBatch

        prompt = self.version(candidate)
        once = list({sample.id: sample for sample in batch}.values())  # a batch may hold a sample twice, to be full
        rows = rows_of(self.bridge.ask(lambda: self.measure(prompt, once)), batch)
        return EvaluationBatch(
            outputs=[row.answer for row in rows],
            scores=[row.score for row in rows],
            trajectories=list(rows) if capture_traces else None,
        )

    def make_reflective_dataset(
        self, candidate: dict[str, str], eval_batch: "EvaluationBatch[Row, str]", components_to_update: list[str]
    ) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """The rows as they are; the words for the writer are made in `rewrite`."""
        rows = [{"row": row} for row in eval_batch.trajectories or ()]
        return dict.fromkeys(components_to_update, rows)

    def rewrite(
        self,
        candidate: dict[str, str],
        reflective_dataset: Mapping[str, Sequence[Mapping[str, Any]]],
        components_to_update: list[str],
    ) -> dict[str, str]:
        """New texts of the parts that pass every guard; the old texts where the writer gave none that does."""
        texts = dict(candidate)
        for part in components_to_update:
            parent = self.version(texts)
            changed = self._rewritten(parent, part, [row["row"] for row in reflective_dataset[part]])
            if changed is not None:
                texts[part] = getattr(changed, part)
                self._versions.setdefault(_key(texts), changed)
        return {part: texts[part] for part in components_to_update}

    def _rewritten(self, parent: PromptVersion, part: str, rows: Sequence[Row]) -> PromptVersion | None:
        sentences: list[str] = []
        for _ in range(TRIES):
            asked = question(self.ask, parent, part, rows, sentences)
            said = read(self.bridge.ask(partial(self.writer.answer, asked)))
            if said is None:
                sentences.append("There was no text between <prompt> and </prompt>.")
                continue
            edit = Edit(rule=self.name, reason=said.why or "The writer gave no reason.", source=_SOURCE, lossless=False)
            version = replace(parent, **{part: said.text}, method=self.name, parent=parent.hash, edits=(*parent.edits, edit))  # type: ignore[arg-type]
            refusal = check(version, self.ask)
            if refusal is None:
                return version
            sentences.append(refusal)
            self.refused.append(Candidate(target=self.ask.target, prompt=version, refusal=refusal))
        return None


def rows_of(run: RunResult, batch: Sequence[Sample]) -> tuple[Row, ...]:
    """The run as rows in the order of `batch`: the mean of the scores that decide (a missing one is 0), and their reasons."""
    texts = {output.sample_id: output for output in run.outputs}
    scores = {sample.id: [score for score in run.scores if score.sample_id == sample.id] for sample in batch}
    return tuple(
        Row(
            sample=sample,
            answer=texts[sample.id].text or "",
            score=sum(score.value or 0.0 for score in scores[sample.id]) / max(1, len(scores[sample.id])),
            reasons=tuple(said for score in scores[sample.id] if (said := score.unscored or score.reason)),
        )
        for sample in batch
    )


def _run(adapter: Adapter, selecting: Sequence[Sample], learning: Sequence[Sample]) -> Evolved:
    from gepa.api import optimize

    patience = _Patience(adapter)
    try:
        result: GEPAResult[str, str] = optimize(
            seed_candidate=adapter.seed(),
            trainset=_Rows(learning),
            valset=_Rows(selecting),
            adapter=adapter,  # type: ignore[arg-type]
            custom_candidate_proposer=adapter.rewrite,
            reflection_minibatch_size=min(MINIBATCH, len(learning)),
            stop_callbacks=patience,
            callbacks=[patience],  # type: ignore[list-item]
            logger=_Quiet(),
            seed=adapter.ask.seed,
            track_best_outputs=False,
            raise_on_exception=False,  # what was raised is in `bridge.error`; this way the result is not lost with it
        )
    except SpentError as error:
        return Evolved(found=(), refused=tuple(adapter.refused), ended=error.message)
    raised = adapter.bridge.error
    if raised is not None and not isinstance(raised, SpentError):
        raise raised
    first, ranked = result.val_aggregate_scores[0], enumerate(result.val_aggregate_scores)
    better = sorted((-mean, place) for place, mean in ranked if mean > first)
    return Evolved(
        found=tuple(adapter.version(result.candidates[place]) for _, place in better[:FOUND]),
        refused=tuple(adapter.refused),
        ended=raised.message if raised else patience.why,
    )


class _Rows:
    """Samples as the library loads them, by our own ids."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = {sample.id: sample for sample in samples}

    def all_ids(self) -> list[str]:
        return list(self._samples)

    def fetch(self, ids: Sequence[str]) -> list[Sample]:
        return [self._samples[name] for name in ids]

    def __len__(self) -> int:
        return len(self._samples)


class _Patience:
    """Ends the loop when it was stopped or has failed, and when nothing got better for a while; called once a turn."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter, self._turns, self._since = adapter, 0, 0
        self.why = ""

    def __call__(self, gepa_state: "GEPAState[str, str]") -> bool:
        if self._adapter.bridge.error is not None or self._adapter.bridge.stopped:
            return True
        self._turns, self._since = self._turns + 1, self._since + 1
        if self.why:
            return True
        if self._since > PATIENCE:
            self.why = f"Nothing better was found in {PATIENCE} turns."
        elif self._turns > MOST_TURNS:
            self.why = f"{MOST_TURNS} turns were made."
        return bool(self.why)

    def on_valset_evaluated(self, event: Mapping[str, Any]) -> None:
        if event["average_score"] >= 1:
            self.why = "A prompt was found that answers all of its slice of dev right."

    def on_candidate_accepted(self, _event: object) -> None:
        self._since = 0

    def on_error(self, event: Mapping[str, Any]) -> None:
        """What went wrong outside our calls is a bug: it ends the loop and is raised after it."""
        self._adapter.bridge.error = self._adapter.bridge.error or event["exception"]


class _Quiet:
    """The library's log holds samples' texts; it goes nowhere."""

    def log(self, *_args: object, **_kwargs: object) -> None: ...


def _key(candidate: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(candidate.items()))
