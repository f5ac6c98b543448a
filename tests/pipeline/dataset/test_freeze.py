"""From file to frozen dataset and back: round trips, order, refusals, the prompt, the demo data."""

import csv
import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from pipeline.dataset import storage, template_file
from pipeline.dataset.columns import ColumnMapping
from pipeline.dataset.freeze import freeze, proposed, source_prompt
from pipeline.errors import InputError
from pipeline.records import Split

DEMO = Path(__file__).parents[3] / "pipeline" / "data" / "demo"
COLUMNS = ("sample_id", "question", "answer_ground_truth", "Extra, column")
# Everything but NUL and half characters, which are refused.
ANYTHING = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
SPICY = st.one_of(
    ANYTHING, st.sampled_from(['"', "\r\n", "a\rb", "=1+1", "🎉👩‍👩‍👧", ";", "\t|,", " pad ", "\ufeffx", "'", "\u2028", "\x85"])
)
# XML has no control characters and turns every line end into a line feed.
IN_XML = SPICY.map(lambda text: "".join(c for c in text if c >= " " or c in "\n\t").replace("\ufffe", "").replace("\uffff", ""))
Lines = list[tuple[str, str, str]]
Writer = Callable[[Path, Lines], None]


def as_csv(encoding: str, end: str, separator: str) -> Writer:
    def write(path: Path, lines: Lines) -> None:
        table = io.StringIO()
        writer = csv.writer(table, lineterminator=end, delimiter=separator, quoting=csv.QUOTE_ALL)
        writer.writerows([COLUMNS, *((f"s{i}", *line) for i, line in enumerate(lines))])
        path.write_bytes(table.getvalue().encode(encoding))

    return write


def objects(lines: Lines) -> list[dict[str, str]]:
    return [dict(zip(COLUMNS, (f"s{i}", *line), strict=True)) for i, line in enumerate(lines)]


def as_jsonl(path: Path, lines: Lines) -> None:
    path.write_text("\n".join(json.dumps(found, ensure_ascii=False) for found in objects(lines)), encoding="utf-8", newline="")


def as_json(path: Path, lines: Lines) -> None:
    path.write_bytes(json.dumps({"samples": objects(lines)}, indent=1).encode("utf-16"))


def as_xlsx(path: Path, lines: Lines) -> None:
    book = Workbook(write_only=True)
    page = book.create_sheet()
    page.append(COLUMNS)
    for i, line in enumerate(lines):
        page.append([f"s{i}", *("'" + cell if cell.startswith("=") else cell for cell in line)])
    book.save(path)


WRITERS: dict[str, Writer] = {
    "csv": as_csv("utf-8", "\n", ","),
    "excel": as_csv("utf-8-sig", "\r\n", ";"),
    "utf-16": as_csv("utf-16", "\r\n", "\t"),
    "jsonl": as_jsonl,
    "json": as_json,
}
LINES = st.lists(st.tuples(SPICY, SPICY, SPICY), min_size=1, max_size=6)


def contents(path: Path) -> list[tuple[str, str, str]]:
    dataset = freeze(path, name="x")
    ordered = sorted(dataset.samples, key=lambda s: int(s.id[1:]))
    return [(s.variables["question"], s.reference or "", s.variables["Extra, column"]) for s in ordered]


@pytest.mark.parametrize("format_name", WRITERS)
@settings(max_examples=40)
@given(lines=LINES)
def test_any_text_comes_back_from_every_format(format_name: str, lines: Lines) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "data"
        WRITERS[format_name](path, lines)
        assert contents(path) == [(q, r if r.strip() else "", e) for q, r, e in lines]


@settings(max_examples=20)
@given(lines=st.lists(st.tuples(IN_XML, IN_XML, IN_XML), min_size=1, max_size=4))
def test_any_text_comes_back_from_a_workbook(lines: Lines) -> None:
    wanted = [tuple("'" + cell if cell.startswith("=") else cell for cell in line) for line in lines]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "data"
        as_xlsx(path, lines)
        assert contents(path) == [(q, r if r.strip() else "", e) for q, r, e in wanted]


@settings(max_examples=25)
@given(lines=LINES, order=st.randoms(), named=st.booleans())
def test_the_hash_does_not_know_the_order_nor_the_format(lines: Lines, order: random.Random, named: bool) -> None:
    def table(found: list[dict[str, str]]) -> str:
        return json.dumps([f if named else {k: v for k, v in f.items() if k != "sample_id"} for f in found])

    mixed = objects(lines)
    order.shuffle(mixed)
    with TemporaryDirectory() as folder:
        one, other, stored = (Path(folder) / name for name in ("one", "other", "stored"))
        one.write_text(table(objects(lines)))
        other.write_text(table(mixed))
        first, second = freeze(one, name="x"), freeze(other, name="y")
        assert first == second
        storage.dump(first, stored)
        assert storage.load(stored) == freeze(stored, name="z") == first
        assert storage.load(stored).hash == second.hash


def test_content_that_changes_changes_the_hash(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    hashes = set()
    for line in ("a,b,c", "a,b,d", "a,e,c", "f,b,c"):
        path.write_text(f"sample_id,question,label\n{line}\n")
        hashes.add(freeze(path, name="t").hash)
    assert len(hashes) == 4


def refusal(tmp_path: Path, text: str, mapping: ColumnMapping | None = None) -> str:
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        freeze(path, name="support.csv", mapping=mapping)
    return caught.value.message


def test_double_ids_are_named_up_to_three(tmp_path: Path) -> None:
    lines = "".join(f"{key},q{i}\n" for i, key in enumerate("abcdeabcdx"))
    assert refusal(tmp_path, "sample_id,question\n" + lines) == (
        "support.csv: 4 ids appear more than once in “sample_id”: “a”, “b”, “c” and 1 more. "
        "Give every sample its own id, or remove the column."
    )
    assert "An id appears more than once in “sample_id”: “a”." in refusal(tmp_path, "sample_id,question\na,x\na,y\n")


def test_a_file_without_an_input_column_says_what_was_found(tmp_path: Path) -> None:
    assert refusal(tmp_path, "sample_id,answer_ground_truth\n1,a\n") == (
        "support.csv: No column holds an input for the prompt. The file has “sample_id”, “answer_ground_truth”; "
        "call the input column “question”."
    )


def test_a_mapping_to_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    message = refusal(tmp_path, "a,b\n1,2\n", ColumnMapping(question="c"))
    assert message == "support.csv: There is no column “c”. The file has “a”, “b”; map one of these instead."


def test_a_bad_figure_names_file_line_and_column(tmp_path: Path) -> None:
    message = refusal(tmp_path, "question,answer_source_llm,latency_source_llm\na,b,1\nc,d,soon\n")
    assert message.startswith("support.csv: Line 3 has no number in “latency_source_llm”.")


def test_guesses_and_conversions_become_findings(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("question,answer,response,latency_ms\nWhat is new?,nothing,all,830\n")
    dataset = freeze(path, name="t")
    codes = [finding.code for finding in dataset.findings]
    assert codes[:2] == ["unsure_column", "latency_converted"]
    recorded = dataset.samples[0].recorded
    assert recorded
    assert recorded.latency_s == 0.83


def test_equal_samples_without_ids_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("question,label\nhello there,a\nhello there,a\n")
    first, second = freeze(path, name="t").samples
    assert second.id == f"{first.id}-2"


PROMPT = "Answer from {context}.\nQ: {question}\nA:"


@pytest.mark.parametrize(
    ("prompts", "wanted"),
    [
        ([PROMPT, PROMPT], PROMPT),
        (["Answer from the red book.\nQ: Who is it?\nA:", "Answer from the blue book.\nQ: Why is it?\nA:"], PROMPT),
        (["One prompt", "Another prompt"], None),
        (["", ""], None),
    ],
)
def test_the_prompt_of_the_source(tmp_path: Path, prompts: list[str], wanted: str | None) -> None:
    path = tmp_path / "t.json"
    inputs = [("Who is it?", "the red book"), ("Why is it?", "the blue book")]
    path.write_text(
        json.dumps([{"question": q, "content": c, "prompt_source_llm": p} for (q, c), p in zip(inputs, prompts, strict=True)])
    )
    assert source_prompt(path) == wanted


def test_the_template_is_a_dataset(tmp_path: Path) -> None:
    path = tmp_path / template_file.FILE_NAME
    template_file.write(path)
    proposal = proposed(path, name="template.csv")
    assert proposal.unsure == ()
    assert proposal.mapping.variables == ()
    assert len(freeze(path, name="template.csv").samples) == 2
    assert source_prompt(path) == "Answer from the context.\n{context}\nQuestion: {question}"


def test_a_frozen_file_that_was_changed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    storage.dump(freeze(DEMO / "banking_intents.csv", name="b"), path)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, lines[0]]))
    with pytest.raises(InputError, match="two samples with the same id"):
        storage.load(path)
    for changed in ('{"sample": 5}', '{"sample": {"id": "a", "variables": {"question": 5}}, "split": "dev"}', "{"):
        path.write_text("\n".join([lines[0], changed]))
        with pytest.raises(InputError, match=r"Line 2 of d\.jsonl is not of a frozen dataset"):
            storage.load(path)


def test_the_demo_data_is_large_enough_and_says_the_truth() -> None:
    path = DEMO / "banking_intents.csv"
    dataset = freeze(path, name="banking_intents.csv")
    assert len(dataset.in_split(Split.TEST)) >= 48
    assert len(dataset.in_split(Split.DEV)) >= 30
    assert [finding.code for finding in dataset.findings] == ["few_samples"]
    prompt = (DEMO / "prompt.txt").read_text()
    assert source_prompt(path) == prompt
    assert not any(f"Message: {sample.variables['question']}\n" in prompt for sample in dataset.samples)
    right = sum(s.recorded is not None and s.recorded.text == s.reference for s in dataset.samples)
    readme = (DEMO / "README.md").read_text()
    assert f"{right} of the {len(dataset.samples)} answers match" in readme
    assert {s.reference for s in dataset.in_split(Split.DEV)} == {s.reference for s in dataset.in_split(Split.TEST)}
