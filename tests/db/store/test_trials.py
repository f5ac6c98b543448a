"""Trials of people's own criteria: asked once for each plan, and tried again where it has to be."""

from dataclasses import replace

from db import Store
from db.records import Trial
from pipeline.records import Score, Spent
from tests.db.facts import opened


async def test_a_trial_is_kept_with_its_scores_as_they_were(store: Store) -> None:
    migration = await opened(store)
    asked = Trial(id="t1", migration_id=migration.id, number=1, metric="rubric:tone")
    assert await store.trials.add(asked) == asked
    scores = (
        Score(sample_id="s1", metric="rubric:tone", value=0.7, reason="curt \x00 🙂", spent=Spent(calls=1, input_tokens=9)),
        Score(sample_id="s2", metric="rubric:tone", value=None, unscored="judge bad_json: no JSON"),
    )
    await store.trials.finish("t1", ())
    await store.trials.finish("t1", scores)
    assert await store.trials.add(asked) == replace(asked, scores=scores)
    other = replace(asked, id="t2", number=2)
    await store.trials.add(other)
    assert await store.trials.of(migration.id, 1) == (replace(asked, scores=scores),)
    assert await store.trials.of(migration.id, 2) == (other,)
