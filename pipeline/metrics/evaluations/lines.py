"""What Bedrock Evaluations is sent: each answer beside the prompt as the model saw it, one JSON object a line.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-evaluation-prompt-datasets-judge.html, "your own inference response
data": one response for each prompt, one model identifier and at most 1,000 prompts for each job.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.metrics.evaluations.metric import EvaluatedMetric, unscored
from pipeline.metrics.metric import Metric
from pipeline.prompts.template import render
from pipeline.records import Output, PromptVersion, Request, Sample, Score

PROMPTS = 1000
LONGEST = 400_000
"""Characters of one line. Ours: about 100,000 tokens, which a judge's window holds; one text more could cost the whole job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One answer as it is sent."""

    sample_id: str
    prompt: str
    response: str
    reference: str | None = None

    @property
    def size(self) -> int:
        return len(self.prompt) + len(self.response) + len(self.reference or "")


def lines(
    samples: Iterable[Sample], outputs: Iterable[Output], prompt: PromptVersion, metrics: Sequence[EvaluatedMetric]
) -> tuple[tuple[Line, ...], tuple[Score, ...]]:
    """What is sent, in the order of `outputs`, and the cells of the answers that are not, each with its reason.

    Raises InputError for a sample the prompt cannot be rendered with, KeyError for an output of no sample here.
    """
    known: Mapping[str, Sample] = {sample.id: sample for sample in samples}
    sent, kept = list[Line](), list[Score]()
    for output in outputs:
        sample = known[output.sample_id]
        found = _line(sample, output, prompt)
        if isinstance(found, Line):
            sent.append(found)
        else:
            kept += [Score(sample_id=sample.id, metric=metric.name, value=None, unscored=found) for metric in metrics]
    return tuple(sent), tuple(kept)


def parts(sent: Sequence[Line]) -> Iterator[tuple[Line, ...]]:
    """Lines in pieces that one job takes."""
    return (tuple(sent[at : at + PROMPTS]) for at in range(0, len(sent), PROMPTS))


def dumps(sent: Iterable[Line], identifier: str) -> bytes:
    """JSON Lines in ASCII, so that half characters a model may answer with stay readable."""
    return "".join(json.dumps(_record(line, identifier)) + "\n" for line in sent).encode()


def identifier(ref: str) -> str:
    """A model's ref as the service takes it: letters, digits, dots, hyphens and underscores, at most 256."""
    return re.sub(r"[^a-zA-Z0-9._-]+", "-", ref).lstrip("._-")[:256] or "model"


def as_seen(request: Request) -> str:
    """The prompt as the model saw it, its system text first."""
    return "\n\n".join(text for text in (request.system, *(turn.text for turn in request.turns)) if text.strip())


_ANY = Metric(name="any", summary="the rules all second opinions share", needs_reference=False)


def _line(sample: Sample, output: Output, prompt: PromptVersion) -> Line | str:
    """The line of one answer, or why it is not sent."""
    if problem := _ANY.unscorable(sample, output):
        return problem
    if not (output.text or "").strip():
        return _reason("empty", "the answer is empty, so it was not sent")
    reference = (sample.reference or "").strip() or None
    line = Line(sample_id=sample.id, prompt=as_seen(render(prompt, sample)), response=output.text or "", reference=reference)
    if not line.prompt.strip():
        return _reason("empty", "the prompt is empty, so the answer was not sent")
    if line.size > LONGEST:
        return _reason("too_long", f"prompt, answer and reference have {line.size:,} characters, more than {LONGEST:,}")
    return line


def _reason(kind: str, message: str) -> str:
    return unscored("", "", kind, message).unscored or ""


def _record(line: Line, identifier: str) -> dict[str, object]:
    record: dict[str, object] = {"prompt": line.prompt}
    if line.reference is not None:
        record["referenceResponse"] = line.reference
    return record | {"modelResponses": [{"response": line.response, "modelIdentifier": identifier}]}
