"""What a turn did to length, time and cost stands beside its effect, as far as every answer carries it."""

from dataclasses import replace

from agent.worker.proposing import _beside
from pipeline.decide.latency import latency
from pipeline.prompts.rounds import Outcome
from pipeline.records import Output

SLOW, FAST = ([Output(sample_id=f"s{n}", text="x", latency_s=seconds) for n in range(3)] for seconds in (1.2, 0.5))
KNOWN = Outcome(
    effects=(), regressions=(), tokens_before=41.0, tokens_after=12.5, latency_before=latency(SLOW), latency_after=latency(FAST),
    usd_before=0.2, usd_after=0.05, keep=True, sentence="Keep.",
)  # fmt: skip


def test_what_is_known_is_told_and_what_is_not_left_out() -> None:
    assert list(_beside(KNOWN)) == [
        "Output tokens an answer: 41.0 before, 12.5 after.",
        "Latency in the median: 1.20 s before, 0.50 s after.",
        "1,000 calls: 0.2000 USD before, 0.0500 after.",
    ]
    assert list(_beside(replace(KNOWN, tokens_after=None, latency_before=latency([]), usd_before=None))) == []
