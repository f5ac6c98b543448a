"""The Berkeley cases through Ferry: 200 with a tool to choose and 240 where none fits, rendered, sent legally, and scored.

Data: Gorilla BFCL v4, Apache-2.0.
"""

import json
from typing import Any

import pytest
from botocore.session import Session
from botocore.validate import ParamValidator
from jsonschema import Draft202012Validator

from pipeline.metrics.code.tool_calls import TOOL_CALL
from pipeline.models.providers.bedrock import converse_request
from pipeline.models.providers.openai_request import Dialect
from pipeline.prompts.importers import Imported
from pipeline.prompts.lint import lint
from pipeline.prompts.template import render
from pipeline.prompts.tools import NAME, legal_name, tools_of
from pipeline.records import Output, PromptVersion, Sample, Toolset
from tests.pipeline.prompts.asks import CLAUDE
from tests.pipeline.prompts.shared import BFCL, needs_bfcl

pytestmark = needs_bfcl
PROMPT = PromptVersion(user="{question}", tools=Toolset(variable="functions"))


def lines(name: str) -> list[Any]:
    return [json.loads(line) for line in (BFCL / name).read_text(encoding="utf-8").splitlines()] if BFCL.is_dir() else []


def samples() -> tuple[Sample, ...]:
    wanted = {one["id"]: one["ground_truth"] for one in lines("BFCL_v4_multiple.answers.json")}
    return tuple(
        Sample(
            id=one["id"],
            variables={"question": one["question"][0][0]["content"], "functions": json.dumps(one["function"])},
            reference=json.dumps(wanted.get(one["id"], [])),
        )
        for one in (*lines("BFCL_v4_multiple.json"), *lines("BFCL_v4_irrelevance.json"))
    )


CASES = samples()


def first_allowed(value: Any) -> Any:
    """A value the reference allows: the first one, for each argument and inside objects too."""
    if isinstance(value, dict):
        return {name: first_allowed(options[0]) for name, options in value.items() if "" not in options}
    return [first_allowed(item) for item in value] if isinstance(value, list) else value


def call(sample: Sample) -> tuple[str, ...]:
    """What a faultless model calls, by the legal name it was given."""
    wanted = json.loads(sample.reference or "[]")
    named = [(name, first_allowed(arguments)) for one in wanted for name, arguments in one.items()]
    return tuple(json.dumps({"name": legal_name(name), "input": given}) for name, given in named)


def score(sample: Sample, calls: tuple[str, ...], text: str = "") -> float | None:
    return TOOL_CALL.score(sample, Output(sample_id=sample.id, text=text, tool_calls=calls)).value


def test_the_lint_predicts_what_the_published_tools_would_be_refused_for() -> None:
    refused = 0
    for sample in CASES:
        prompt = PromptVersion(user="{question}", tools=Toolset(tools=tools_of(sample.variables["functions"], sample.id)))
        found = {one.rule for one in lint(Imported(name="x", format="x", prompt=prompt), CLAUDE) if one.severity == "error"}
        assert found <= {"tool-name", "tool-types"}
        refused += bool(found)
    assert (len(CASES), refused) == (440, 440), "every case has the type dict, which is none of JSON Schema"


def test_every_case_is_sent_as_converse_and_openai_take_it() -> None:
    shape = Session().get_service_model("bedrock-runtime").operation_model("Converse").input_shape
    assert shape is not None
    for sample in CASES:
        request = render(PROMPT, sample)
        body = converse_request("some-model", request)
        assert ParamValidator().validate(body, shape).generate_report() == ""
        specs = [tool["toolSpec"] for tool in body["toolConfig"]["tools"]]
        assert all(NAME.fullmatch(spec["name"]) for spec in specs)
        for spec in specs:
            Draft202012Validator.check_schema(spec["inputSchema"]["json"])
        functions = [tool["function"] for tool in Dialect().body("gpt", request, stream=False)["tools"]]
        assert [(f["name"], f["parameters"]) for f in functions] == [(s["name"], s["inputSchema"]["json"]) for s in specs]


def test_a_faultless_model_scores_full_and_a_silent_one_what_the_no_tool_cases_give() -> None:
    assert [s.id for s in CASES if score(s, call(s)) != 1.0] == []
    silent = [score(s, (), "I have no tool for that.") for s in CASES]
    assert sum(value or 0.0 for value in silent) == 240
    eager = [score(s, call(s) or ('{"name": "any", "input": {}}',)) for s in CASES]
    assert sum(value or 0.0 for value in eager) == 200


@pytest.mark.parametrize("change", ["name", "argument", "surplus", "twice"])
def test_every_single_fault_is_found(change: str) -> None:
    for sample in CASES[:200]:
        (right,) = call(sample)
        wrong = json.loads(right)
        name = next(iter(wrong["input"]), None)
        if change == "name":
            wrong["name"] += "_other"
        elif change == "argument":
            wrong["input"].pop(name, None)
            wrong["input"] |= {} if name is not None else {"surplus": 1}
        else:
            wrong["input"]["surplus"] = 1
        calls = (right, right) if change == "twice" else (json.dumps(wrong),)
        assert score(sample, calls) == 0.0
