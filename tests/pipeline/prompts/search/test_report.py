"""The report of a search: three bars, the gain that is credited and the one that is not, every edit, nothing unescaped."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.decide.selection import choose
from pipeline.models.prices import Price
from pipeline.prompts.search import events, page
from pipeline.prompts.search.meter import Meter
from pipeline.prompts.search.report import SearchReport, build, look
from pipeline.prompts.search.words import caveats, headline, on_test, verdicts
from pipeline.records import Candidate, Edit, PromptVersion, Score
from tests.pipeline.prompts.search.world import CRITERIA, LESSONS, TASK, asking, probing, samples, task

DEV, TEST = samples(56, "dev"), samples(80, "test")
BEFORE = asking(DEV).prompt
EDIT = Edit(rule="gepa", reason="<script>alert(1)</script>", source="the writer", lossless=False)
TAUGHT = replace(BEFORE, user="\n".join([BEFORE.user, *LESSONS.values()]), method="gepa", edits=(EDIT,))
FIXED = replace(BEFORE, user=f"{BEFORE.user}\n{LESSONS['json']}", method="format-fixed")
PRICE = Price(ref=TASK, model="task", input=1.0, output=1.0)


async def reported(winner: PromptVersion = TAUGHT, *, looks: int = 1, silent: int = 0) -> SearchReport:
    """The first `silent` test samples have no score in any run."""
    found = [Candidate(target=TASK, prompt=prompt) for prompt in (BEFORE, FIXED, TAUGHT)]
    lost = Candidate(target=TASK, prompt=replace(BEFORE, user="no variable", method="broken"), refusal="It lost {question}.")
    late = Candidate(target=TASK, prompt=replace(BEFORE, user=BEFORE.user + "\nPlease.", method="late"))
    probe = probing(task(), Meter())
    runs = {candidate.prompt.hash: await probe(candidate.prompt, DEV) for candidate in found}
    ended = events.Ended(
        winner=winner,
        selection=choose(list(runs.values()), CRITERIA),
        why="All was tried.",
        candidates=(*found, lost, late),
        bars=tuple(candidate.prompt.hash for candidate in found[:-1]),
        runs=runs,
    )
    seen = await look(ended, winner, probe, TEST)
    gone = {sample.id for sample in TEST[:silent]}
    unscored = {role: replace(run, scores=tuple(_without(s, gone) for s in run.scores)) for role, run in seen.runs.items()}
    seen = replace(seen, runs=unscored)
    return build(ended, seen, TEST, CRITERIA, used=probe.meter.used, price=PRICE, looks=looks)


def _without(score: Score, gone: set[str]) -> Score:
    return replace(score, value=None, unscored="no answer") if score.sample_id in gone else score


async def test_the_credited_gain_is_winner_minus_format_fixed_on_test() -> None:
    report = await reported()
    bars = {bar.role: bar for bar in report.bars}
    gain = bars["winner"].test["exact_match"] - bars["format-fixed"].test["exact_match"]
    found = report.credited[0]
    assert found.difference == pytest.approx(gain)
    assert gain < bars["winner"].test["exact_match"] - bars["as is"].test["exact_match"]
    assert found.interval is not None
    assert f"{gain:+.3f} in exact_match (interval {found.interval.low:+.3f} to {found.interval.high:+.3f})" in headline(report)
    assert report.dev_gain is not None
    assert report.dev_gain != pytest.approx(gain)
    assert any(f"Dev showed {report.dev_gain:+.3f}" in sentence for sentence in caveats(report))


async def test_verdicts_stand_against_every_bar() -> None:
    report = await reported()
    starts = [sentence.partition(":")[0] for sentence in verdicts(report)]
    assert starts == ["exact_match against as is", "exact_match against format-fixed"]
    held = replace(report, against="source")
    assert [sentence.partition(":")[0].removeprefix("exact_match against ") for sentence in verdicts(held)] == [
        "source",
        "format-fixed",
        "as is",
    ]


async def test_bars_say_what_a_call_takes() -> None:
    before, _, winner = (await reported()).bars
    assert winner.characters > before.characters
    assert before.tokens is not None
    assert before.usd_per_1000 == pytest.approx(before.tokens / 1000)


async def test_every_candidate_is_there_with_what_became_of_it() -> None:
    tried = {one.method: (one.became, one.reason) for one in (await reported()).tried}
    assert tried["gepa"][0] == "chosen"
    assert tried["broken"] == ("refused", "It lost {question}.")
    assert tried["late"] == ("not measured", "The budget did not reach for it.")
    assert tried["as is"] == ("measured", "")


async def test_a_bar_that_wins_is_credited_with_nothing() -> None:
    said = headline(await reported(BEFORE))
    assert said == "No other prompt beat as is and format-fixed on dev, so nothing is credited to the search."


async def test_a_cell_without_a_score_is_no_zero() -> None:
    """The look of a target that answered 70 of 80 samples."""
    report = await reported(silent=10)
    bar = report.bars[0]
    assert bar.unscored == {"exact_match": 10}
    whole = (await reported()).bars[0].test["exact_match"]
    assert bar.test["exact_match"] == pytest.approx(whole, abs=0.1)
    assert bar.test["exact_match"] * 70 == pytest.approx(round(bar.test["exact_match"] * 70))
    assert on_test(bar, "exact_match", 80) == f"{bar.test['exact_match']:.3f} (70 of 80 scored)"
    assert on_test(bar, "other", 80) == "none"


async def test_a_second_look_is_told() -> None:
    assert any("Test was looked at 2 times" in sentence for sentence in caveats(await reported(looks=2)))


async def test_the_page_escapes_what_models_wrote_and_needs_nothing_else(tmp_path: Path) -> None:
    report = await reported()
    page.write(report, tmp_path / "search.html")
    text = (tmp_path / "search.html").read_text()
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "://" not in text.replace("scripted://", "")
    assert text.count('class="added"') == len(LESSONS)
    assert "looked at once" in text
