"""Methods: what each proposes, that candidates are guarded, told apart and in order, and the same every time."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.errors import PermanentError
from pipeline.prompts.guards import check
from pipeline.prompts.methods import METHODS, Ask, candidates
from pipeline.prompts.template import render
from pipeline.records import Parameters, PromptVersion, RecordedOutput, Sample, UseCase
from tests.pipeline.prompts.asks import BASE, CLAUDE, CLAUDE_5, GPT_4, LLAMA, NOVA, ask, dev

LOCAL = {name: method for name, method in METHODS.items() if name != "OptimizePrompt"}


async def made(asked: Ask) -> dict[str, PromptVersion]:
    found = await candidates(asked, LOCAL)
    assert [c.refusal for c in found if c.refusal] == []
    return {c.prompt.method: c.prompt for c in found}


async def test_as_is_is_first_and_the_original_itself() -> None:
    asked = ask(target=CLAUDE)
    found = await candidates(asked, LOCAL)
    assert found[0].prompt is asked.prompt
    assert [c.prompt.method for c in found] == ["as is", "format-fixed", "few-shot"]
    assert all(c.target == CLAUDE for c in found)
    assert all(c.prompt.parent == asked.prompt.hash for c in found[1:])


async def test_as_is_leaves_out_only_what_the_target_refuses() -> None:
    prompt = (await made(ask(target=CLAUDE_5)))["as is"]
    assert prompt.user == ask().prompt.user
    assert prompt.parameters.temperature is None
    assert [e.rule for e in prompt.edits] == ["parameters"]


async def test_as_is_on_a_base_model_ends_some_time() -> None:
    assert (await made(ask(target=BASE)))["as is"].parameters == Parameters(max_tokens=20)
    declared = replace(ask().prompt, parameters=Parameters(max_tokens=300))
    assert (await made(ask(declared, BASE)))["as is"].parameters.max_tokens == 300


async def test_format_fixed_settles_the_end_of_an_answer_for_a_base_model() -> None:
    fixed = (await made(ask("Message: {question}\nIntent: ", BASE)))["format-fixed"]
    assert fixed.user == "Message: {question}\nIntent:"
    assert fixed.parameters == Parameters(max_tokens=10, stop=("\n",))
    assert [e.rule for e in fixed.edits] == ["format-trim", "format-stop", "format-length"]


async def test_a_base_model_without_a_cue_is_not_stopped_before_it_begins() -> None:
    assert (await made(ask("Message: {question}", BASE)))["format-fixed"].parameters.stop == ()


@pytest.mark.parametrize(
    ("prompt", "use_case", "expected"),
    [
        (
            "Sort {question}",
            UseCase.CLASSIFICATION,
            "Sort {question}\n\nAnswer with the text only: no explanation, no quotation marks.",
        ),
        (
            "M: {question}\nI:",
            UseCase.CLASSIFICATION,
            "Answer with the text only: no explanation, no quotation marks.\n\nM: {question}\nI:",
        ),
        (
            "Give JSON: {question}",
            UseCase.CHAT,
            "Give JSON: {question}\n\nAnswer with the JSON only: no explanation, no code fence.",
        ),
    ],
)
async def test_format_fixed_asks_a_chat_model_for_the_answer_alone(prompt: str, use_case: UseCase, expected: str) -> None:
    assert (await made(ask(prompt, GPT_4, use_case=use_case)))["format-fixed"].user == expected


async def test_a_chat_prompt_for_open_answers_is_left_alone() -> None:
    assert list(await made(ask("Talk about {question}", GPT_4, use_case=UseCase.CHAT))) == ["as is"]


async def test_the_length_comes_from_recorded_outputs_where_there_is_no_reference() -> None:
    samples = tuple(Sample(id=s.id, variables=s.variables, recorded=RecordedOutput(text="x" * 30)) for s in dev())
    assert (await made(ask("M: {question}\nI:", BASE, samples=samples)))["format-fixed"].parameters.max_tokens == 18


async def test_wording_edits_are_a_candidate_of_their_own() -> None:
    found = await made(ask("# Task\nYou MUST sort.\n\n# Message\n{question}", CLAUDE))
    assert found["family rules"].user.startswith("<task>\nYou MUST sort.\n</task>")
    assert found["family rules, wording"].user.startswith("<task>\nYou must sort.\n</task>")
    assert all(e.lossless for e in found["family rules"].edits)
    assert not all(e.lossless for e in found["family rules, wording"].edits)


async def test_a_base_model_that_got_a_cue_stops_at_the_line_break() -> None:
    worded = (await made(ask("Sort this: {question}", BASE)))["family rules, wording"]
    assert worded.user == "Sort this: {question}\n\nAnswer:"
    assert worded.parameters.stop == ("\n",)


async def test_few_shot_on_a_base_model_is_a_completion() -> None:
    shown = (await made(ask("Message: {question}\nIntent:", BASE)))["few-shot"]
    assert shown.user == (
        "Message: late parcel\nIntent: delivery\n\n"
        "Message: refund me\nIntent: refund\n\n"
        "Message: when will the delivery of my new chair arrive\nIntent: delivery\n\n"
        "Message: please return the payment of last week\nIntent: refund\n\n"
        "Message: {question}\nIntent:"
    )
    assert shown.shots == ("s6", "s5", "s8", "s3")
    assert shown.parameters == Parameters(max_tokens=10, stop=("\n",))


async def test_few_shot_takes_three_of_a_label_less_what_the_prompt_shows() -> None:
    asked = ask("Message: x\nIntent: refund\n\nMessage: {question}\nIntent:", BASE, samples=dev(3))
    shots = (await made(asked))["few-shot"].shots
    shown = [s.reference for s in asked.dev if s.id in shots]
    assert (shown.count("refund"), shown.count("delivery")) == (2, 3)


async def test_few_shot_for_claude_is_in_example_tags() -> None:
    shown = (await made(ask(target=CLAUDE)))["few-shot"]
    assert "<examples>\n<example>\nMessage: late parcel\nIntent: delivery\n</example>" in shown.user
    assert shown.parameters.stop == ()


async def test_values_with_braces_and_tags_reach_the_model_as_they_are() -> None:
    odd = tuple(
        Sample(
            id=f"o{n}", variables={"question": f'{{question}} {{"a": {n}}} {{{{x}}'}, reference="refund" if n % 2 else "delivery"
        )
        for n in range(8)
    )
    shown = (await made(ask("Message: {question}\nIntent:", BASE, samples=odd)))["few-shot"]
    text = render(shown, Sample(id="t", variables={"question": "NOW"})).turns[0].text
    assert text.count("NOW") == 1
    assert all(s.variables["question"] in text for s in odd if s.id in shown.shots)


async def test_answers_of_several_lines_end_where_the_next_sample_would_begin() -> None:
    samples = tuple(replace(s, reference=f"Dear customer,\n{s.id}") for s in dev())
    shown = (await made(ask("Message: {question}\nReply:", BASE, use_case=UseCase.CHAT, samples=samples)))["few-shot"]
    assert shown.parameters.stop == ("\n\nMessage:",)


@pytest.mark.parametrize("target", [BASE, CLAUDE, LLAMA, NOVA, GPT_4])
async def test_the_same_ask_gives_the_same_candidates_in_any_order_of_dev(target: str) -> None:
    asked = ask("# Task\nSort.\n\nMessage: {question}\nIntent:", target)
    again = replace(asked, dev=tuple(reversed(asked.dev)))
    assert [c.prompt.hash for c in await candidates(asked, LOCAL)] == [c.prompt.hash for c in await candidates(again, LOCAL)]


ROWS = st.lists(
    st.tuples(st.text(min_size=1, max_size=30), st.sampled_from(["a", "b", "c", "", "long\nanswer"])), min_size=0, max_size=14
)
PROMPTS = st.sampled_from(
    [
        "M: {question}\nI:",
        "Sort {question} now.\nOne word.",
        '{"q": "{question}"}',
        "<freeze>Keep.</freeze>\n\n{{question}}",
        "{$question}",
    ]
)


@example([("0", "a"), ("1", "a"), ("2", "a"), ("<freeze>", "a")], "M: {question}\nI:", BASE, UseCase.CLASSIFICATION)
@given(ROWS, PROMPTS, st.sampled_from([BASE, CLAUDE, NOVA]), st.sampled_from(list(UseCase)))
async def test_every_own_candidate_passes_the_guards_and_leaves_half_of_dev(
    texts: list[tuple[str, str]], prompt: str, target: str, use_case: UseCase
) -> None:
    samples = tuple(Sample(id=f"s{n}", variables={"question": q}, reference=r or None) for n, (q, r) in enumerate(texts))
    asked = ask(prompt, target, use_case=use_case, samples=samples)
    for candidate in await candidates(asked, LOCAL):
        assert candidate.refusal is None, candidate
        assert 2 * len(candidate.prompt.shots) <= len(samples)


async def test_equal_versions_stand_once_under_the_first_name() -> None:
    found = await candidates(ask("M: {question}\nI:", BASE), {"b": METHODS["format-fixed"], "a": METHODS["family rules"]})
    assert [c.prompt.method for c in found] == ["format-fixed"]


@dataclass(frozen=True)
class Careless:
    """A method that loses the variable, and one that fails."""

    name: str = "careless"
    fails: bool = False

    def applies(self, ask: Ask) -> bool:
        return ask.dev != ()

    async def propose(self, ask: Ask) -> tuple[PromptVersion, ...]:
        if self.fails:
            raise PermanentError("The provider is closed on Sundays.")
        return (replace(ask.prompt, user="Sort it.", method=self.name),)


async def test_a_refused_candidate_keeps_its_reason_and_costs_no_other() -> None:
    methods = {**LOCAL, "careless": Careless(), "closed": Careless(name="closed", fails=True)}
    found = {c.prompt.method: c.refusal for c in await candidates(ask(target=CLAUDE), methods)}
    assert (found["careless"] or "").startswith("It lost {question}")
    assert found["closed"] == "The provider is closed on Sundays."
    assert found["as is"] is found["few-shot"] is None
    assert "careless" not in {c.prompt.method for c in await candidates(ask(samples=()), methods)}


async def test_an_original_no_guard_lets_through_is_refused_too() -> None:
    asked = ask("<freeze>Sort {question} now", CLAUDE)
    found = await candidates(asked, LOCAL)
    assert found[0].refusal is not None
    assert found[0].refusal == check(asked.prompt, asked)
