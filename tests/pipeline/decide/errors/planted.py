"""Runs whose failures have known causes: what error analysis finds is held against what was planted."""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.metrics import score_run
from pipeline.records import (
    Cause,
    Criteria,
    ErrorGroup,
    Failure,
    MetricChoice,
    Output,
    RunKey,
    RunResult,
    Sample,
    Split,
)

DEMO = Path(__file__).parents[4] / "pipeline" / "data" / "demo" / "banking_intents.csv"
MATCH = Criteria(metrics=(MetricChoice(metric="normalised_match", primary=True),))
TOPICS = ("refund", "exchange", "passport", "overdraft", "mortgage")


def demo_samples() -> tuple[Sample, ...]:
    """The demo's 91 messages over 8 intents."""
    with DEMO.open(encoding="utf-8", newline="") as file:
        return tuple(_sample(row["sample_id"], row["question"], row["answer_ground_truth"]) for row in csv.DictReader(file))


def file_samples(path: Path, labels: int) -> tuple[Sample, ...]:
    """The samples of a file with the columns text and category, of its first so many categories."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    kept = set(sorted({row["category"] for row in rows})[:labels])
    return tuple(_sample(f"b{n:05}", r["text"], r["category"]) for n, r in enumerate(rows) if r["category"] in kept)


def _sample(sample_id: str, question: str, reference: str) -> Sample:
    return Sample(id=sample_id, variables={"question": question}, reference=reference)


def run(
    model: str, samples: Sequence[Sample], outputs: Sequence[Output], criteria: Criteria = MATCH, prompt: str = "p"
) -> RunResult:
    """A scored run; models with the same `prompt` ran with the same one."""
    scores = tuple(score_run(samples, outputs, [choice.metric for choice in criteria.metrics]))
    return RunResult(
        key=RunKey(model=model, prompt_hash=prompt, split=Split.TEST),
        label=model,
        outputs=tuple(outputs),
        scores=scores,
        input_hashes={s.id: s.input_hash for s in samples},
    )


def answered(samples: Sequence[Sample], answers: Mapping[str, str]) -> tuple[Output, ...]:
    """Outputs that say the reference, or what `answers` has."""
    return tuple(Output(sample_id=s.id, text=answers.get(s.id, s.reference or "")) for s in samples)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """An arm with the cause of each of its failures, and the group each belongs to."""

    samples: tuple[Sample, ...]
    source: RunResult
    arm: RunResult
    others: tuple[RunResult, ...]
    causes: Mapping[str, Cause]
    groups: Mapping[str, str]
    criteria: Criteria = MATCH


@dataclass(slots=True)
class _Plan:
    outputs: dict[str, Output] = field(default_factory=dict)
    causes: dict[str, Cause] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)

    def add(self, sample: Sample, cause: Cause, group: str, output: Output) -> None:
        self.outputs[sample.id], self.causes[sample.id], self.groups[sample.id] = output, cause, group


def classification(clean: Sequence[Sample]) -> Planted:
    """Every cause a classification can show, in turn over `clean` samples: half of them fail, one reference in forty is wrong."""
    samples, plan, wrong = list(clean), _Plan(), {}
    labels = sorted({s.reference or "" for s in clean})
    following = dict(zip(labels, labels[1:] + labels[:1], strict=True))
    for number, sample in enumerate(clean):
        label = sample.reference or ""
        if number % 40 == 17:
            bad = following[following[label]]
            samples[number] = _sample(sample.id, sample.variables["question"], bad)
            wrong[sample.id] = label
            plan.add(sample, Cause.REFERENCE, "reference", _says(sample, label))
        elif number % 2:
            _plant(plan, sample, number // 2 % 9, label, following[label])
    outputs = [plan.outputs.get(s.id, _says(s, s.reference or "")) for s in samples]
    arm = run("local:arm", samples, outputs)
    peers = tuple(run(model, samples, answered(samples, _like_arm(plan) | wrong)) for model in ("local:two", "local:three"))
    source = run("recorded:gpt-4o", samples, answered(samples, wrong), prompt="source")
    return Planted(samples=tuple(samples), source=source, arm=arm, others=peers, causes=plan.causes, groups=plan.groups)


def _plant(plan: _Plan, sample: Sample, turn: int, label: str, other: str) -> None:
    said = {
        0: (Cause.FORMAT, "words", f"The intent of this message is {label}."),
        1: (Cause.PROMPT, "outside", "general_question"),
        2: (Cause.REFUSAL, "words", "I'm sorry, but I cannot help with that."),
        3: (Cause.FORMAT, "words", f"Sure! {label}"),
    }
    if turn in said:
        cause, group, text = said[turn]
        plan.add(sample, cause, group, _says(sample, text))
    elif turn == 4:
        plan.add(
            sample, Cause.TRUNCATION, "length", Output(sample_id=sample.id, text="The message is ab", stop_reason="max_tokens")
        )
    elif turn == 5:
        failure = Failure(kind="throttled", message="Try again later.")
        plan.add(sample, Cause.FAILED_CALL, "throttled", Output(sample_id=sample.id, text=None, failure=failure))
    else:
        plan.add(sample, Cause.MODEL, f"{label} -> {other}", _says(sample, other))


def _like_arm(plan: _Plan) -> dict[str, str]:
    """What the other models with the prompt do as well: the answers outside the closed set."""
    return {i: "general_question" for i, cause in plan.causes.items() if cause is Cause.PROMPT}


def _says(sample: Sample, text: str) -> Output:
    return Output(sample_id=sample.id, text=text, stop_reason="end_turn")


def questions(size: int) -> Planted:
    """Questions over documents, free texts: in half of the failures the contexts lack the answer, in half the model is wrong.

    The model's failures are of five topics, which their inputs share words of.
    """
    criteria = Criteria(metrics=(MetricChoice(metric="number_match", primary=True),))
    samples, plan = [], _Plan()
    for number in range(size):
        topic, amount = TOPICS[number % len(TOPICS)], 137 + 3 * number
        absent = number % 4 == 1
        held = f"The {topic} fee of contract {number} is " + (
            "listed in another schedule." if absent else f"{amount} euros a year."
        )
        sample = Sample(
            id=f"q{number:05}",
            variables={"question": f"What does customer {number} pay for the {topic} service every year?", "context": held},
            reference=f"The customer pays {amount} euros.",
        )
        samples.append(sample)
        if absent:
            plan.add(sample, Cause.RETRIEVAL, "absent", _says(sample, "The documents mention a fee of 11 euros in general."))
        elif number % 4 == 3:
            plan.add(sample, Cause.MODEL, topic, _says(sample, f"It costs {amount + 1} euros."))
    outputs = [plan.outputs.get(s.id, _says(s, s.reference or "")) for s in samples]
    absent_too = {i: "I found 11 euros." for i, cause in plan.causes.items() if cause is Cause.RETRIEVAL}
    source = run("recorded:gpt-4o", samples, answered(samples, absent_too), criteria, prompt="source")
    arm = run("local:arm", samples, outputs, criteria)
    return Planted(
        samples=tuple(samples), source=source, arm=arm, others=(), causes=plan.causes, groups=plan.groups, criteria=criteria
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Shares of the planted failures: found at all, given their cause, and in a group where their own kind is the majority."""

    found: float
    right_cause: float
    purity: float
    recall: Mapping[Cause, float]
    groups: int


def figures(planted: Planted, groups: Iterable[ErrorGroup]) -> Figures:
    groups = list(groups)
    given = {i: g.cause for g in groups for i in g.sample_ids}
    right = Counter(cause for i, cause in planted.causes.items() if given.get(i) is cause)
    whole = Counter(planted.causes.values())
    majority = sum(max(Counter(planted.groups.get(i, "none") for i in g.sample_ids).values()) for g in groups)
    return Figures(
        found=sum(i in given for i in planted.causes) / len(planted.causes),
        right_cause=right.total() / whole.total(),
        purity=majority / max(len(given), 1),
        recall={cause: right[cause] / count for cause, count in whole.items()},
        groups=len(groups),
    )
