"""The longest answer, from the source's: only from enough of them, never below references, with room for reasoning."""

from dataclasses import replace

import pytest

from pipeline.prompts.families.limits import REASONING_ROOM
from pipeline.prompts.methods.answer_room import room, with_room
from pipeline.prompts.methods.format_fixed import fixed
from pipeline.records import Parameters, RecordedOutput, Sample, Usage, UseCase
from tests.pipeline.prompts.asks import CLAUDE, CLAUDE_5, ask


def answered(tokens: list[int], reference: str | None = None) -> tuple[Sample, ...]:
    return tuple(
        Sample(
            id=f"s{n}",
            variables={"question": f"q{n}"},
            reference=reference,
            recorded=RecordedOutput(text="said", usage=Usage(input_tokens=5, output_tokens=used)),
        )
        for n, used in enumerate(tokens)
    )


def test_it_is_the_99th_percentile_with_headroom_rounded_up() -> None:
    assert room(answered([100] * 99 + [5000]), CLAUDE) == 160
    assert room(answered([100] * 98 + [200, 5000]), CLAUDE) == 320
    assert room(answered([100] * 99 + [5000]), CLAUDE_5) == 160 + REASONING_ROOM


def test_too_few_answers_say_nothing_and_references_always_fit() -> None:
    assert room(answered([100] * 29), CLAUDE) is None
    assert room(answered([10] * 30, reference="x" * 3000), CLAUDE) == 1024


@pytest.mark.parametrize(("declared", "given"), [(512, 160), (4096, 160), (300, 300), (100, 100)])
def test_only_what_is_missing_or_far_too_large_is_changed_and_it_shows_as_an_edit(declared: int, given: int) -> None:
    asked = ask(" Sum up: {question}", CLAUDE, use_case=UseCase.SUMMARIZATION, samples=answered([100] * 40))
    asked = replace(asked, prompt=replace(asked.prompt, parameters=Parameters(max_tokens=declared)))
    assert with_room(asked.prompt, asked).parameters.max_tokens == given
    edits = [edit.rule for edit in fixed(asked, "format-fixed").edits]
    assert ("format-room" in edits) == (declared != given)
