"""What a job is sent: a line of JSON for each sample, with the same body that Converse would get on demand.

https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-data.html, read 2026-11. The service does not check bodies
before a job runs, so a call on demand has to have gone well first.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import BinaryIO

from pipeline.errors import PermanentError
from pipeline.hashing import content_hash
from pipeline.models.batch.records import CANARY, LARGEST, MOST, TIER
from pipeline.models.charging import estimated
from pipeline.models.prices import Price
from pipeline.models.providers.bedrock import converse_request
from pipeline.models.sampling import without
from pipeline.prompts.template import render
from pipeline.records import PromptVersion, RunKey, Sample

ID_LENGTH = 32
UNANSWERED = "None of the samples asked on demand before the batch job was answered, so it is not made"


def batchable(samples: Iterable[Sample], misfits: Collection[str] = ()) -> tuple[Sample, ...]:
    """The samples that may go by batch. `misfits` are ids of samples that no model is asked; images and PDFs stay on demand."""
    return tuple(sample for sample in samples if not sample.attachments and sample.id not in misfits)


def canary(samples: Sequence[Sample], missing: Sequence[Sample], refused: Collection[str] | None) -> Sequence[Sample]:
    """The samples to ask on demand before a job over what else is `missing` of `samples` is made.

    The first few, once: what a model refuses shows in them, not in every record of a job. Afterwards one, where this process does
    not know what is `refused`; a job that has to wait for the account's quota asks nobody again. While none is answered there may
    be more to ask, CANARY at most; where that is still so, nothing of the others may be sent.
    """
    first = {sample.id for sample in samples[:CANARY]}
    asked = [sample for sample in missing if sample.id in first]
    return asked if asked or refused is not None else missing[:1]


def record_id(key: RunKey, sample_id: str) -> str:
    """Names a sample of a run in a job and in its results, whose order is not that of the records."""
    return content_hash([key, sample_id])[:ID_LENGTH]


def job_name(of: object, samples: Sequence[Sample], attempt: int) -> str:
    """The same for the same samples with the same inputs in the same run (`of` names it): the job is found again by it."""
    return f"ferry-{content_hash([of, [[s.id, s.input_hash] for s in samples]])[:ID_LENGTH]}-{attempt}"


def write(
    file: BinaryIO,
    samples: Iterable[Sample],
    prompt: PromptVersion,
    key: RunKey,
    price: Price,
    refused: Collection[str] = (),
) -> tuple[int, float]:
    """Writes a record for each sample; how many, and the USD they cost at most. `refused` parameters are left out.

    Raises InputError for a sample the prompt cannot be rendered with, PermanentError when a job would not take so large a file.
    """
    model_id, count, usd, size = key.model.partition(":")[2], 0, 0.0, 0
    for sample in samples:
        request = render(prompt, sample)
        request = replace(request, parameters=without(request.parameters, refused))
        body = converse_request(model_id, request)
        del body["modelId"]
        line = json.dumps({"recordId": record_id(key, sample.id), "modelInput": body}).encode() + b"\n"
        size += len(line)
        if size > LARGEST:
            raise PermanentError(f"{MOST:,} of these records are more than a job takes in one file (1 GB). Ask them on demand.")
        file.write(line)
        count, usd = count + 1, usd + price.of(estimated(request), TIER)
    return count, usd
