"""AdvPO JSON Lines: job input and results."""

import json

import pytest

from pipeline.errors import InputError
from tests.pipeline.prompts.importers.reading import read

ROW = {"inputVariables": [{"tools": [{"name": "add"}]}, {"q": "1+1"}], "referenceResponse": "2"}
INPUT = {"templateId": "t", "promptTemplate": "Use {{tools}}: {{q}}", "evaluationSamples": [ROW]}
BETTER = "<advpo:exclude>Use {{tools}}</advpo:exclude> now: {{q}}"
RESULT = {
    "promptTemplateId": "t",
    "promptTemplate": "Use {{tools}}: {{q}}",
    "customLLMJConfig": {"customLLMJModelId": "x"},
    "promptOptimizationResults": [
        {"status": "SUCCESS", "optimizedPromptTemplate": BETTER, "modelId": "m", "dataset": [ROW]},
        {"status": "FAILED", "modelId": "n"},
    ],
}


def test_input_gives_the_template_and_its_samples() -> None:
    (found,) = read(json.dumps(INPUT) + "\n\n")
    assert (found.format, found.name, found.prompt.user) == ("AdvPO", "t", INPUT["promptTemplate"])
    assert [(s.id, dict(s.variables), s.reference) for s in found.samples] == [
        ("1", {"tools": '[{"name": "add"}]', "q": "1+1"}, "2")
    ]


def test_results_give_the_optimised_template_as_a_child_of_the_original() -> None:
    original, better = read(json.dumps(RESULT))
    assert better.prompt.user == "<freeze>Use {{tools}}</freeze> now: {{q}}"
    assert (better.prompt.parent, better.prompt.method, better.model) == (original.prompt.hash, "AdvPO", "m")
    said = " ".join(original.not_carried)
    assert "The judge of the optimisation" in said
    assert "for n gave no prompt (FAILED)" in said


def test_a_broken_line_names_its_place() -> None:
    with pytest.raises(InputError, match="Line 2 of prompt"):
        read(json.dumps(INPUT) + "\n{}")
