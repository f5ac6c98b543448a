"""What a job wrote, as outputs: joined by record id alone, because the order of results is not that of the records.

https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-results.html, read 2026-11. A record that failed says so
instead of an answer: it is no output, since asking it on demand tells what is wrong in the usual way.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipeline.models.batch.lines import record_id
from pipeline.models.batch.records import TIER
from pipeline.models.charging import charged
from pipeline.models.prices import Price
from pipeline.models.providers.bedrock_reply import output_of, read_reply
from pipeline.prompts.steps.finish import finish
from pipeline.records import Lane, Output, RunKey, Sample, Step


@dataclass(slots=True)
class Tally:
    """What brought no output: failed records by code, lines that nobody asked for, that came twice, or that cannot be read."""

    failed: Counter[str] = field(default_factory=Counter)
    foreign: int = 0
    doubled: int = 0
    unreadable: int = 0
    usd: float = 0.0

    def told(self) -> str:
        """What is left to calls on demand, in a sentence; empty where nothing is."""
        failed = ", ".join(f"{count:,} with {code}" for code, count in sorted(self.failed.items()))
        said = [f"{self.failed.total():,} records failed ({failed})"] if self.failed else []
        said += [f"{self.unreadable:,} lines could not be read"] if self.unreadable else []
        return f"{' and '.join(said)}; these samples are asked on demand" if said else ""


def answers(
    lines: Iterable[str | bytes], samples: Sequence[Sample], key: RunKey, price: Price, tally: Tally, steps: tuple[Step, ...] = ()
) -> Iterator[Output]:
    """An output for each answered sample, once, as the prompt's `steps` leave it; without times, which say nothing of a model.

    `tally` is filled on the way; its `usd` is what the answers cost.
    """
    asked, seen = {record_id(key, sample.id): sample.id for sample in samples}, set[str]()
    for line in lines:
        if not line.strip():
            continue
        name, found = _read(line)
        if found is None:
            tally.unreadable += 1
        elif name not in asked:
            tally.foreign += 1
        elif name in seen:
            tally.doubled += 1
        elif "modelOutput" not in found:
            tally.failed[_code(found)] += 1
        elif (output := _output(asked[name], found["modelOutput"], price)) is None:
            tally.unreadable += 1
        else:
            seen.add(name)
            tally.usd += output.usd or 0.0
            yield finish(steps, output)


def _read(line: str | bytes) -> tuple[str, dict[str, Any] | None]:
    try:
        found = json.loads(line)
    except ValueError:
        return "", None
    return (str(found.get("recordId", "")), found) if isinstance(found, dict) else ("", None)


def _code(found: dict[str, Any]) -> str:
    error = found.get("error")
    return str(error.get("errorCode", "unknown")) if isinstance(error, dict) else "unknown"


def _output(sample_id: str, said: Any, price: Price) -> Output | None:  # noqa: ANN401  whatever the file holds
    """None for what is no reply of Converse."""
    try:
        reply = read_reply(said)
    except (AttributeError, KeyError, TypeError):
        return None
    if reply.stop_reason is None or reply.usage is None:
        return None
    return charged(replace(output_of(sample_id, reply), tier=TIER, lane=Lane.BULK), price)
