"""The lint predicts what a target refuses; each finding says rule, source, date and way out, and lossless fixes hold."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.prompts.importers import Imported, Setting
from pipeline.prompts.lint import RULES, Severity, fixed, lint
from pipeline.prompts.template import variables
from pipeline.records import Parameters, PromptVersion, Toolset, ToolSpec, Turn
from tests.pipeline.prompts.asks import CLAUDE, CLAUDE_5, GPT_4, GPT_OSS, LLAMA, MISTRAL_OLD, NOVA

OPUS_46 = "bedrock:us.anthropic.claude-opus-4-6-v1"
HAIKU_45 = "bedrock:anthropic.claude-haiku-4-5-20251001-v1:0"
MISTRAL = "bedrock:mistral.mistral-large-2407-v1:0"
TARGETS = (CLAUDE, CLAUDE_5, OPUS_46, HAIKU_45, GPT_4, GPT_OSS, LLAMA, MISTRAL, MISTRAL_OLD, NOVA)


def given_prompt(user: str = "Sort {x}", *, system: str = "", turns: tuple[Turn, ...] = (), **more: Any) -> Imported:
    parameters = Parameters(**more.pop("parameters", {"temperature": 0.0}))
    offered, choice = more.pop("tools", ()), more.pop("tool_choice", "")
    tools = Toolset(tools=offered, choice=choice) if offered else None
    prompt = PromptVersion(user=user, system=system, turns=turns, parameters=parameters, tools=tools)
    settings = tuple(Setting(name=n, value=json.dumps(v)) for n, v in more.pop("settings", {}).items())
    return Imported(name="p", format="plain text", prompt=prompt, settings=settings, **more)


def tool(name: str = "look", schema: object = None) -> ToolSpec:
    return ToolSpec(name=name, schema=json.dumps(schema or {"type": "object"}))


def schema(**more: object) -> dict[str, Any]:
    return {"parameters": {"json_schema": json.dumps({"type": "object", "additionalProperties": False, **more})}}


E, W, I = Severity.ERROR, Severity.WARNING, Severity.INFO  # noqa: E741
CASES: list[tuple[str, Severity, str, Imported]] = [
    ("parameters", E, CLAUDE_5, given_prompt()),
    ("parameters", E, GPT_OSS, given_prompt(parameters={"temperature": None, "stop": ("a",)})),
    ("parameters", E, CLAUDE, given_prompt(parameters={"temperature": 0.0, "top_p": 0.5})),
    ("parameters", E, NOVA, given_prompt(parameters={"temperature": 1.4})),
    ("parameters", E, GPT_4, given_prompt(parameters={"stop": tuple("abcde")})),
    ("sampling-settings", E, CLAUDE_5, given_prompt(settings={"top_k": 5})),
    ("sampling-settings", E, GPT_OSS, given_prompt(settings={"logit_bias": {"50256": -100}})),
    ("converse-settings", E, LLAMA, given_prompt(settings={"seed": 3})),
    ("several-answers", E, GPT_4, given_prompt(settings={"n": 3})),
    ("max-tokens-name", W, LLAMA, given_prompt(settings={"max_gen_len": 9})),
    ("max-tokens-name", W, "recorded:gpt-5", given_prompt(settings={"max_tokens": 9})),
    ("reasoning-room", W, CLAUDE_5, given_prompt()),
    ("thinking-budget", E, CLAUDE_5, given_prompt(settings={"thinking": {"type": "enabled", "budget_tokens": 2000}})),
    ("thinking-budget-deprecated", W, OPUS_46, given_prompt(settings={"thinking": {"budget_tokens": 2000}})),
    ("safe-prompt", E, MISTRAL, given_prompt(settings={"safe_prompt": True})),
    ("nova-top-k", W, NOVA, given_prompt(settings={"topK": 5})),
    ("nova-tools-temperature", W, NOVA, given_prompt(parameters={"temperature": 0.7}, tools=(tool(),))),
    ("temperature-missing", W, MISTRAL, given_prompt(parameters={"temperature": None})),
    ("json-word", E, GPT_4, given_prompt(response_format="json_object")),
    ("json-mode", W, CLAUDE, given_prompt("Sort {x} as JSON", response_format="json_object")),
    ("schema-not-taken", E, LLAMA, given_prompt(**schema())),
    ("schema-not-taken", E, NOVA, given_prompt(**schema())),
    ("schema-invalid", E, GPT_4, given_prompt(**schema(type="dict"))),
    ("schema-subset", E, CLAUDE, given_prompt(**schema(properties={"a": {"type": "integer", "minimum": 1}}))),
    ("schema-subset", E, CLAUDE, given_prompt(**schema(properties={"a": {"type": "object"}}))),
    ("tool-name", E, GPT_4, given_prompt(tools=(tool("look.up"),))),
    ("tool-name", E, NOVA, given_prompt(tools=(tool(""),))),
    ("tool-twice", E, NOVA, given_prompt(tools=(tool(), tool()))),
    ("tool-types", E, NOVA, given_prompt(tools=(tool(schema={"type": "dict", "properties": {"type": {"type": "float"}}}),))),
    ("tool-object", E, NOVA, given_prompt(tools=(tool(schema={"type": "string"}),))),
    ("tool-choice-none", E, NOVA, given_prompt(tools=(tool(),), tool_choice="none")),
    ("tool-choice-named", E, LLAMA, given_prompt(tools=(tool(), tool("other")), tool_choice="look")),
    ("tool-choice-any", W, LLAMA, given_prompt(tools=(tool(),), tool_choice="any")),
    ("tool-choice", E, NOVA, given_prompt(tools=(tool(),), tool_choice="other")),
    ("prefill", E, OPUS_46, given_prompt(prefill="{")),
    ("prefill", E, CLAUDE_5, given_prompt(prefill="{")),
    ("prefill-left-out", W, HAIKU_45, given_prompt(prefill="{")),
    ("first-message", E, CLAUDE, given_prompt(turns=(Turn(role="assistant", text="Hello"),))),
    ("roles-in-turn", E, CLAUDE, given_prompt(roles=("system", "user", "user"))),
    ("no-system-role", E, MISTRAL_OLD, given_prompt(system="Be kind.")),
    ("template-tokens", W, NOVA, given_prompt("<|im_start|>user\nSort {x}<|im_end|>")),
    ("template-tokens", W, NOVA, given_prompt(parameters={"stop": ("<|eot_id|>",)})),
    ("vendor-name", W, NOVA, given_prompt("You are ChatGPT, a large model. Sort {x}")),
    ("step-by-step", W, GPT_OSS, given_prompt("Sort {x}. Think step by step.")),
    ("scratchpad", W, CLAUDE_5, given_prompt("Sort {x}. Write into <scratchpad> first.")),
    ("cut-off", W, NOVA, given_prompt("Your knowledge cutoff is June. Sort {x}")),
    ("token-counts", W, NOVA, given_prompt("Sort {x} in under 4,096 tokens.")),
    ("prefill-mentioned", W, NOVA, given_prompt("Sort {x}. The prefilled answer goes on.")),
    ("no-variable", W, NOVA, given_prompt("Sort it.")),
    ("braces", W, NOVA, given_prompt('Sort {x} as {"label": {"name": "..."}')),
    ("braces", W, NOVA, given_prompt("Sort {x} of {question")),
    ("json-without-schema", I, NOVA, given_prompt("Sort {x} as JSON")),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "severity", "ref", "imported"), CASES, ids=[f"{c[0]}-{n}" for n, c in enumerate(CASES)])
def test_each_rule_fires_with_its_source_and_its_fix_holds(rule: str, severity: Severity, ref: str, imported: Imported) -> None:
    (found, *_) = [finding for finding in lint(imported, ref) if finding.rule == rule]
    assert found.severity is severity
    assert found.message.endswith(".") or rule == "schema-invalid"
    assert found.source
    assert found.date.startswith("20")
    assert found.fix.endswith(".")
    after = {finding.rule for finding in lint(fixed(imported, ref), ref)}
    assert (rule in after) != found.lossless


def test_every_rule_has_a_case() -> None:
    assert {rule.id for rule in RULES} == {case[0] for case in CASES}


def test_a_variable_in_any_text_or_the_tools_of_samples_are_input_enough() -> None:
    system, turn = given_prompt("Sort it.", system="Of {x}."), given_prompt("It.", turns=(Turn(role="user", text="Sort {x}"),))
    tools = replace(system.prompt, system="", tools=Toolset(variable="functions"))
    for imported in (system, turn, replace(system, prompt=tools)):
        assert "no-variable" not in {finding.rule for finding in lint(imported, NOVA)}


@pytest.mark.parametrize(
    "text", ['Sort {x} as {"a": {"b": 1}}', 'Sort {x} as {{"a": {{"b": 1}}}}', "Sort {{x}} or {x}", "{x} {}"]
)
def test_braces_that_balance_are_no_finding(text: str) -> None:
    assert "braces" not in {finding.rule for finding in lint(given_prompt(text), NOVA)}


@pytest.mark.parametrize("ref", [CLAUDE, GPT_4, LLAMA, MISTRAL, NOVA])
def test_an_ordinary_prompt_has_no_finding(ref: str) -> None:
    turns = (Turn(role="user", text="Late"), Turn(role="assistant", text="delivery"))
    imported = given_prompt(system="Be kind.", turns=turns, roles=("system", "user", "assistant", "user"), tools=(tool(),))
    assert lint(imported, ref) == ()


@pytest.mark.parametrize(
    ("ref", "imported"),
    [
        (HAIKU_45, given_prompt(prefill="{")),
        (CLAUDE, given_prompt(**schema(properties={"minimum": {"type": "string"}}))),
        (GPT_4, given_prompt(settings={"seed": 1, "frequency_penalty": 0.5})),
        (GPT_4, given_prompt("Sort {x} as JSON", response_format="json_object")),
        (CLAUDE, given_prompt(settings={"thinking": {"budget_tokens": 2000}})),
        (MISTRAL, given_prompt(system="Be kind.")),
        (NOVA, given_prompt("Sort {x}. Think step by step.")),
        (NOVA, given_prompt(settings={"n": 1})),
    ],
)
def test_what_the_target_takes_is_no_error(ref: str, imported: Imported) -> None:
    assert [f.rule for f in lint(imported, ref) if f.severity is Severity.ERROR] == []


def test_errors_come_first_and_the_source_fits_the_target() -> None:
    found = lint(given_prompt("You are Claude. Sort {x}", settings={"top_k": 1}), CLAUDE_5)
    assert [f.severity for f in found] == sorted((f.severity for f in found), key=list(Severity).index)
    assert "Anthropic" in found[0].source


SETTINGS = st.dictionaries(
    st.sampled_from(["top_k", "seed", "max_tokens", "max_gen_len", "logprobs", "n", "safe_prompt"]), st.integers(1, 9), max_size=4
)
TEXTS = st.lists(st.sampled_from(["{x}", "<|im_end|>", "[INST]", "as JSON", "must", "\n\nHuman: "]), max_size=5).map("".join)


@given(SETTINGS, TEXTS, TEXTS, st.sampled_from(TARGETS), st.floats(0, 2), st.sampled_from(["", "none", "look"]))
def test_fixing_is_idempotent_and_keeps_every_variable(
    settings: dict[str, object], system: str, user: str, ref: str, temperature: float, choice: str
) -> None:
    tools = (tool(schema={"type": "dict", "properties": {"a": {"type": "list", "items": {"type": "int"}}}}),)
    parameters = {"temperature": temperature, "top_p": 0.5, "stop": ("</s>", " ")}
    before = given_prompt(user, system=system, parameters=parameters, settings=settings, tools=tools, tool_choice=choice)
    once = fixed(before, ref)
    assert fixed(once, ref) == once
    assert variables(once.prompt) == variables(before.prompt)
    assert [f for f in lint(once, ref) if f.lossless] == []


def test_frozen_spans_survive_the_fixes() -> None:
    before = given_prompt("<freeze>[INST] MUST</freeze> [INST] Sort {x}")
    after = fixed(before, NOVA)
    assert "<freeze>[INST] MUST</freeze>" in after.prompt.user
    assert "[INST] Sort" not in after.prompt.user
    assert replace(after.prompt, user="") == replace(before.prompt, user="")
