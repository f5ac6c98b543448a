"""Scores that files bring to a comparison: judged metrics decide, and nothing of another judge, wording or answer joins in."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.report.storage import loads
from tests.pipeline.commands.files_of_runs import dataset, right, run

CLI = CliRunner(env={"COLUMNS": "400"})
QUESTIONS = "Is it polite?\nDoes it say the intent?\n"


def ferry(*words: object) -> tuple[int, str]:
    done = CLI.invoke(app, [str(word) for word in words])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, " ".join((done.stdout + done.stderr).split())


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Runs of which the target says "unknown" to every other sample, scored by a judge that calls that no intent."""
    frozen = dataset(tmp_path, test=40)
    run(frozen, "source", right)
    run(frozen, "target", lambda i, s: s.reference if i % 2 else "unknown")
    (tmp_path / "guide.txt").write_text(QUESTIONS)
    judge(tmp_path, "judge")
    for name in ("source", "target"):
        score(tmp_path, name, "judge")
    return tmp_path


def judge(place: Path, name: str) -> None:
    def ruling(verdict: str) -> str:
        return json.dumps({"verdicts": [{"item": n, "reason": "r", "verdict": v} for n, v in ((1, "yes"), (2, verdict))]})

    script = {"matches": [["\nunknown\n", ruling("no")], ["Answer each", ruling("yes")]]}
    (place / f"{name}.json").write_text(json.dumps(script))


def score(place: Path, name: str, by: str, out: str = "") -> Path:
    path = place / f"{out or name}.scores.jsonl"
    code, said = ferry("score", place / "question.jsonl", place / f"{name}.jsonl", "-o", path, "-m", "exact_match",
                       "--judge", f"scripted:{place / by}.json", "--rubric", place / "guide.txt")  # fmt: skip
    assert code == 0, said
    return path


def files(place: Path, *more: object) -> list[object]:
    named = [place / "question.jsonl", "--source", place / "source.jsonl", "--target", place / "target.jsonl"]
    brought = [word for name in ("source", "target") for word in ("--scores", place / f"{name}.scores.jsonl")]
    return [*named, *brought, *more]


def test_compare_and_report_take_a_judge_s_scores_alike(place: Path) -> None:
    code, said = ferry("compare", *files(place), "-m", "rubric:guide")
    assert code == 0
    assert "rubric:guide: worse. 0.750 against 1.000 over 40 pairs" in said
    assert ferry("report", *files(place), "-m", "rubric:guide", "-o", place / "report")[0] == 0
    report = loads((place / "report" / "report.json").read_text())
    (found,) = report.arms[0].comparisons
    assert (found.verdict, found.difference) == ("worse", -0.25)
    assert report.criteria.judge is not None
    assert (report.criteria.judge.model, bool(report.criteria.judge.prompts_hash)) == (f"scripted:{place / 'judge'}.json", True)
    rates = {(r.criterion, r.run): r.passed for r in report.criteria_rates}
    assert rates["guide 2: Does it say the intent?", report.arms[0].label] == 20
    assert rates["guide 1: Is it polite?", report.arms[0].label] == 40


def test_errors_are_found_by_a_judge_s_scores_too(place: Path) -> None:
    code, said = ferry("errors", *files(place), "-m", "rubric:guide")
    assert (code, "20 of 40 samples fail" in said) == (0, True)


def test_a_judged_metric_without_scores_says_where_they_come_from(place: Path) -> None:
    for command in (["compare"], ["report", "-o", place / "report"], ["errors"]):
        code, said = ferry(*command, *files(place)[:5], "-m", "answer_recall")
        assert code == 2
        assert (
            "answer_recall needs a judge. Score the runs with `ferry score --judge`, then give the files with --scores." in said
        )


def test_likeness_does_not_decide_beside_a_judge(place: Path) -> None:
    for command in (["compare"], ["report", "-o", place / "report"]):
        code, said = ferry(*command, *files(place), "-m", "rouge_l")
        assert (code, "rouge_l cannot decide while there is a judge" in said) == (2, True)


def test_scores_of_two_judges_or_two_wordings_do_not_compare(place: Path) -> None:
    judge(place, "other")
    score(place, "target", "other")
    code, said = ferry("compare", *files(place), "-m", "rubric:guide")
    assert (code, "One comparison needs one judge" in said) == (2, True)
    (place / "guide.txt").write_text("Is it polite?\nIs it right?\n")
    score(place, "target", "judge")
    code, said = ferry("compare", *files(place), "-m", "rubric:guide")
    assert (code, "two wordings of the rubric" in said) == (2, True)
    score(place, "source", "judge")
    code, said = ferry("report", *files(place), "-m", "rubric:guide", "--judge", "scripted:another", "-o", place / "report")
    assert (code, "not by scripted:another" in said) == (2, True)


def test_scores_of_other_answers_of_the_same_run_are_refused(place: Path) -> None:
    (place / "target.jsonl").unlink()
    run(place / "question.jsonl", "target", right)
    for command in (["compare"], ["report", "-o", place / "report"], ["errors"]):
        code, said = ferry(*command, *files(place), "-m", "rubric:guide")
        assert (code, "are of other answers" in said) == (2, True)


@pytest.mark.parametrize(
    "line",
    ["nonsense", "{}", '{"run":1,"score":{}}',
     '{"run":{"model":"m","prompt_hash":"p","split":"x"},"score":{"sample_id":"s","metric":"m","value":1}}',
     '{"run":{"model":"m","prompt_hash":"p","split":"test"},"score":{"sample_id":"s","metric":"m","value":"high"}}', b"\xff\xfe"],
)  # fmt: skip
def test_files_that_ferry_did_not_write_are_refused_in_a_sentence(place: Path, line: str | bytes) -> None:
    (place / "odd.jsonl").write_bytes(line if isinstance(line, bytes) else line.encode())
    code, said = ferry("compare", *files(place)[:5], "--scores", place / "odd.jsonl")
    assert (code, "Line 1 of" in said, "is not one of scores that ferry wrote" in said) == (2, True, True)
    code, said = ferry("compare", place / "question.jsonl", "--source", place / "odd.jsonl", "--target", place / "target.jsonl")
    assert (code, "is not one of outputs that ferry wrote" in said) == (2, True)


def test_scores_on_another_scale_and_names_that_look_like_markup(place: Path) -> None:
    path = place / "target.scores.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        if "score" in line and line["score"]["metric"] == "rubric:guide":
            line["score"]["metric"] = "[/bold]x"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    code, said = ferry("compare", *files(place), "-m", "exact_match")
    assert (code, "[/bold]x" in said) == (0, True)
    lines[-1]["score"]["value"] = 7
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    code, said = ferry("compare", *files(place), "-m", "exact_match")
    assert (code, "scores are from 0 (worst) to 1 (best)" in said) == (2, True)


def test_a_rubric_without_a_judge_and_a_split_without_samples_are_refused(place: Path) -> None:
    frozen, out = place / "question.jsonl", place / "out.jsonl"
    code, said = ferry("score", frozen, place / "target.jsonl", "-o", out, "--rubric", place / "guide.txt")
    assert (code, "rubric:guide needs a judge" in said, out.exists()) == (2, True, False)
    (place / "small").mkdir()
    only_test = dataset(place / "small", dev=0, test=5)
    code, said = ferry("run", only_test, "--model", f"scripted:{place / 'judge'}.json", "-o", out, "--split", "dev")
    assert (code, "no samples in its dev split" in said, out.exists()) == (2, True, False)


def test_what_a_judge_failed_at_is_to_be_scored_again_not_run_again(place: Path) -> None:
    (place / "broken.json").write_text(json.dumps({"default": "I cannot say"}))
    for name in ("source", "target"):
        score(place, name, "broken")
    code, said = ferry("compare", *files(place), "-m", "rubric:guide")
    assert code == 0
    assert "rubric:guide: cannot tell. 40 of 40 samples have no rubric:guide score for the source (judge bad_json: 40)." in said
    assert "repair the cause, score the source's run again, then compare." in said
