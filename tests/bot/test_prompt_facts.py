"""Figures of candidates: the interval fits the kind of score, and what is not known is not made up."""

from bot.prompt_facts import interval_of, state_of
from db.records import Turn
from pipeline.decide.selection import Standing
from pipeline.decide.statistics import wilson


def standing(*values: float) -> Standing:
    scores = {"exact_match": {f"s{n}": value for n, value in enumerate(values)}}
    return Standing(label="as is", prompt_hash="h", n=len(values), missing=0, mean=None, tokens=None, scores=scores)


def test_yes_and_no_have_wilsons_interval_which_stays_between_0_and_1() -> None:
    found = interval_of(standing(1.0, 1.0, 1.0, 1.0))
    assert found == wilson(4, 4)
    assert found.high == 1.0


def test_scores_in_between_have_the_interval_of_their_mean() -> None:
    found = interval_of(standing(0.2, 0.4, 0.6, 0.8))
    assert found
    assert found.low < 0.5 < found.high


def test_a_single_score_in_between_has_none() -> None:
    assert interval_of(standing(0.4)) is None
    assert interval_of(standing()) is None


def test_a_turn_waits_is_refused_measured_then_kept_or_reverted() -> None:
    def turn(**changes: object) -> Turn:
        given: dict[str, object] = {
            "id": "t1", "migration_id": "m1", "number": 1, "turn": 1, "target": "local:a", "position": 0, "technique": "few-shot",
            "group": "", "sentence": "", "proposal": "{}", "sample_ids": (), "parent": "h",
        }  # fmt: skip
        return Turn(**{**given, **changes})  # type: ignore[arg-type]

    states = [turn(), turn(refusal="No."), turn(effects=()), turn(effects=(), kept=True), turn(effects=(), kept=False)]
    assert [state_of(each) for each in states] == ["waiting", "refused", "measured", "kept", "reverted"]
