"""`ferry report` and `ferry recompute` on files: scores brought along, prices, dev runs; a changed report is found out."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.commands.files import read_run, write_scores
from pipeline.hashing import canonical_json, content_hash
from pipeline.records import Score, Spent, Split
from pipeline.report.records import Report
from pipeline.report.storage import loads
from tests.pipeline.commands.files_of_runs import dataset, right, run

CLI = CliRunner(env={"COLUMNS": "400"})


def ferry(*words: object) -> tuple[int, str]:
    done = CLI.invoke(app, [str(word) for word in words])
    return done.exit_code, " ".join((done.stdout + done.stderr).split())


@pytest.fixture
def place(tmp_path: Path) -> Path:
    frozen = dataset(tmp_path, dev=6, test=40)
    run(frozen, "source", right)
    run(frozen, "target", lambda i, s: s.reference if i else "unknown")
    return tmp_path


def made(place: Path, *more: object) -> Report:
    out = place / "report"
    code, said = ferry("report", place / "question.jsonl", "--source", place / "source.jsonl", "--target", place / "target.jsonl",
                       "-o", out, *more)  # fmt: skip
    assert code == 0, said
    return loads((out / "report.json").read_text())


def judged(place: Path, name: str) -> Path:
    """A judge's scores of the run, in the form `ferry score` writes."""
    found = read_run(place / f"{name}.jsonl")
    spent = Spent(calls=1, input_tokens=500, output_tokens=40)
    values = ((output.sample_id, n % 3 / 2) for n, output in enumerate(found.outputs))
    scores = [Score(sample_id=i, metric="answer_recall", value=value, spent=spent) for i, value in values]
    path = place / f"{name}.scores.jsonl"
    write_scores(path, found.key, scores)
    return path


def test_scores_of_judged_metrics_join_the_code_metrics_and_decide_when_named(place: Path) -> None:
    scores = [word for name in ("source", "target") for word in ("--scores", judged(place, name))]
    beside = made(place, *scores, "-m", "exact_match")
    assert [(c.metric, c.primary) for c in beside.criteria.metrics] == [("exact_match", True), ("answer_recall", False)]
    report = made(place, *scores, "-m", "answer_recall", "--margin", "0.2", "--judge", "bedrock:amazon.nova-pro-v1:0")
    assert [(c.metric, c.primary, c.margin) for c in report.criteria.metrics] == [("answer_recall", True, 0.2)]
    assert [j.validated for j in report.judges] == [False]
    (cost,) = report.evaluation
    assert (cost.calls, cost.judge) == (80, "bedrock:amazon.nova-pro-v1:0")
    assert cost.usd is not None
    assert cost.usd > 0


def test_scores_of_a_run_that_is_not_in_the_report_are_refused(place: Path) -> None:
    run(place / "question.jsonl", "other", right)
    code, said = ferry("report", place / "question.jsonl", "--source", place / "source.jsonl", "--target", place / "target.jsonl",
                       "-o", place / "report", "--scores", judged(place, "other"))  # fmt: skip
    assert code == 2
    assert "scripted:other" in said


def test_prices_monthly_calls_and_dev_runs_are_taken(place: Path) -> None:
    prices = place / "prices.json"
    prices.write_text(json.dumps({"scripted:source": {"input": 1, "output": 2}}))
    tried = run(place / "question.jsonl", "tried", right, split=Split.DEV)
    report = made(place, "--prices", prices, "--monthly-calls", 5000, "--dev", tried, "-m", "exact_match")
    assert report.prices["scripted:source"].output == 2
    assert report.monthly_calls == 5000
    (choice,) = report.dev
    assert (choice.label, choice.mean, len(choice.scores["exact_match"])) == ("tried", 1.0, 6)
    assert made(place).dev == ()
    code, said = ferry("report", place / "question.jsonl", "--source", place / "source.jsonl", "--target", place / "target.jsonl",
                       "-o", place / "report", "--dev", place / "target.jsonl")  # fmt: skip
    assert (code, "not a run on dev" in said) == (2, True)


def test_a_report_is_recomputed_and_a_changed_one_ends_with_code_one(place: Path) -> None:
    report = made(place)
    path = place / "report" / "report.json"
    code, said = ferry("recompute", path, "--hash", report.hash[:12])
    assert (code, "figures follow from the stored cells" in said) == (0, True)
    whole = json.loads(path.read_text())
    whole["report"]["arms"][0]["comparisons"][0]["difference"] = 0.25
    path.write_text(canonical_json(whole))
    code, said = ferry("recompute", path)
    assert code == 1
    assert ".difference says 0.25; from the cells it is -0.025" in said
    assert "was changed after it was written" in said
    whole["hash"] = content_hash(whole["report"])
    path.write_text(canonical_json(whole))
    code, said = ferry("recompute", path, "--hash", report.hash)
    assert code == 1
    assert "not the report that was signed" in said


def test_what_is_no_report_or_an_old_one_is_refused_in_a_sentence(place: Path) -> None:
    path = place / "some.json"
    for text, words in (("{}", "not a Ferry report"), ('{"format":"ferry-report-1","hash":"x","report":{}}', "earlier Ferry"),
                        ('{"format":"ferry-report-2","hash":"x","report":{}}', "not a Ferry report")):  # fmt: skip
        path.write_text(text)
        code, said = ferry("recompute", path)
        assert (code, words in said) == (2, True)
    assert ferry("recompute", place / "absent.json")[0] == 2


def test_each_run_is_shown_with_the_prompt_and_parameters_it_was_made_with(place: Path) -> None:
    """The outputs say it themselves: a prompt named beside them could be another one."""
    frozen, script = place / "question.jsonl", place / "script.json"
    script.write_text(json.dumps({"default": "card_lost"}))
    for name, words, tokens in (("plain", "Intent of {question}", 300), ("better", "What is the intent of {question}?", 40)):
        (place / f"{name}.txt").write_text(words)
        asked = ("--prompt", place / f"{name}.txt", "--max-tokens", tokens)
        assert ferry("run", frozen, "--model", f"scripted:{script}", "-o", place / f"{name}.out", *asked)[0] == 0
    runs = ("--source", place / "plain.out", "--target", place / "better.out", "--target", place / "plain.out")
    out = place / "asked"
    assert ferry("report", frozen, *runs, "-o", out)[0] == 0
    report = loads((out / "report.json").read_text())
    model = f"scripted:{script}"
    plain, better = ("Intent of {question}", "as is"), ("What is the intent of {question}?", "better")
    prompts = {label: (prompt.user, prompt.method) for label, prompt in report.prompts.items()}
    assert prompts == {"source": plain, f"{model} (better) · winner": better, f"{model} (plain) · winner": plain}
    assert {arm.prompt_hash for arm in report.arms} == {run.key.prompt_hash for run in report.evidence.runs}
    assert {p.config for p in report.leaderboard} == {"max 300 tokens, temperature 0", "max 40 tokens, temperature 0"}
    wrong = ("--prompt", place / "plain.txt", "--prompt", place / "plain.txt")
    code, said = ferry("report", frozen, *runs, "-o", out, *wrong)
    assert (code, "was made with another prompt than the one given" in said) == (2, True)
