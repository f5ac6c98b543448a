"""`ferry guide` on files: what it proposes and costs, and that its criteria are what the other commands go by."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.commands.criteria import read_criteria, write_criteria
from pipeline.commands.files import read_scores
from pipeline.errors import InputError
from pipeline.records import Criteria, MetricChoice, Split
from tests.pipeline.commands.files_of_runs import dataset, right, run

CLI = CliRunner(env={"COLUMNS": "300"})
STYLE = "At most 2 words.\nSound like a bank.\nLonger answers are acceptable."


def ferry(*arguments: object) -> tuple[int, str, str]:
    done = CLI.invoke(app, [str(each) for each in arguments])
    return done.exit_code, " ".join(done.stdout.split()), " ".join(done.stderr.split())


def judge(folder: Path) -> str:
    (folder / "judge.json").write_text(json.dumps({"default": json.dumps({"reasoning": "fine", "score": 10})}), encoding="utf-8")
    return f"scripted:{folder / 'judge.json'}"


def text(folder: Path, name: str, words: str) -> Path:
    (folder / name).write_text(words, encoding="utf-8")
    return folder / name


def test_metrics_are_proposed_with_reasons_costs_and_limits_and_written_as_criteria(tmp_path: Path) -> None:
    frozen, out = dataset(tmp_path), tmp_path / "criteria.json"
    guide, rubric = text(tmp_path, "house.txt", STYLE), text(tmp_path, "tone.txt", "From 1 to 10: how polite is it?")
    code, said, problem = ferry(
        "guide", frozen, "--use-case", "classification", "--judge", judge(tmp_path), "--style-guide", guide, "--rubric", rubric,
        "-o", out,
    )  # fmt: skip
    assert (code, problem) == (0, "")
    assert "normalised_match │ decides, margin 0.05 │ 124 of 124 samples have a reference" in said
    assert "rubric:tone │ reported │ your rubric, asked of the judge │ 240 │" in said
    assert "0.00" in said
    assert 'Tests nothing, so it was left out: "Longer answers are acceptable."' in said
    assert "A margin of 5% needs about" in said
    criteria = read_criteria(out)
    assert {choice.metric for choice in criteria.metrics} >= {"rubric:tone", "rubric:house", "check:at-most-2-words"}
    assert f"criteria {criteria.hash}" in said


def test_the_criteria_are_what_score_and_compare_go_by(tmp_path: Path) -> None:
    frozen, out = dataset(tmp_path, test=40), tmp_path / "criteria.json"
    rubric = text(tmp_path, "tone.txt", "From 1 to 10: how polite is it?")
    assert (
        ferry("guide", frozen, "--use-case", "classification", "--judge", judge(tmp_path), "--rubric", rubric, "-o", out)[0] == 0
    )
    source, target = run(frozen, "source", right), run(frozen, "target", lambda i, s: "x" if i < 20 else s.reference)
    scores = tmp_path / "scores.jsonl"
    code, said, problem = ferry("score", frozen, target, "-o", scores, "--criteria", out)
    assert code == 0, problem
    found = read_scores(scores).scores
    assert {score.metric for score in found} == {choice.metric for choice in read_criteria(out).metrics}
    assert {score.value for score in found if score.metric == "rubric:tone"} == {1.0}
    code, said, _ = ferry("compare", frozen, "--source", source, "--target", target, "--criteria", out)
    assert code == 0
    assert "normalised_match: worse" in said


def test_a_check_decides_on_the_command_line(tmp_path: Path) -> None:
    frozen, out = dataset(tmp_path, test=60), tmp_path / "criteria.json"
    guide = text(tmp_path, "house.txt", "At most 2 words.")
    assert ferry("guide", frozen, "--use-case", "classification", "--style-guide", guide, "-o", out)[0] == 0
    written = json.loads(out.read_text())
    for choice in written["metrics"]:
        choice["primary"] = choice["metric"].startswith("check:")
    out.write_text(json.dumps(written))
    source, target = run(frozen, "source", right), run(frozen, "target", lambda i, s: "far too many words")
    code, said, _ = ferry("compare", frozen, "--source", source, "--target", target, "--criteria", out)
    assert code == 0
    assert "check:at-most-2-words: worse. 0.000 against 1.000" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--judge", "nonsense", "--rubric", "{tone}", "--refine"), "does not name a model"),
        (("--rubric", "{missing}"), "cannot be read"),
        (("--rubric", "{five}"), "score from 1 to 10"),
        (("--style-guide", "{empty}"), "Paste the rubric or the style guide"),
    ],
)
def test_what_cannot_be_is_a_sentence_with_the_way_out(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    text(tmp_path, "tone", "From 1 to 10: how polite is it?")
    text(tmp_path, "five", "Rate politeness on a scale of 1 to 5.")
    text(tmp_path, "empty", "")
    given = [a.replace("{", str(tmp_path) + "/").replace("}", "") for a in arguments]
    code, _, problem = ferry("guide", dataset(tmp_path), "--use-case", "chat", *given)
    assert code == 2
    assert words in problem


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("not json", "holds no criteria"),
        ('{"metrics": [{"metric": "refusal"}]}', "No metric decides"),
        ('{"metrics": [{"metric": "gone", "primary": true}]}', "no metric called gone"),
        (
            '{"metrics": [{"metric": "refusal", "primary": true}], '
            '"checks": [{"name": "a", "rule": "b", "value": "", "text": ""}]}',
            "no check called",
        ),
        ('{"metrics": [{"metric": "refusal", "primary": true, "margin": 5}]}', "margin of refusal, 5, makes no sense"),
        ('{"metrics": [{"metric": "refusal", "primary": true, "margin": -0.1}]}', "margin of refusal, -0.1, makes no sense"),
        ('{"metrics": [{"metric": "refusal", "primary": true}], "coverage_gate": 0}', "coverage gate of 0 lets"),
        ('{"metrics": [{"metric": "refusal", "primary": true}], "confidence": 1.5}', "confidence of 1.5 proves nothing"),
        ('{"metrics": [{"metric": "refusal", "primary": true}], "confidence": 0}', "confidence of 0 proves nothing"),
        ('{"metrics": [{"metric": "refusal", "primary": true}, {"metric": "refusal"}]}', "refusal is in the criteria twice"),
    ],
)
def test_a_file_that_holds_no_usable_criteria_is_refused(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_criteria(text(tmp_path, "criteria.json", content))
    with pytest.raises(InputError, match="cannot be read"):
        read_criteria(tmp_path / "none.json")


def test_criteria_come_back_from_a_file_with_the_same_hash(tmp_path: Path) -> None:
    criteria = Criteria(metrics=(MetricChoice(metric="refusal", primary=True, margin=0.05, reason="ü"),))
    write_criteria(tmp_path / "criteria.json", criteria)
    assert read_criteria(tmp_path / "criteria.json").hash == criteria.hash


def test_a_file_of_criteria_and_metrics_beside_it_are_too_much(tmp_path: Path) -> None:
    frozen, out = dataset(tmp_path), tmp_path / "criteria.json"
    write_criteria(out, Criteria(metrics=(MetricChoice(metric="refusal", primary=True),)))
    source = run(frozen, "source", right)
    code, _, problem = ferry("compare", frozen, "--source", source, "--target", source, "--criteria", out, "-m", "refusal")
    assert (code, "Leave --metric out" in problem) == (2, True)


def test_names_of_metrics_are_whole_on_a_narrow_screen_and_the_source_is_not_judged_against_itself(tmp_path: Path) -> None:
    """Four of Ragas' metrics begin alike: cut off after "ragas_answer", none could be told from another."""
    rows = [json.dumps({"id": f"r{n}", "question": f"Why {n}?", "reference": f"Because of the reason {n}, as was said before."})
            for n in range(60)]  # fmt: skip
    frozen = text(tmp_path, "rag.jsonl", "\n".join(rows) + "\n")
    narrow = CliRunner(env={"COLUMNS": "80"})
    done = narrow.invoke(app, ["guide", str(frozen), "--use-case", "rag", "--judge", judge(tmp_path)])
    assert done.exit_code == 0
    for name in ("ragas_answer_correctness", "ragas_answer_precision", "ragas_answer_recall", "ragas_answer_similarity"):
        assert name in done.stdout
    wide = CLI.invoke(app, ["guide", str(frozen), "--use-case", "rag", "--judge", judge(tmp_path)]).stdout
    calls = {line.split("│")[1].strip(): line.split("│")[4].strip() for line in wide.splitlines() if line.count("│") > 5}
    assert int(calls["judge_preference"]) * 2 == int(calls["ragas_answer_recall"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--judge", "nonsense"), "does not name a model"),
        (("--judge", "scripted:{judge}", "--embedder", "nonsense"), "names no embedder"),
        (("--refine",), "Name one with --judge"),
        (("-o", "{folder}/absent/criteria.json"), "cannot be used (No such file or directory)"),
        (("-o", "{folder}"), "cannot be used (Is a directory)"),
    ],
)
def test_what_cannot_be_asked_or_written_is_said_before_anything_is_proposed(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    judge(tmp_path)
    given = [each.format(judge=tmp_path / "judge.json", folder=tmp_path) for each in arguments]
    code, _, problem = ferry("guide", dataset(tmp_path), "--use-case", "classification", *given)
    assert code == 2
    assert words in problem


def test_two_runs_tell_how_far_scores_spread(tmp_path: Path) -> None:
    frozen = dataset(tmp_path, dev=40, test=40)
    source = run(frozen, "source", right, split=Split.DEV)
    target = run(frozen, "target", lambda i, s: "x" if i % 10 == 0 else s.reference, split=Split.DEV)
    asked = ("guide", frozen, "--use-case", "classification")
    assert "by a planning figure for the spread" in ferry(*asked)[1]
    assert "by the spread of 40 pairs at hand" in ferry(*asked, "--pilot", source, "--pilot", target)[1]
    code, _, problem = ferry(*asked, "--pilot", source)
    assert (code, "needs outputs of two runs" in problem) == (2, True)
