"""Amazon Bedrock Advanced Prompt Optimization, JSON Lines: the input of a job, or its results.

A line of input gives its template; a line of results gives the original, then the optimised template of each model, whose
parent is the original. Variables are `{{x}}`. The samples come along. Format `bedrock-2026-05-14`, as in
https://github.com/aws-samples/amazon-bedrock-samples (advanced-prompt-optimization), read 2026-11.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pipeline.errors import InputError
from pipeline.prompts.importers import build
from pipeline.prompts.importers.port import Imported, Importer, Source, as_json, field_of, text_of
from pipeline.records import Parameters, PromptVersion, Sample, Syntax

NAME = "AdvPO"
OPTIMISED = "AdvPO"
"""The method of an optimised template."""


def recognises(text: str) -> bool:
    first = as_json(next((line for line in text.splitlines() if line.strip()), ""))
    return isinstance(first, dict) and "promptTemplate" in first


def read(source: Source) -> tuple[Imported, ...]:
    lines = [(n, line) for n, line in enumerate(source.text.splitlines(), 1) if line.strip()]
    return tuple(found for number, line in lines for found in _line(as_json(line), f"line {number} of {source.name}", source))


def _line(line: object, where: str, source: Source) -> Iterator[Imported]:
    template = text_of(field_of(line, "promptTemplate", where.capitalize()), f"The promptTemplate in {where}")
    assert isinstance(line, dict)  # noqa: S101  field_of has looked
    name = str(line.get("templateId") or line.get("promptTemplateId") or where)
    results = line.get("promptOptimizationResults") or ()
    rows = line.get("evaluationSamples") or next((r.get("dataset") for r in results if r.get("dataset")), ())
    samples = tuple(_sample(row, n, where) for n, row in enumerate(rows, 1))
    original = _version(template, where, source)
    yield Imported(name=name, format=NAME, prompt=original, roles=("user",), samples=samples, not_carried=tuple(_lost(line)))
    for result in results:
        if result.get("optimizedPromptTemplate") is None:
            continue
        better = replace(_unchecked(result["optimizedPromptTemplate"], source), method=OPTIMISED, parent=original.hash)
        model = str(result.get("modelId") or "")
        told = str(result.get("optimizedPromptTemplateId") or f"{name} for {model}")
        yield Imported(name=told, format=NAME, prompt=better, model=model, roles=("user",), samples=samples)


def _version(template: str, where: str, source: Source) -> PromptVersion:
    found = build.conversation([("user", template)], source.name)
    return build.version(
        found, Parameters(temperature=None), where=where.capitalize(), syntax=source.syntax, native=Syntax.DOUBLE
    )


def _unchecked(template: str, source: Source) -> PromptVersion:
    """What the service wrote, as it is: what it did to marks is for the guards to say."""
    found = build.conversation([("user", template)], source.name)
    return build.unchecked(found, Parameters(temperature=None), source.syntax or Syntax.DOUBLE.value)


def _sample(row: Mapping[str, Any], number: int, where: str) -> Sample:
    values: dict[str, str] = {}
    for given in row.get("inputVariables") or ():
        if not isinstance(given, dict):
            raise InputError(f"Sample {number} in {where} has an input variable that is no object. Correct the file.")
        values.update({str(k): v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for k, v in given.items()})
    reference = row.get("referenceResponse")
    return Sample(id=str(number), variables=values, reference=None if reference is None else str(reference))


def _lost(line: Mapping[str, Any]) -> Iterator[str]:
    for key, what in (
        ("customLLMJConfig", "judge"),
        ("steeringCriteria", "steering text"),
        ("evaluationMetricLambdaArn", "Lambda"),
    ):
        if line.get(key):
            yield f"The {what} of the optimisation is not carried; Ferry measures by its own criteria."
    for result in line.get("promptOptimizationResults") or ():
        if result.get("optimizedPromptTemplate") is None:
            yield f"The optimisation for {result.get('modelId')} gave no prompt ({result.get('status')})."


IMPORTER = Importer(name=NAME, recognises=recognises, read=read)
