"""The guards on a published run of Amazon Bedrock's Advanced Prompt Optimization, which a tutorial of AWS ships as a sample.

An audit by other code found: no variable lost, 1,095 characters made 15,785, text of 17 of its 20 rows in the new prompt (of 5
rows text that no other reference has), four opening braces in pairs without a partner.
Data: aws-samples/amazon-bedrock-samples, MIT-0; NESTFUL rows Apache-2.0; IFBench rows ODC-BY.
"""

from pipeline.prompts.guards import (
    is_short_enough,
    keeps_braces,
    keeps_contract,
    keeps_frozen,
    keeps_variables,
    leaks_nothing,
    refusals,
)
from pipeline.prompts.importers import Imported, Source, imported
from pipeline.prompts.importers.candidate import candidate
from pipeline.prompts.lint import lint
from pipeline.prompts.port import Ask
from pipeline.prompts.template import variables
from pipeline.records import UseCase
from tests.pipeline.prompts.shared import ADVPO, needs_advpo

pytestmark = needs_advpo
NOVA_2 = "bedrock:us.amazon.nova-2-lite-v1:0"


def run(name: str) -> tuple[Imported, Imported, Ask]:
    text = (ADVPO / f"{name}_results.jsonl").read_text(encoding="utf-8")
    original, better = imported(Source(text=text, name=name))
    ask = Ask(prompt=original.prompt, target=NOVA_2, use_case=UseCase.EXTRACTION, dev=original.samples)
    return original, better, ask


def test_nestful_is_refused_for_its_braces_its_leaks_and_its_length() -> None:
    original, better, ask = run("nestful")
    assert (len(original.prompt.user), len(better.prompt.user), len(ask.dev)) == (1095, 15785, 20)
    assert keeps_variables(better.prompt, ask) is None
    assert keeps_frozen(better.prompt, ask) is None
    assert 'stray "{{"' in (keeps_braces(better.prompt, ask) or "")
    assert "repeats text of 17 dev samples" in (leaks_nothing(better.prompt, ask) or "")
    assert "It has 15,785 characters; the cap is 6,000" in (is_short_enough(better.prompt, ask) or "")
    assert keeps_contract(better.prompt, ask) is None
    found = candidate(better, ask)
    assert found.refusal == refusals(better.prompt, ask)[0] == keeps_braces(better.prompt, ask)


def test_rows_held_out_are_found_too() -> None:
    _, better, ask = run("nestful")
    held = Ask(prompt=ask.prompt, target=ask.target, use_case=ask.use_case, held_out=ask.dev)
    assert "test samples" in (leaks_nothing(better.prompt, held) or "")


def test_ifbench_leaks_nothing_and_is_short_enough() -> None:
    _, better, ask = run("ifbench")
    assert refusals(better.prompt, ask) == ()


def test_the_job_input_has_the_variables_and_samples_of_the_results() -> None:
    text = (ADVPO / "nestful_job_input.jsonl").read_text(encoding="utf-8")
    (given,) = imported(Source(text=text, name="job"))
    original, _, ask = run("nestful")
    assert variables(given.prompt) == variables(original.prompt) == ("tools", "user_question")
    assert [dict(s.variables) for s in given.samples] == [dict(s.variables) for s in ask.dev]
    assert {finding.rule for finding in lint(given, NOVA_2)} == {"temperature-missing", "json-without-schema"}
