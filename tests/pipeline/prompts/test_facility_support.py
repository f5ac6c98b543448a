"""Facility-support: what settling the form of the answer alone gains, and other tools' published prompts in the same table.

Data: meta-llama/llama-prompt-ops, MIT (samples, source prompt, its result); aws/nova-prompt-optimizer, Apache-2.0 (nova_*).
"""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from pipeline.commands.prompts.files import read_joined
from pipeline.metrics.code.structure import JSON_TOP_FIELDS, JSON_VALID
from pipeline.metrics.metric import CodeMetric
from pipeline.models.providers.scripted import ScriptedModel
from pipeline.prompts.importers import Imported
from pipeline.prompts.importers.candidate import candidate
from pipeline.prompts.methods import METHODS, candidates
from pipeline.prompts.port import Ask
from pipeline.prompts.template import parse_prompt, render
from pipeline.records import Candidate, Output, PromptVersion, Request, Sample, UseCase
from tests.pipeline.commands.test_convert_command import ferry
from tests.pipeline.prompts.asks import LLAMA, NOVA
from tests.pipeline.prompts.shared import FACILITY_SUPPORT, needs_facility_support

pytestmark = needs_facility_support
SHOWN_BY_LLAMA, SHOWN_BY_NOVA = {"2", "24", "26", "48"}, {"122", "160", "59", "186"}
# Its fifth example is in no row as it stands there, and has whole sentences that many rows share.
LLAMA_REPEATS = "It repeats text of 31 dev samples (8, 12, 14, ...) without declaring them, so dev cannot judge it."
NOVA_PROMPT = "nova_optimized_prompt_system_prompt+nova_optimized_prompt_user_prompt"
NOVA_WITH_SHOTS = "nova_optimized_prompt_system_prompt+nova_optimized_prompt_few_shot+nova_optimized_prompt_user_prompt"
FENCED_OF_100 = 76
"""The share of answers the published run of Nova found not to be bare JSON before any optimisation: valid were 0.24."""
PLAINLY = re.compile("no code fence|no additional text")


def rows() -> tuple[Sample, ...]:
    found = json.loads((FACILITY_SUPPORT / "dataset.json").read_text(encoding="utf-8"))
    return tuple(
        Sample(id=str(n), variables={"question": row["fields"]["input"]}, reference=row["answer"]) for n, row in enumerate(found)
    )


ROWS = rows() if FACILITY_SUPPORT.is_dir() else ()
REFERENCES = {sample.id: sample.reference or "" for sample in ROWS}


def ask(target: str, *, test_has: frozenset[str] = frozenset()) -> Ask:
    """Dev is every second row and what tools have shown, test the rest; `test_has` are shown rows that are in test instead."""
    system = (FACILITY_SUPPORT / "source_prompt_sys.txt").read_text(encoding="utf-8")
    in_dev = ({str(n) for n in range(0, 200, 2)} | SHOWN_BY_LLAMA | SHOWN_BY_NOVA) - test_has
    dev = tuple(s for s in ROWS if s.id in in_dev)
    test = tuple(s for s in ROWS if s.id not in in_dev)
    prompt = parse_prompt("{{question}}", system)
    return Ask(prompt=prompt, target=target, use_case=UseCase.EXTRACTION, dev=dev, held_out=test)


def published() -> list[Imported]:
    folder = FACILITY_SUPPORT
    nova, user = folder / "nova_optimized_prompt_system_prompt.txt", folder / "nova_optimized_prompt_user_prompt.txt"
    shots = folder / "nova_optimized_prompt_few_shot.json"
    files = (str(folder / "llama_prompt_ops_result.yaml"), f"{nova}+{user}", f"{nova}+{shots}+{user}")
    return [one for written in files for one in read_joined(written)]


def table(asked: Ask) -> dict[str, Candidate]:
    without_calls = {name: method for name, method in METHODS.items() if name != "OptimizePrompt"}
    own = asyncio.run(candidates(asked, without_calls))
    return {c.prompt.method: c for c in (*own, *(candidate(one, asked) for one in published()))}


def answers(request: Request) -> str:
    """A chat model that fences its JSON in 76 of 100 rows, unless it is told in plain words to leave the fence away."""
    reference = REFERENCES[request.sample_id]
    told = request.system + "".join(turn.text for turn in request.turns)
    said = slip(reference, int(request.sample_id))
    return f"```json\n{said}\n```" if fences(int(request.sample_id)) and not PLAINLY.search(told) else said


def fences(number: int) -> bool:
    return number * 37 % 100 < FENCED_OF_100


def slip(reference: str, number: int) -> str:
    """The reference with the urgency wrong in every fourth row and one category in every third."""
    value = json.loads(reference)
    if number % 4 == 0:
        value["urgency"] = "low" if value["urgency"] == "high" else "high"
    if number % 3 == 0:
        first = next(iter(value["categories"]))
        value["categories"][first] = not value["categories"][first]
    return json.dumps(value)


def published_total(text: str, reference: str) -> float:
    """The optimizer's own figure for bare JSON: the mean of sentiment, urgency and the share of right categories.

    aws/nova-prompt-optimizer, samples/facility-support-analyzer, read 2026-11; it takes fenced JSON for valid, Ferry does not.
    """
    try:
        given: Any = json.loads(text)
    except ValueError:
        return 0.0
    wanted = json.loads(reference)
    categories = wanted["categories"]
    right = sum(given["categories"].get(name, False) == value for name, value in categories.items()) / len(categories)
    return float(right + (given["sentiment"] == wanted["sentiment"]) + (given["urgency"] == wanted["urgency"])) / 3


def measured(prompt: PromptVersion, metric: CodeMetric = JSON_VALID) -> float:
    async def run() -> list[float]:
        model = ScriptedModel(answers)
        scores = [metric.score(sample, await model.answer(render(prompt, sample))) for sample in ROWS]
        return [score.value or 0.0 for score in scores]

    values = asyncio.run(run())
    return sum(values) / len(values)


def test_both_tools_prompts_stand_beside_ours_in_one_table() -> None:
    found = table(ask(LLAMA))
    assert [(name, len(c.prompt.shots), c.refusal) for name, c in found.items()] == [
        ("as is", 0, None),
        ("format-fixed", 0, None),
        ("few-shot", 2, None),
        ("llama_prompt_ops_result.yaml", 4, LLAMA_REPEATS),
        (NOVA_PROMPT, 0, None),
        (NOVA_WITH_SHOTS, 4, "It has 10,515 characters; the cap is 6,000, because every call pays for them."),
    ]
    assert len({c.prompt.hash for c in found.values()}) == len(found)


@pytest.mark.parametrize("ref", [LLAMA, NOVA])
def test_settling_the_form_gains_the_valid_json(ref: str) -> None:
    found = table(ask(ref))
    assert measured(found["as is"].prompt) == pytest.approx(0.24)
    assert measured(found["format-fixed"].prompt) == 1.0
    assert measured(found[NOVA_PROMPT].prompt) == 1.0, "their gain in form is no more than what settling the form gives"


def test_a_published_prompt_that_shows_a_test_row_is_refused() -> None:
    found = table(ask(LLAMA, test_has=frozenset({"59", "48"})))
    refused = {name: c.refusal for name, c in found.items() if c.refusal}
    assert set(refused) == {"llama_prompt_ops_result.yaml", NOVA_WITH_SHOTS}
    assert all(said.startswith("It repeats text of ") and "test samples" in said for said in refused.values())


@pytest.mark.parametrize("ref", [LLAMA, NOVA])
def test_one_table_has_the_figures_of_ours_and_theirs(ref: str) -> None:
    """Scripted answers know the form alone, so every prompt that settles it has the same fields right."""
    figures = {
        name: (round(measured(c.prompt), 3), round(measured(c.prompt, JSON_TOP_FIELDS), 3)) for name, c in table(ask(ref)).items()
    }
    assert figures["as is"] == (0.24, 0.217)
    assert figures["format-fixed"] == figures[NOVA_PROMPT] == figures[NOVA_WITH_SHOTS] == (1.0, 0.906)
    assert set(figures.values()) == {(0.24, 0.217), (1.0, 0.906)}


def test_our_metric_is_the_published_one_on_bare_json() -> None:
    for number, sample in enumerate(ROWS):
        reference, text = sample.reference or "", slip(sample.reference or "", number)
        for said in (reference, text, f"```json\n{text}\n```", "no JSON"):
            score = JSON_TOP_FIELDS.score(sample, Output(sample_id=sample.id, text=said))
            assert score.value == pytest.approx(published_total(said, reference))


def script(path: Path) -> Path:
    """The same model as a file: two answers for each row, told apart by what the prompt says and by the row's own text."""
    matches = []
    for number, sample in enumerate(ROWS):
        shown, said = re.escape(sample.variables["question"][-160:]), slip(sample.reference or "", number)
        matches.append([f"(?:{PLAINLY.pattern}).*{shown}", said])
        matches.append([shown, f"```json\n{said}\n```" if fences(number) else said])
    path.write_text(json.dumps({"matches": matches}), encoding="utf-8")
    return path


def test_the_commands_in_the_docs_print_that_table(tmp_path: Path) -> None:
    folder, data = tmp_path / "candidates", FACILITY_SUPPORT / "dataset.json"
    (tmp_path / "user.txt").write_text("{{input}}")
    nova = FACILITY_SUPPORT / "nova_optimized_prompt"
    beside = (FACILITY_SUPPORT / "llama_prompt_ops_result.yaml", f"{nova}_system_prompt.txt+{nova}_user_prompt.txt")
    source = ("--system", FACILITY_SUPPORT / "source_prompt_sys.txt", "--target", "recorded:nova-pro", "--dataset", data)
    others = [part for one in beside for part in ("--beside", one)]
    asks = (tmp_path / "user.txt", *source, "--use-case", "extraction", *others, "-o", folder)
    assert ferry("prompts", "convert", *asks)[0] == 0
    metrics = ("-m", "json_valid", "-m", "json_top_fields", "--refused-too", "--json")
    code, said = ferry("prompts", "measure", folder, "--dataset", data, "--model", f"scripted:{script(tmp_path / 's')}", *metrics)
    assert code == 0
    figures = {one["method"]: one for one in json.loads(said)}
    assert figures["as is"]["means"]["json_valid"] < 0.4
    for name in ("format-fixed", NOVA_PROMPT):
        assert (figures[name]["refusal"], figures[name]["means"]["json_valid"]) == (None, 1.0)
        assert figures[name]["means"]["json_top_fields"] > 0.85
    assert "llama_prompt_ops_result.yaml" in figures
    assert len({one["n"] for one in figures.values()}) == 1, "all are measured on the same samples"
