"""How much wording an answer shares with its reference. Overlap is not truth: "fell 8 %" and "rose 8 %" overlap well."""

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from pipeline.metrics.metric import Answer, CodeMetric, Measure

if TYPE_CHECKING:
    from sacrebleu.metrics.chrf import CHRF

# One token per word; scripts written without blanks (Chinese, Japanese, Thai) one per character, since a word there has no edge.
NO_BLANKS = r"\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
TOKEN = re.compile(rf"[{NO_BLANKS}]|[^\W_{NO_BLANKS}]+")


def tokens(text: str) -> list[str]:
    """Words of `text` in lower case, without punctuation. On English text the same as rouge-score 0.1.2 without stemmer."""
    return TOKEN.findall(unicodedata.normalize("NFKC", text).lower())


def rouge_l(answer: str, reference: str) -> float:
    """F1 over the longest common subsequence of tokens, in [0, 1].

    Lin 2004, "ROUGE: A Package for Automatic Evaluation of Summaries", section 3.1 (beta = 1, one sequence per text).
    """
    from rapidfuzz.distance import LCSseq

    given, wanted = tokens(answer), tokens(reference)
    if not given or not wanted:
        return 0.0
    return 2 * LCSseq.similarity(given, wanted) / (len(given) + len(wanted))


def chrf(answer: str, reference: str) -> float:
    """Sentence chrF2 (Popović 2015, W15-3049: character 1- to 6-grams, beta 2) as sacreBLEU computes it, scaled to [0, 1]."""
    return float(min(1.0, max(0.0, _chrf().sentence_score(answer, [reference]).score / 100)))


@cache
def _chrf() -> "CHRF":
    from sacrebleu.metrics.chrf import CHRF

    return CHRF()


def _rouge_l(answer: Answer) -> Measure:
    return Measure(value=rouge_l(answer.text, answer.reference))


def _chrf_score(answer: Answer) -> Measure:
    return Measure(value=chrf(answer.text, answer.reference))


ROUGE_L_METRIC = CodeMetric(
    name="rouge_l",
    summary="words shared with the reference in the same order (F1 of the longest common subsequence)",
    measure=_rouge_l,
)
CHRF_METRIC = CodeMetric(
    name="chrf",
    summary="character sequences shared with the reference; fair to languages with many word forms",
    measure=_chrf_score,
)
