"""Scored dev runs with known failures, and the groups they make: what the tests of rounds start from."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.decide.errors import group_failures
from pipeline.metrics import score_run
from pipeline.models.prices import Price
from pipeline.prompts.port import Ask
from pipeline.prompts.template import parse_prompt
from pipeline.records import (
    Criteria,
    ErrorGroup,
    MetricChoice,
    Output,
    PromptVersion,
    RunKey,
    RunResult,
    Sample,
    Split,
    Usage,
    UseCase,
)

TARGET = "bedrock:amazon.nova-lite-v1:0"
PRICE = Price(ref=TARGET, model="nova-lite", input=1.0, output=4.0, source="a test", date="2026-11-25")
PLAIN = "Classify the message.\n\nMessage: {question}\nIntent:"
LABELS = ("card_lost", "top_up", "exchange_rate", "refund")


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    prompt: PromptVersion
    samples: tuple[Sample, ...]
    run: RunResult
    groups: tuple[ErrorGroup, ...]
    ask: Ask
    criteria: Criteria


def criteria(metric: str = "exact_match") -> Criteria:
    return Criteria(metrics=(MetricChoice(metric=metric, primary=True, margin=0.05),))


def scored(samples: Sequence[Sample], answers: Mapping[str, str | Output], metric: str, name: str = "run") -> RunResult:
    """A run that says the reference where `answers` has nothing; a token is a word."""
    outputs = tuple(_output(s, answers.get(s.id, s.reference or "")) for s in samples)
    return RunResult(
        key=RunKey(model="scripted:target", prompt_hash=name, split=Split.DEV),
        label=name,
        outputs=outputs,
        scores=tuple(score_run(samples, outputs, [metric])),
        input_hashes={s.id: s.input_hash for s in samples},
    )


def _output(sample: Sample, said: str | Output) -> Output:
    if isinstance(said, Output):
        return said
    usage = Usage(input_tokens=50, output_tokens=max(1, len(said.split())))
    return Output(sample_id=sample.id, text=said, stop_reason="end_turn", usage=usage, latency_s=0.1 * len(said.split()))


def situation(
    samples: Sequence[Sample],
    answers: Mapping[str, str | Output],
    *,
    prompt: str | PromptVersion = PLAIN,
    metric: str = "exact_match",
    use_case: UseCase = UseCase.CLASSIFICATION,
    target: str = TARGET,
    constraints: tuple[str, ...] = (),
) -> Situation:
    """The failures of these answers in groups; no source, so nothing regressed."""
    version = parse_prompt(prompt) if isinstance(prompt, str) else prompt
    run, decides = scored(samples, answers, metric), criteria(metric)
    nothing = replace(run, label="source", outputs=(), scores=(), input_hashes={})
    groups = group_failures(samples, nothing, run, decides)
    ask = Ask(prompt=version, target=target, use_case=use_case, dev=tuple(samples), constraints=constraints, price=PRICE)
    return Situation(prompt=version, samples=tuple(samples), run=run, groups=groups, ask=ask, criteria=decides)


def messages(count: int = 24) -> tuple[Sample, ...]:
    """Messages of four intents in turn, no two alike."""

    def text(n: int) -> str:
        return " ".join(hashlib.sha256(f"{n} {part}".encode()).hexdigest()[:6] for part in range(5))

    return tuple(Sample(id=f"s{n:02}", variables={"question": text(n)}, reference=LABELS[n % 4]) for n in range(count))


def of_label(samples: Sequence[Sample], label: str) -> tuple[Sample, ...]:
    return tuple(s for s in samples if s.reference == label)
