"""Family rules: what each changes, that a second time changes nothing, and that no rule costs a variable or a frozen span."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.prompts.families import FAMILIES, apply, rules
from pipeline.prompts.families.limits import legal, problem
from pipeline.prompts.families.sections import headings_to_tags, tags_to_headings
from pipeline.prompts.guards import keeps_frozen, keeps_variables
from pipeline.prompts.template import convert, variables
from pipeline.records import Parameters, PromptVersion, Syntax
from tests.pipeline.prompts.asks import BASE, CLAUDE, CLAUDE_5, GPT_4, GPT_OSS, LLAMA, MISTRAL_OLD, NOVA, ask

TARGETS = (BASE, CLAUDE, CLAUDE_5, GPT_4, GPT_OSS, LLAMA, MISTRAL_OLD, NOVA, "recorded:mystery")
FRAGMENTS = (
    "# Task",
    "## Task ##",
    "<task>",
    "</task>",
    "Text",
    "You are ChatGPT, made by OpenAI.",
    "You MUST NOT say it.",
    "Do not lie.",
    "Let's think step by step.",
    "<|im_start|>user",
    "<|im_end|>",
    "[INST]",
    "{question}",
    '{"a": 1}',
    "<freeze>You MUST {tone}\n# Keep</freeze>",
    "Return JSON.",
    "Your knowledge cutoff is 2023.",
    "At most 400 tokens.",
    "Think in <scratchpad></scratchpad> first.",
    "{context}",
    "Answer:",
    "",
)
TEXTS = st.lists(st.sampled_from(FRAGMENTS), max_size=7).map("\n".join)


def applied(user: str, ref: str, *, system: str = "", parameters: Parameters | None = None) -> PromptVersion:
    return apply(rules(ref), PromptVersion(user=user, system=system, parameters=parameters or Parameters()), ref)


@given(TEXTS, TEXTS, st.sampled_from(TARGETS))
def test_rules_keep_variables_and_frozen_spans_and_do_nothing_twice(system: str, user: str, ref: str) -> None:
    original = PromptVersion(user=user, system=system)
    once = apply(rules(ref), original, ref)
    assert keeps_variables(once, ask(original, ref)) is None
    assert keeps_frozen(once, ask(original, ref)) is None
    assert apply(rules(ref), once, ref) == once
    assert len(once.edits) == len({edit.rule for edit in once.edits})


@given(TEXTS, TEXTS, st.sampled_from(TARGETS), st.sampled_from(TARGETS), st.sampled_from(Syntax))
def test_there_and_back_again_nothing_is_lost_either(system: str, user: str, there: str, back: str, syntax: Syntax) -> None:
    original = PromptVersion(
        user=convert(user, Syntax.SINGLE, syntax), system=convert(system, Syntax.SINGLE, syntax), syntax=syntax
    )
    gone = apply(rules(there), original, there)
    home = apply(rules(back), gone, back)
    for version in (gone, home):
        assert Counter(variables(version)) == Counter(variables(original))
        assert keeps_frozen(version, ask(original, there)) is None
    assert apply(rules(back), home, back) == home


@given(
    st.builds(
        Parameters,
        max_tokens=st.integers(-5, 9000),
        temperature=st.none() | st.floats(-1, 3),
        top_p=st.none() | st.floats(-1, 2),
        stop=st.lists(st.sampled_from(["", "\n", " ", "END", "a"]), max_size=6).map(tuple),
    ),
    st.sampled_from(TARGETS),
)
def test_legal_parameters_are_legal_and_legal_ones_stay(parameters: Parameters, ref: str) -> None:
    assert problem(legal(parameters, ref), ref) is None
    assert problem(parameters, ref) is not None or legal(parameters, ref) == parameters


def test_every_rule_says_what_why_and_where_from_with_a_date() -> None:
    every = [rule for ref in TARGETS for rule in rules(ref)]
    named = [rule for rule in every if rule.id != "template-tokens"]  # read from the model cards themselves
    assert [rule.id for rule in named if "https://" not in rule.source] == []
    assert all(rule.changes.endswith((".", '"')) and rule.why.endswith(".") and "20" in rule.source for rule in every)
    assert set(FAMILIES) == {"base", "anthropic", "openai", "meta", "mistral", "amazon"}


@pytest.mark.parametrize(
    ("ref", "before", "after"),
    [
        (CLAUDE, "# Task\nSort it.\n\n# Input\n{question}", "<task>\nSort it.\n</task>\n\n<input>\n{question}\n</input>"),
        (CLAUDE, "# Input\n{question}\n\n# Answer", "<input>\n{question}\n</input>\n\n# Answer"),
        (CLAUDE, "# Task\n{question}", "<task>\n{question}\n</task>"),
        (CLAUDE, "IMPORTANT: You MUST NEVER guess {question}", "Note: You must never guess {question}"),
        (CLAUDE, "You are ChatGPT, a model by OpenAI. Sort {question}", "You are a helpful assistant. Sort {question}"),
        (CLAUDE, "Sort {question}. Let's think step by step.", "Sort {question}."),
        (GPT_OSS, "Sort {question}. Let's think step by step.", "Sort {question}."),
        (GPT_4, "Sort {question}. Let's think step by step.", "Sort {question}. Let's think step by step."),
        (LLAMA, "<task>\nSort it.\n</task>\n\n{question}", "## Task\nSort it.\n\n{question}"),
        (LLAMA, "Put it in <out> tags.\n<out>\n{question}\n</out>", "Put it in <out> tags.\n<out>\n{question}\n</out>"),
        (LLAMA, "JSON: {question}", "Return the JSON object only: no code fence, no preamble.\n\nJSON: {question}"),
        (NOVA, "You must not guess {question}. Don't stop.", "You MUST NOT guess {question}. DO NOT stop."),
        (BASE, "Sort {question}  \n", "Sort {question}\n\nAnswer:"),
        (BASE, "Human: {question}\n\nAssistant:", "Human: {question}\n\nAssistant:"),
        (LLAMA, "\n\nHuman: Sort {question}\n\nAssistant:", "Sort {question}"),
        (LLAMA, "<s>[INST] Sort {question} [/INST]", " Sort {question} "),
        (CLAUDE, "<|start_header_id|>user<|end_header_id|>\n\nSort {question}<|eot_id|>", "Sort {question}"),
        (CLAUDE, "Read this:\n{context}\n\nSort {question}", "Read this:\n<document>\n{context}\n</document>\n\nSort {question}"),
        (CLAUDE, "<doc>\n{context}\n</doc>\n{question}", "<doc>\n{context}\n</doc>\n{question}"),
        (CLAUDE, "See {context} and {question}", "See {context} and {question}"),
        (NOVA, "## Task\nSort {question}\n\n## Answer", "##Task##\nSort {question}\n\n## Answer"),
        (
            NOVA,
            "Answer from the context.\n\nContext: {context}\n\nQ: {question}\nA:",
            "[Document Start]\nContext: {context}\n[Document End]\n\nAnswer from the context.\n\nQ: {question}\nA:",
        ),
        (NOVA, "Sort it.\n<doc>\n{context}\n</doc>\nQ: {question}", "<doc>\n{context}\n</doc>\n\nSort it.\n\nQ: {question}"),
        (NOVA, "Answer from the text below.\n{context}\nQ: {question}", "Answer from the text below.\n{context}\nQ: {question}"),
        (NOVA, "Answer from {context}.\nQ: {question}", "Answer from {context}.\nQ: {question}"),
        (GPT_4, "Be brief.\n\n{context}\n\nQ: {question}", "Be brief.\n\n{context}\n\nBe brief.\n\nQ: {question}"),
        (GPT_4, "Sort {question}.\n{context}", "Sort {question}.\n{context}"),
        (GPT_OSS, "Be brief.\n\n{context}\n\nQ: {question}", "Be brief.\n\n{context}\n\nQ: {question}"),
        (NOVA, "Sort {question}. Your knowledge cutoff is May 2023. Be kind.", "Sort {question}. Be kind."),
        (NOVA, "Sort {question} in 1,000 tokens, not 50 tokens.", "Sort {question} in 750 words, not 38 words."),
        (CLAUDE_5, "Sort {question}. Think in <scratchpad> tags. Be kind.", "Sort {question}. Be kind."),
        (CLAUDE, "Sort {question}. Think in <scratchpad> tags.", "Sort {question}. Think in <scratchpad> tags."),
        (LLAMA, "Is <s>old</s> right? {question}", "Is <s>old</s> right? {question}"),
    ],
)
def test_what_a_family_changes_in_the_text(ref: str, before: str, after: str) -> None:
    assert applied(before, ref).user == after


def test_where_the_system_text_goes() -> None:
    assert (applied("{question}", CLAUDE, system="Be kind.").system) == "Be kind."
    for ref in (BASE, MISTRAL_OLD):
        moved = applied("Q: {question}\nA:", ref, system="Be kind.")
        assert (moved.system, moved.user) == ("", "Be kind.\n\nQ: {question}\nA:")
    assert applied("{question}", NOVA, system="Be {tone}.").system == ""
    assert applied("{question}", NOVA, system="Be kind.").system == "Be kind."


def test_parameters_follow_the_target() -> None:
    asked = Parameters(max_tokens=100, temperature=0.2, stop=("<|im_end|>", "END"))
    assert applied("{question}", CLAUDE_5, parameters=asked).parameters == Parameters(
        max_tokens=8192, temperature=None, stop=("END",)
    )
    assert applied("{question}", NOVA, parameters=asked).parameters == Parameters(max_tokens=100, temperature=0.2, stop=("END",))
    left_out = Parameters(temperature=None)
    assert applied("{question}", MISTRAL_OLD, parameters=left_out).parameters.temperature == 0.0


def test_each_edit_is_told_with_its_rule() -> None:
    edits = applied("# Task\nYou MUST sort {question}", CLAUDE).edits
    assert [(e.rule, e.lossless) for e in edits] == [("claude-tags", True), ("claude-soften", False)]
    assert all(e.reason and e.source for e in edits)


def test_sections_that_could_be_cut_stay() -> None:
    for text in ("# A\n```\n# comment\n```", "# A\n<freeze># B</freeze>", "# A\nx\n# A\ny", "# A\n<a>"):
        assert headings_to_tags(text) == text
    assert tags_to_headings("<a>\nx") == "<a>\nx"
    assert tags_to_headings("<example>\nx\n</example>") == "<example>\nx\n</example>"


@given(
    st.lists(
        st.tuples(st.sampled_from(["task", "input", "rules"]), st.sampled_from(["Sort it.", "a\nb"])), unique_by=lambda s: s[0]
    )
)
def test_tags_and_headings_are_two_ways_to_say_the_same(sections: list[tuple[str, str]]) -> None:
    tags = "\n\n".join(f"<{name}>\n{body}\n</{name}>" for name, body in sections)
    headings = "\n\n".join(f"## {name.capitalize()}\n{body}" for name, body in sections)
    assert tags_to_headings(tags).strip() == headings
    assert headings_to_tags(headings) == tags


def test_rules_know_every_syntax() -> None:
    prompt = PromptVersion(user="# Task\n{{ question }}", syntax=Syntax.DOUBLE)
    assert apply(rules(CLAUDE), prompt, CLAUDE) == replace(
        prompt, user="<task>\n{{ question }}\n</task>", edits=apply(rules(CLAUDE), prompt, CLAUDE).edits
    )


@pytest.mark.parametrize("long", ["x" * 200_000, " " * 200_000, "word " * 40_000, "<thinking" * 20_000])
def test_a_long_text_without_a_full_stop_takes_no_longer_than_any_other(long: str) -> None:
    """Each of these took hours while the rules looked for the beginning of a sentence from every one of its characters."""
    prompt = PromptVersion(user=f"{{q}} {long}")
    for ref in (GPT_4, CLAUDE, LLAMA, NOVA):
        assert "{q}" in apply(rules(ref), prompt, ref).user
