"""A quiet tick is quiet; a drop, a slowdown and silence each raise an alert."""

import dataclasses

from pipeline.monitor import digest as monitor
from tests.pipeline.report import made


def test_nothing_changed_is_quiet() -> None:
    base = made.run("local:tiny", set(range(40)))
    result = monitor.digest(made.SAMPLES, base, base, made.CRITERIA)
    assert result.quiet
    assert (result.answered, result.changed) == (60, 0)
    assert monitor.loads(monitor.dumps(result)) == result


def test_a_significant_drop_raises_an_alert() -> None:
    base, now = made.run("local:tiny", set(range(50))), made.run("local:tiny", set(range(25)))
    result = monitor.digest(made.SAMPLES, base, now, made.CRITERIA)
    assert [a.metric for a in result.alerts] == ["exact_match"]
    assert result.changed == 25
    assert not result.quiet


def test_a_slow_or_silent_model_raises_an_alert() -> None:
    base = made.run("local:tiny", set(range(50)))
    slow = dataclasses.replace(base, outputs=tuple(dataclasses.replace(o, latency_s=9.0) for o in base.outputs))
    assert [a.metric for a in monitor.digest(made.SAMPLES, base, slow, made.CRITERIA).alerts] == ["latency"]
    silent = made.run("local:tiny", set(range(50)), failed=frozenset(range(50, 60)))
    assert "failures" in [a.metric for a in monitor.digest(made.SAMPLES, base, silent, made.CRITERIA).alerts]
