"""Words a model writes for a round: guarded, told why when refused, never from test samples."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from pipeline.errors import InputError, PermanentError
from pipeline.models.providers.scripted import ScriptedModel
from pipeline.prompts.guards import check
from pipeline.prompts.port import Ask
from pipeline.prompts.rounds import Proposal, Technique, candidate, proposals
from pipeline.prompts.rounds.writing import TRIES
from pipeline.records import PromptVersion, Request, Sample
from tests.pipeline.prompts.rounds.situations import Situation, messages, of_label, situation

LISTED = "Classify as card_lost, top_up, exchange_rate or refund.\n\nMessage: {question}\nIntent:"
GOOD = "A lost card is one that the customer no longer has."


def confused() -> Situation:
    samples = messages(32)
    return situation(samples, {s.id: "top_up" for s in of_label(samples, "card_lost")}, prompt=LISTED)


def asked(found: Situation, writer: ScriptedModel) -> tuple[Proposal, Ask]:
    ask = replace(found.ask, writer=writer, held_out=(Sample(id="t", variables={"question": "secret of test"}),))
    given = proposals(found.prompt, found.groups, (), ask, found.run.outputs)
    return next(each for each in given if each.written), ask


def made(found: Situation, writer: ScriptedModel) -> PromptVersion:
    proposal, ask = asked(found, writer)
    return asyncio.run(candidate(proposal, found.prompt, ask))


def noting(seen: list[Request], *said: str) -> Callable[[Request], str]:
    """Says one text after the other and keeps what it was asked."""

    def answer(request: Request) -> str:
        seen.append(request)
        return said[len(seen) - 1]

    return answer


def test_a_model_writes_the_instruction_where_no_words_are_fixed() -> None:
    found, seen = confused(), list[Request]()
    after = made(found, ScriptedModel(noting(seen, f'"{GOOD}"')))
    assert GOOD in after.user
    assert (after.method, after.parent) == (Technique.INSTRUCTION.value, found.prompt.hash)
    assert check(after, found.ask) is None
    told = json.loads(seen[0].turns[0].text)
    assert "says 'top_up' where the reference says 'card_lost'" in told["what goes wrong"]
    assert 1 <= len(told["samples"]) <= 6
    assert "secret of test" not in seen[0].turns[0].text


def test_what_a_guard_refuses_goes_back_to_the_writer() -> None:
    found, seen = confused(), list[Request]()
    leak = found.samples[0].variables["question"]
    after = made(found, ScriptedModel(noting(seen, f"Take card_lost for {leak}.", GOOD)))
    assert GOOD in after.user
    assert leak not in after.user
    assert "It repeats text of 1 dev samples" in json.loads(seen[1].turns[0].text)["refused so far"][0]


def test_after_the_last_try_the_guards_refuse_the_candidate() -> None:
    found = confused()
    writer = ScriptedModel(lambda _: f"Take card_lost for {found.samples[0].variables['question']}.")
    after = made(found, writer)
    assert writer.calls == TRIES
    assert check(after, found.ask) is not None


def test_a_writer_without_an_answer_is_a_sentence() -> None:
    with pytest.raises(PermanentError, match="scripted:test wrote no instruction"):
        made(confused(), ScriptedModel(lambda _: "  "))
    with pytest.raises(PermanentError, match="an instruction has at most 800"):
        made(confused(), ScriptedModel(lambda _: "Look at what is lost. " * 40))
    with pytest.raises(PermanentError, match="found nothing to add"):
        made(confused(), ScriptedModel(lambda _: "Classify as card_lost, top_up, exchange_rate or refund."))


def test_without_a_writer_such_words_are_not_proposed_and_not_made() -> None:
    found = confused()
    assert not any(each.written for each in proposals(found.prompt, found.groups, (), found.ask, found.run.outputs))
    proposal = Proposal(technique=Technique.INSTRUCTION, group="", sentence="", sample_ids=(), words="x", written=True)
    with pytest.raises(InputError, match="needs a model that writes prompts"):
        asyncio.run(candidate(proposal, found.prompt, found.ask))
